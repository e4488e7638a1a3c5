"""Where stories are played: each goes on when its time comes, and timers ring in between as they would have rung."""

import heapq
from collections.abc import AsyncGenerator
from datetime import datetime
from itertools import count

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bot import log
from bot.demo.town import Town
from bot.errors import Rejected
from bot.queue import jobs
from bot.services import timer_handlers
from bot.services.core.lifecycle import IllegalStep
from bot.services.staff import calls
from bot.store.base import as_of
from bot.store.models import Outbox, OutboxState

logger = log.get(__name__)

Story = AsyncGenerator[datetime, None]  # yields when it goes on

AT_ONCE = 50  # timers that are looked at


class Stage:
    """Plays stories on one connection.  What has not come to its end by now stands where it is: work to do."""

    def __init__(self, town: Town, connection: AsyncConnection, until: datetime) -> None:
        self._town, self._connection, self._until = town, connection, until
        self._coming: list[tuple[datetime, int, Story]] = []
        self._order = count()

    def begin(self, at: datetime, story: Story) -> None:
        heapq.heappush(self._coming, (at, next(self._order), story))

    async def play(self) -> None:
        """Go on until nothing is to happen any more before the end."""
        while self._coming and self._coming[0][0] <= self._until:
            at, _, story = heapq.heappop(self._coming)
            await self._ring(at)
            again = await self._go_on(at, story)
            if again is not None:
                self.begin(max(again, at), story)
        await self._ring(self._until)
        for _, _, story in self._coming:
            await story.aclose()

    async def _go_on(self, at: datetime, story: Story) -> datetime | None:
        """The next step of a story; one that the services refuse, because of a holiday say, ends it, and nothing else."""
        try:
            async with self._session() as session, session.begin():
                self._town.session = session
                with as_of(at):
                    return await anext(story, None)
        except (Rejected, IllegalStep) as error:
            logger.info("a story ended early", why=repr(error), at=at.isoformat())
            return None

    def _session(self) -> AsyncSession:
        """A savepoint of its own: what is refused takes nothing else away."""
        return AsyncSession(self._connection, expire_on_commit=False, join_transaction_mode="create_savepoint")

    async def _ring(self, until: datetime) -> None:
        """Ring what was due by then, each at its own moment; nobody of the staff is called for the past."""
        while True:
            rows = (await self._connection.execute(_DUE, {"until": until})).all()
            row = next((row for row in rows if row.payload["of"] != calls.OF), None)
            over = [each.id for each in rows if each is row or each.payload["of"] == calls.OF]
            if row is not None:
                async with self._session() as session, session.begin():
                    with as_of(row.due_at):
                        await timer_handlers.ring(session, self._town.services, row.payload)
            if over:
                await self._connection.execute(delete(_OUTBOX).where(_OUTBOX.c.id.in_(over)))  # type: ignore[arg-type]
            if row is None and len(rows) < AT_ONCE:
                return


_OUTBOX = Outbox.__table__
_DUE = (
    select(_OUTBOX.c.id, _OUTBOX.c.due_at, _OUTBOX.c.payload)
    .where(_OUTBOX.c.kind == jobs.TIMER.kind, _OUTBOX.c.state == OutboxState.WAITING)
    .where(_OUTBOX.c.due_at <= bindparam("until"))
    .order_by(_OUTBOX.c.due_at, _OUTBOX.c.id)
    .limit(AT_ONCE)
)
