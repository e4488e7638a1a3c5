"""getUpdates: the long poll.  A newer one wins, in whatever process; what is not confirmed comes again.

Source: tdlib/telegram-bot-api, Client.cpp, process_get_updates_query, do_get_updates and fail_query_conflict.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web import bots
from bot.channels.web.bots import Bot
from bot.channels.web.methods.hooks import wanted
from bot.channels.web.parameters import Parameters
from bot.channels.web.refusal import ApiRefusal, refused
from bot.channels.web.rows import UPDATES
from bot.channels.web.rules import LONGEST_POLL
from bot.channels.web.shared import Shared
from bot.channels.web.wakeups import BOT, QUIET, Listener
from bot.store.base import now

HOOKED = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
TAKEN_OVER = "terminated by other getUpdates request; make sure that only one bot instance is running"
BY_WEBHOOK = "terminated by setWebhook request"
FARTHEST = 2**52  # what an offset may be
SHORT = 3  # seconds; a shorter poll with the same offset is held
MARK = 52  # bits that tell one poll from another

_BEHIND = delete(UPDATES).where(UPDATES.c.bot_id == bindparam("bot"), UPDATES.c.update_id < bindparam("first"))
_NEXT = (
    select(UPDATES.c.update_id, UPDATES.c.body)
    .where(UPDATES.c.bot_id == bindparam("bot"), UPDATES.c.update_id >= bindparam("first"))
    .where(UPDATES.c.expires_at > bindparam("at"))
    .order_by(UPDATES.c.update_id)
    .limit(bindparam("most"))
)
_OLDEST = select(func.min(UPDATES.c.update_id)).where(UPDATES.c.bot_id == bindparam("bot"))


@dataclass(slots=True)
class _Asked:
    """What one bot asked last."""

    offset: int = -(2**63)
    at: float = 0.0  # monotonic seconds
    conflict_at: float = 0.0  # when the next 409 may be answered at once


class Polling:
    """The long polls of this process."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._asked: dict[int, _Asked] = {}

    async def get_updates(self, bot: Bot, parameters: Parameters, gone: Callable[[], bool]) -> list[dict[str, Any]]:
        """Updates from an offset on; those before it are confirmed.  `gone` says that nobody listens any more.

        Raises Refused.
        """
        asked = self._asked.setdefault(bot.id, _Asked())
        offset = parameters.integer("offset", least=-FARTHEST, most=FARTHEST)
        limit = parameters.integer("limit", 100, least=1, most=100)
        timeout = float(parameters.integer("timeout", 0, least=0, most=LONGEST_POLL))
        if offset == asked.offset and timeout < SHORT and time.monotonic() < asked.at + self.shared.clocks.conflict:
            timeout = self.shared.clocks.conflict
        asked.offset, asked.at = offset, time.monotonic()
        try:
            return await self._poll(bot, parameters, offset, limit, timeout, gone)
        except ApiRefusal as error:
            if error.code == 409:
                await self._hold_back(asked)
            raise

    async def _hold_back(self, asked: _Asked) -> None:
        """Answer a repeated conflict late, so that two pollers do not spin."""
        at, pause = time.monotonic(), self.shared.clocks.conflict
        if at < asked.conflict_at:
            await asyncio.sleep(pause)
        else:
            asked.conflict_at = at + pause

    async def _poll(
        self, bot: Bot, parameters: Parameters, offset: int, limit: int, seconds: float, gone: Callable[[], bool]
    ) -> list[dict[str, Any]]:
        row = await bots.row(self.shared.db, bot)
        if row.webhook is not None:
            raise refused(HOOKED, 409)
        first = await self._confirm(bot, parameters, offset, row.allowed_updates)
        # Listening begins before the look: what is written in between is not missed.
        with self.shared.wakeups.listen((BOT, bot.id), seen=first - 1, mark=secrets.randbits(MARK)) as listener:
            if found := await self._found(bot, first, limit):
                return found
            if seconds <= 0:
                return []
            await self._take_over(bot, listener)
            return await self._wait(bot, listener, first, limit, time.monotonic() + seconds, gone)

    async def _wait(
        self, bot: Bot, listener: Listener, first: int, limit: int, until: float, gone: Callable[[], bool]
    ) -> list[dict[str, Any]]:
        while not self.shared.wakeups.closed and not gone():
            left = until - time.monotonic()
            if left <= 0:
                break
            if not await listener.wait(min(left, self.shared.clocks.look)):
                continue
            await self._check(bot, listener)
            if found := await self._found(bot, first, limit):
                return found
        return []

    async def _confirm(self, bot: Bot, parameters: Parameters, offset: int, before: list[str] | None) -> int:
        """Forget what the offset confirms; the first update that is still wanted."""
        kinds = wanted(parameters)
        if kinds and kinds["allowed_updates"] != before:
            async with self.shared.db.connect() as connection:
                await bots.change(connection, bot, **kinds)
        oldest = await self.shared.db.first(_OLDEST, {"bot": bot.id})
        if oldest is None or oldest[0] is None or 0 <= offset <= oldest[0]:
            return max(offset, 0)
        async with self.shared.db.connect() as connection:
            first = offset if offset > 0 else await _counted_back(connection, bot, -offset)
            await connection.execute(_BEHIND, {"bot": bot.id, "first": first})
        self.shared.wakeups.ring((QUIET, 0))
        return first

    async def _found(self, bot: Bot, first: int, limit: int) -> list[dict[str, Any]]:
        values = {"bot": bot.id, "first": first, "at": now(), "most": limit}
        async with self.shared.db.read() as session:
            rows = (await session.execute(_NEXT, values)).all()
        return [{"update_id": number, **body} for number, body in rows]

    async def _take_over(self, bot: Bot, listener: Listener) -> None:
        """Make this the bot's poll: the others of this process see it now, those elsewhere within a second."""
        async with self.shared.db.connect() as connection:
            await bots.change(connection, bot, poller=listener.mark)
        for other in self.shared.wakeups.at((BOT, bot.id)):
            if other is not listener:
                other.wake()

    async def _check(self, bot: Bot, listener: Listener) -> None:
        """Raises Refused when this poll is not the bot's any more."""
        row = await bots.row(self.shared.db, bot)
        if row.webhook is not None:
            raise refused(BY_WEBHOOK, 409)
        if row.poller != listener.mark:
            raise refused(TAKEN_OVER, 409)


async def _counted_back(connection: AsyncConnection, bot: Bot, count: int) -> int:
    """The first of the last `count` updates."""
    last = (
        select(UPDATES.c.update_id)
        .where(UPDATES.c.bot_id == bot.id)
        .order_by(UPDATES.c.update_id.desc())
        .limit(max(count, 1))
    )
    return min((await connection.execute(last)).scalars(), default=0)
