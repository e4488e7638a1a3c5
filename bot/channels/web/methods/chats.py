"""getChat and getChatMember."""

from typing import Any

from bot.channels.web.methods.sending import addressed
from bot.channels.web.refusal import refused
from bot.channels.web.shared import Call

NO_GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
)


async def get_chat(call: Call) -> dict[str, Any]:
    conversation = await addressed(call, lock=False)
    fixed = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": NO_GIFTS}
    return conversation.chat | fixed


async def get_chat_member(call: Call) -> dict[str, Any]:
    conversation = await addressed(call, lock=False)
    user_id = call.parameters.integer("user_id")
    if user_id == conversation.person_id:
        return {"status": "member", "user": conversation.user}
    if user_id == call.bot.number:
        return {"status": "member", "user": call.bot.user}
    raise refused("user not found")


METHODS = {"getChat": get_chat, "getChatMember": get_chat_member}
