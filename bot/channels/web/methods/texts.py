"""sendMessage, and "typing"."""

from typing import Any

from bot.channels.web import conversations
from bot.channels.web.markup import Formatted, formatted
from bot.channels.web.markup.marks import units
from bot.channels.web.methods.sending import reachable, send, shown_text
from bot.channels.web.parameters import Parameters
from bot.channels.web.refusal import refused
from bot.channels.web.rules import ACTION, TEXT
from bot.channels.web.shared import Call
from bot.store.base import now

ACTIONS = frozenset(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker "
    "find_location record_video_note upload_video_note".split()
)


def read(parameters: Parameters) -> Formatted:
    """The call's text.  Raises Refused."""
    text = formatted(parameters, "text")
    if not text.text:
        raise refused("message text is empty")
    if units(text.text) > TEXT:
        raise refused("message is too long")
    return text


async def send_message(call: Call) -> dict[str, Any]:
    body = shown_text(read(call.parameters))
    preview = call.parameters.nested("link_preview_options")
    if isinstance(preview, dict) and preview.get("is_disabled"):
        body["link_preview_options"] = {"is_disabled": True}
    return (await send(call, body))[0]


async def send_chat_action(call: Call) -> bool:
    """Shows for five seconds, or until the bot sends something."""
    action = call.parameters.text("action").lower()
    if action not in ACTIONS:
        raise refused("wrong parameter action in request")
    conversation = await reachable(call)
    conversation.next_event()
    await conversations.keep(call.connection, conversation, action=action, action_until=now() + ACTION)
    call.rings.append(conversation.key)
    return True


METHODS = {"sendMessage": send_message, "sendChatAction": send_chat_action}
