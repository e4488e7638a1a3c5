"""Edits, deletions and reactions: what happens to messages that are there already."""

from typing import Any

from bot.channels.web import conversations, keyboards, messages
from bot.channels.web.conversations import Conversation
from bot.channels.web.messages import Message
from bot.channels.web.methods import texts
from bot.channels.web.methods.copies import CAPTIONED
from bot.channels.web.methods.sending import addressed, caption, moment, reachable, shown_text
from bot.channels.web.refusal import refused
from bot.channels.web.rules import DELETABLE
from bot.channels.web.shared import Call

UNCHANGED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
MOST = 100  # messages deleted with one call


async def _edited(call: Call, changes: dict[str, Any], drop: tuple[str, ...], *, need: tuple[str, ...] = ()) -> Any:
    """Change the message the call names; the new message.  Raises Refused before anything is written.

    `drop` goes away unless `changes` brings it again; `need` is what the message must have, one of it.
    """
    markup = keyboards.read(call.parameters)
    conversation = await reachable(call)
    message = await _found(call, conversation, "edit")
    body = message.body or {}
    if message.mine:
        raise refused("message can't be edited")
    if need and not any(name in body for name in need):
        raise refused(f"there is no {'text' if need == ('text',) else 'caption'} in the message to edit")
    changed = {name: value for name, value in body.items() if name not in (*drop, "reply_markup")} | changes
    if markup.inline:
        changed["reply_markup"] = markup.inline
    if changed == body:
        raise refused(UNCHANGED)
    changed["edit_date"] = moment()
    written = await messages.change(call.connection, conversation, message, changed)
    await conversations.keep(call.connection, conversation, said=True)
    call.rings.append(conversation.key)
    return written.shown(call.bot, conversation)


async def _found(call: Call, conversation: Conversation, verb: str) -> Message:
    message_id = call.parameters.integer("message_id")
    if message_id == 0:
        raise refused("message identifier is not specified")
    found = await messages.find(call.connection, conversation, message_id)
    if found is None:
        raise refused(f"message to {verb} not found")
    return found


async def edit_message_text(call: Call) -> dict[str, Any]:
    changes = shown_text(texts.read(call.parameters))
    return dict(await _edited(call, changes, ("text", "entities"), need=("text",)))


async def edit_message_caption(call: Call) -> dict[str, Any]:
    changes = caption(call.parameters)
    return dict(await _edited(call, changes, ("caption", "caption_entities"), need=CAPTIONED))


async def edit_message_reply_markup(call: Call) -> dict[str, Any]:
    return dict(await _edited(call, {}, ()))


async def delete_message(call: Call) -> bool:
    conversation = await addressed(call)
    message = await _found(call, conversation, "delete")
    if moment() - (message.body or {})["date"] > DELETABLE.total_seconds():
        raise refused("message can't be deleted for everyone")
    await _delete(call, conversation, [message])
    return True


async def delete_messages(call: Call) -> bool:
    """What cannot be found is skipped."""
    numbers = call.parameters.nested("message_ids")
    if not isinstance(numbers, list) or not numbers:
        raise refused("message identifiers are not specified")
    if len(numbers) > MOST:
        raise refused("too many message identifiers specified")
    conversation = await addressed(call)
    found = [
        await messages.find(call.connection, conversation, number)
        for number in numbers
        if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 2**63
    ]
    await _delete(call, conversation, [each for each in found if each is not None])
    return True


async def _delete(call: Call, conversation: Conversation, gone: list[Message]) -> None:
    for message in gone:
        await messages.change(call.connection, conversation, message, None)
    await conversations.keep(call.connection, conversation)
    call.rings.append(conversation.key)


async def set_message_reaction(call: Call) -> bool:
    """One emoji at most, as bots without Premium may."""
    reactions = call.parameters.nested("reaction") or []
    if not isinstance(reactions, list) or not all(isinstance(each, dict) for each in reactions):
        raise refused("can't parse reaction types JSON object")
    if len(reactions) > 1:
        raise refused("REACTIONS_TOO_MANY")
    emoji = [each.get("emoji") for each in reactions]
    if not all(isinstance(each, str) and 0 < len(each) <= 8 for each in emoji):
        raise refused("REACTION_INVALID")
    conversation = await reachable(call)
    message = await _found(call, conversation, "react")
    body = {name: value for name, value in (message.body or {}).items() if name != "reaction"}
    await messages.change(call.connection, conversation, message, body | ({"reaction": emoji[0]} if emoji else {}))
    await conversations.keep(call.connection, conversation)
    call.rings.append(conversation.key)
    return True


async def pin_chat_message(call: Call) -> bool:
    """Accepted for a message that is there; the page shows no pins."""
    await _found(call, await reachable(call), "pin")
    return True


METHODS = {
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "setMessageReaction": set_message_reaction,
    "pinChatMessage": pin_chat_message,
}
