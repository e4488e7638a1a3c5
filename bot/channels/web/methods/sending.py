"""What all sends have in common: the chat they go to, the message they answer, the keyboard they bring."""

import re
from typing import Any

from bot.channels.web import conversations, keyboards, messages
from bot.channels.web.conversations import Conversation
from bot.channels.web.keyboards import Keyboards
from bot.channels.web.markup import Formatted, formatted
from bot.channels.web.markup.marks import units
from bot.channels.web.messages import Message
from bot.channels.web.parameters import Parameters
from bot.channels.web.refusal import refused
from bot.channels.web.rules import CAPTION
from bot.channels.web.shared import Call
from bot.channels.web.wakeups import HEARD
from bot.store.base import now

CHAT_ID = re.compile(r"-?[0-9]{1,18}")


async def addressed(call: Call, name: str = "chat_id", *, lock: bool = True) -> Conversation:
    """The conversation a call names.  Raises Refused when there is none.

    `lock=False` for one that is only read: two calls that copy to and fro must not wait for each other.
    """
    chat_id = call.parameters.text(name).strip()
    if not chat_id:
        raise refused(f"{name} is empty")
    if not CHAT_ID.fullmatch(chat_id):
        raise refused("chat not found")
    person_id = int(chat_id)
    found = await conversations.find(call.connection, call.bot, person_id, lock=lock)
    if found is None and person_id in call.shared.workers:
        profile = {"first_name": call.shared.workers[person_id], "language_code": "zh-hans"}
        found = await conversations.begin(call.connection, call.bot, person_id, profile)
    if found is None:
        raise refused("chat not found")
    return found


async def reachable(call: Call, name: str = "chat_id") -> Conversation:
    """The conversation a call names, when its person wants to hear from the bot.  Raises Refused."""
    found = await addressed(call, name)
    if found.deleted_at is not None:
        raise refused("user is deactivated", 403)
    if found.blocked_at is not None:
        raise refused("bot was blocked by the user", 403)
    return found


async def send(call: Call, *bodies: dict[str, Any]) -> list[dict[str, Any]]:
    """Put messages into the conversation the call names; the messages as the Bot API shows them.

    Raises Refused before anything is written.
    """
    markup = keyboards.read(call.parameters)
    conversation = await reachable(call)
    return await deliver(call, conversation, list(bodies), markup)


async def deliver(
    call: Call, conversation: Conversation, bodies: list[dict[str, Any]], markup: Keyboards
) -> list[dict[str, Any]]:
    """Put messages into a conversation that is locked."""
    replied = await _replied(call, conversation)
    marks = {"has_protected_content": True} if call.parameters.boolean("protect_content") else {}
    inline = {"reply_markup": markup.inline} if markup.inline else {}
    whole = [body | replied | marks | inline for body in bodies]
    added = await messages.add(call.connection, conversation, whole)
    await conversations.keep(
        call.connection, conversation, said=True, **_keyboard(conversation, markup, added[-1].message_id)
    )
    call.rings += (conversation.key, (HEARD, conversation.person_id))
    return [each.shown(call.bot, conversation) for each in added]


def _keyboard(conversation: Conversation, markup: Keyboards, message_id: int) -> dict[str, Any]:
    if markup.reply is None:
        return {}
    conversation.keyboard = {**markup.reply, "message_id": message_id} if markup.reply else None
    return {"keyboard": conversation.keyboard}


async def _replied(call: Call, conversation: Conversation) -> dict[str, Any]:
    """The message this one answers, if any.  Raises Refused."""
    reply = call.parameters.nested("reply_parameters")
    if isinstance(reply, dict):
        given = Parameters(reply)
        message_id, lenient = given.integer("message_id"), given.boolean("allow_sending_without_reply")
    else:
        message_id = call.parameters.integer("reply_to_message_id")
        lenient = call.parameters.boolean("allow_sending_without_reply")
    if message_id <= 0:
        return {}
    found = await messages.find(call.connection, conversation, message_id)
    if found is not None:
        return {"reply_to_message": quoted(call, conversation, found)}
    if lenient:
        return {}
    raise refused("message to be replied not found")


def quoted(call: Call, conversation: Conversation, message: Message) -> dict[str, Any]:
    """A message inside another one: without what it answers itself."""
    shown = message.shown(call.bot, conversation)
    shown.pop("reply_to_message", None)
    return shown


def caption(parameters: Parameters) -> dict[str, Any]:
    """The caption, where there is one.  Raises Refused."""
    text = formatted(parameters, "caption", given="caption_entities")
    if units(text.text) > CAPTION:
        raise refused("message caption is too long")
    return shown_text(text, "caption", "caption_entities")


def shown_text(text: Formatted, name: str = "text", entities: str = "entities") -> dict[str, Any]:
    body: dict[str, Any] = {name: text.text} if text.text else {}
    return body | {entities: text.entities} if text.entities else body


def moment() -> int:
    """Now, as the Bot API writes it."""
    return int(now().timestamp())
