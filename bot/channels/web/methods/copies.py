"""copyMessage and forwardMessage."""

from typing import Any

from bot.channels.web import files, keyboards, messages
from bot.channels.web.keyboards import NOTHING, Keyboards
from bot.channels.web.messages import OWN, Message
from bot.channels.web.methods.sending import addressed, caption, deliver, reachable
from bot.channels.web.refusal import refused
from bot.channels.web.shared import Call

PERSONAL = (*OWN, "reply_to_message", "reply_markup", "edit_date", "date", "media_group_id", "forward_origin")
CAPTIONED = ("photo", "document", "voice")


async def _original(call: Call, verb: str) -> tuple[Message, dict[str, Any]]:
    """The message a call names, and its sender.  Raises Refused."""
    source = await addressed(call, "from_chat_id", lock=False)
    message_id = call.parameters.integer("message_id")
    found = await messages.find(call.connection, source, message_id)
    if found is None:
        raise refused(f"message to {verb} not found")
    return found, source.user if found.mine else call.bot.user


def _content(message: Message) -> dict[str, Any]:
    return {name: value for name, value in (message.body or {}).items() if name not in PERSONAL}


async def _deliver(call: Call, body: dict[str, Any], markup: Keyboards) -> dict[str, Any]:
    """Send what another message carries; its files then belong to more than one conversation."""
    conversation = await reachable(call)
    parts = [*body.get("photo", []), *(body[kind] for kind in ("document", "voice") if kind in body)]
    for part in parts:
        if (file := await files.by_id(call.connection, part["file_id"])) is not None:
            await files.share(call.connection, file, conversation.id)
    return (await deliver(call, conversation, [body], markup))[0]


async def copy_message(call: Call) -> dict[str, Any]:
    markup = keyboards.read(call.parameters)
    text = caption(call.parameters)
    original, _ = await _original(call, "copy")
    body = _content(original)
    if "caption" in call.parameters and any(kind in body for kind in CAPTIONED):
        body.pop("caption", None)
        body.pop("caption_entities", None)
        body |= text
    return {"message_id": (await _deliver(call, body, markup))["message_id"]}


async def forward_message(call: Call) -> dict[str, Any]:
    original, sender = await _original(call, "forward")
    origin = {"type": "user", "sender_user": sender, "date": (original.body or {})["date"]}
    body = _content(original) | {"forward_origin": origin}
    return await _deliver(call, body, NOTHING)


METHODS = {"copyMessage": copy_message, "forwardMessage": forward_message}
