"""The long poll of the page: what happened after an event, as soon as it does."""

import random
import time
from contextlib import nullcontext
from typing import Any

from aiohttp import web

from bot.channels.web.bots import Bot
from bot.channels.web.people import Unwelcome
from bot.channels.web.rules import LONGEST_POLL
from bot.channels.web.shared import Shared
from bot.channels.web.views import ChatState, Views
from bot.channels.web.wakeups import CONVERSATION, READING
from bot.doors.waiting import AGAIN, PLACES, NoPlace

WAIT = 25.0  # seconds an idle page's question stays open; proxies cut connections at 30 or 60
SPREAD = 0.2  # the part of it by which pages differ, so that those who came together do not come again together


async def since(
    shared: Shared, views: Views, request: web.Request, bot: Bot, person: int, state: ChatState, after: int
) -> dict[str, Any]:
    """Whoever waited for nothing is answered from what is known: thousands whose time is up ask the database nothing.

    Raises Unwelcome where nobody else may wait.
    """
    if state.last_event > after:
        return await views.since(state, person, after)
    try:
        with request.config_dict[PLACES].taken(request):
            return await _wait(shared, views, request, bot, person, state, after)
    except NoPlace as full:
        raise Unwelcome("busy", full.status, seconds=AGAIN) from None


async def _wait(
    shared: Shared, views: Views, request: web.Request, bot: Bot, person: int, state: ChatState, after: int
) -> dict[str, Any]:
    until, wakeups = time.monotonic() + min(WAIT, LONGEST_POLL) * random.uniform(1 - SPREAD, 1), shared.wakeups
    key, reading = (CONVERSATION, state.id), (READING, state.id)
    with (
        wakeups.listen(key, seen=after) as listener,
        nullcontext() if "hidden" in request.query else wakeups.listen(reading, seen=after),
    ):
        while not wakeups.closed and request.transport is not None and not request.transport.is_closing():
            # Listening began before this look: what is written in between is not missed.
            state = await views.state(bot, person) or state
            if state.last_event > after:
                return await views.since(state, person, after)
            if not await listener.wait(until - time.monotonic()):
                break
    await request.config_dict[PLACES].turn()  # The time of thousands is up at once.
    return state.quiet
