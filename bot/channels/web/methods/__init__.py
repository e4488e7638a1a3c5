"""The Bot API's methods, by lower-case name: each runs in one transaction and returns a result or raises Refused."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.channels.web.methods import albums, chats, copies, editing, hooks, media, places, presses, profile, texts
from bot.channels.web.refusal import refused
from bot.channels.web.shared import Call

Method = Callable[[Call], Awaitable[Any]]


async def elsewhere(call: Call) -> Any:
    """logOut and close move a bot between servers; there is only this one."""
    raise refused("there is no other Bot API server to move to")


METHODS: dict[str, Method] = {
    name.lower(): method
    for module in (albums, chats, copies, editing, hooks, media, places, presses, profile, texts)
    for name, method in module.METHODS.items()
} | {"logout": elsewhere, "close": elsewhere}
