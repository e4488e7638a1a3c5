"""The relay's arm for the backend: takes events many at a time, hands them over, writes down what became of them."""

import asyncio
import contextlib
from collections.abc import Sequence

from bot import log
from bot.backend import outcomes
from bot.backend.breaker import Breaker
from bot.backend.outcomes import Pair
from bot.backend.publisher import PATIENCE, Away, Publisher, PublishOutcome
from bot.errors import Refused
from bot.queue import jobs, outbox
from bot.queue.outbox import ClaimedJob
from bot.store.db import Database, is_down
from bot.supervisor import Job, Supervisor

logger = log.get(__name__)

IDLE = 0.3  # seconds between two looks at the table when nothing was due
WAYS = 2  # batches underway: while one is at the backend, the other is at the database


class EventRelay:
    """Hands events to the publisher, in order per case.

    A crash between handing over and writing down sends events again when their lease ends, never not at all; the
    event's id is the same then, so that the backend can tell.
    """

    def __init__(self, db: Database, publisher: Publisher) -> None:
        self.db, self.publisher = db, publisher
        self.breaker = Breaker()
        self.sent = 0
        self._stopping = asyncio.Event()
        self._watching: Job | None = None
        self._working: list[Job] = []

    def start(self, supervisor: Supervisor | None = None) -> None:
        supervisor = supervisor or Supervisor()
        self._watching = supervisor.start("backend connection", self.publisher.watch)
        self._working = [supervisor.start(f"backend events {way}", self._work) for way in range(WAYS)]

    async def stop(self) -> None:
        """Finish the batches underway; the rest stays in the table."""
        self._stopping.set()
        await asyncio.gather(*(each.end() for each in self._working))
        if self._watching is not None:
            await self._watching.cancel()
        await self.publisher.close()

    async def sweep(self) -> int:
        """Send what is due, one batch.  Returns how many rows it held."""
        taken = await self._turn(())
        await self._turn(await self._publish(taken), taking=False)
        return len(taken)

    async def _work(self) -> None:
        """Batch after batch until stopped.  Without a database it waits and tries again."""
        pairs: Sequence[Pair] = ()
        while pairs or not self._stopping.is_set():
            try:
                taken = await self._turn(pairs, taking=not self._stopping.is_set())
            except Exception as error:
                # What was sent is still leased: it comes again when the lease ends, and goes out twice at worst.
                if not is_down(error):
                    logger.exception("events not taken", rows=len(pairs))
                taken = []
            pairs = await self._publish(taken)
            if not taken or all(outcome.error for _, outcome in pairs):
                await self._pause()

    async def _turn(self, pairs: Sequence[Pair], *, taking: bool = True) -> list[ClaimedJob]:
        """Write the last batch down and take the next one: one transaction for both."""
        room = self.breaker.room(self.publisher.batch) if taking else 0
        if not pairs and not room:
            return []
        async with self.db.connect() as connection:
            if pairs:
                await outcomes.write(connection, pairs)
            return await outbox.take(connection, jobs.EVENT.kind, room) if room else []

    async def _publish(self, jobs: Sequence[ClaimedJob]) -> list[Pair]:
        whole = [each for each in jobs if each.body is not None]
        sealed = [(each, PublishOutcome(Refused("no key of ours opens it"))) for each in jobs if each.body is None]
        if not whole:
            return sealed
        try:
            async with asyncio.timeout(PATIENCE):
                answered = await self.publisher.publish(whole)
        except Exception as error:
            logger.warning("backend failed", why=type(error).__name__, rows=len(whole))
            answered = [PublishOutcome(Away(type(error).__name__))] * len(whole)
        self._learn(answered)
        return [*zip(whole, answered, strict=True), *sealed]

    def _learn(self, answered: Sequence[PublishOutcome]) -> None:
        self.sent += sum(each.error is None for each in answered)
        if all(isinstance(each.error, Away) for each in answered):
            self.breaker.failed()
        else:
            self.breaker.succeeded()

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), IDLE)
