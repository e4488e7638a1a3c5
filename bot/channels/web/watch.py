"""What a process looks at by itself: what others wrote, every second, and what has expired, every minute."""

import asyncio
import time

from sqlalchemy import delete, func, select

from bot import log
from bot.channels.web import files
from bot.channels.web.rows import BOTS, CONVERSATIONS, PRESSES, RESULTS, UPDATES
from bot.channels.web.rules import RESULT_LIFE
from bot.channels.web.shared import Shared
from bot.channels.web.wakeups import BOT, CONVERSATION, QUIET
from bot.store.base import now
from bot.supervisor import Job, Supervisor

logger = log.get(__name__)

TIDY = 3600.0  # seconds between two looks for stray files


class Watch:
    """Looks only for what somebody in this process waits for: an idle process asks the database nothing."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._job: Job | None = None

    def start(self, supervisor: Supervisor) -> None:
        self._job = supervisor.start("web chat watch", self._run)

    async def stop(self) -> None:
        if self._job is not None:
            await self._job.cancel()

    async def look(self) -> None:
        """Wake those for whom another process wrote something."""
        wakeups = self.shared.wakeups
        wakeups.ring((QUIET, 0))
        if ids := wakeups.ids(CONVERSATION):
            events = select(CONVERSATIONS.c.id, CONVERSATIONS.c.last_event).where(CONVERSATIONS.c.id.in_(ids))
            async with self.shared.db.read() as session:
                for number, event in await session.execute(events):
                    wakeups.news((CONVERSATION, number), event)
        if ids := wakeups.ids(BOT):
            await self._polls(ids)

    async def _polls(self, ids: list[int]) -> None:
        newest = select(func.max(UPDATES.c.update_id)).where(UPDATES.c.bot_id == BOTS.c.id).scalar_subquery()
        state = select(BOTS.c.id, BOTS.c.poller, newest).where(BOTS.c.id.in_(ids))
        async with self.shared.db.read() as session:
            rows = (await session.execute(state)).all()
        for number, poller, update_id in rows:
            self.shared.wakeups.news((BOT, number), update_id or 0)
            for listener in self.shared.wakeups.at((BOT, number)):
                if listener.mark != poller:
                    listener.wake()

    async def purge(self) -> None:
        """Forget what nobody can ask for any more."""
        at = now()
        async with self.shared.db.connect() as connection:
            await connection.execute(delete(UPDATES).where(UPDATES.c.expires_at <= at))
            await connection.execute(delete(RESULTS).where(RESULTS.c.at <= at - RESULT_LIFE))
            await connection.execute(delete(PRESSES).where(PRESSES.c.pressed_at <= at - RESULT_LIFE))

    async def _run(self) -> None:
        purged = tidied = float("-inf")
        while True:
            try:
                if time.monotonic() > purged + self.shared.clocks.purge:
                    purged = time.monotonic()
                    await self.purge()
                if time.monotonic() > tidied + TIDY:
                    tidied = time.monotonic()
                    await files.sweep(self.shared.db, self.shared.files)
                await self.look()
            except Exception:
                logger.exception("look failed")
            await asyncio.sleep(self.shared.clocks.look)
