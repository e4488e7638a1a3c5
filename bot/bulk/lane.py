"""The bulk lane of a channel: sends the copies of notices at the allowed pace, and writes down what became of them.

One process holds the lane of a channel.  Every turn is one transaction: outcomes written, leases looked after,
the next copies marked `sending`; only then are these called.  The calls themselves are made by workers.
"""

import asyncio
import contextlib
import random
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot import log
from bot.bulk.clocks import USUAL, Clocks
from bot.bulk.run import Run
from bot.channels.telegram.transport import BotApi
from bot.errors import TryLater, Unclear
from bot.queue import rate_limiter
from bot.queue.rate_limiter import RateLimiter
from bot.services.chats import rings
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM
from bot.services.notices import deliveries as notice_deliveries
from bot.services.notices import notices
from bot.services.notices import photos as notice_photos
from bot.services.notices.deliveries import DeliveryItem
from bot.services.notices.states import NoticeState
from bot.services.staff import audit
from bot.store.db import Database, is_down
from bot.store.models import Channel, CopyState, Notice, NoticeKind, now
from bot.supervisor import Job, Supervisor

logger = log.get(__name__)

BATCH = 500  # copies taken at once, at most
AHEAD = 0.25  # seconds of work taken at once: as many copies at most become unknown when somebody dies
WAYS = 128  # copies on their way at the same time
FLOODS, FLOOD_TIME = 3, 600.0  # refusals for speed within so many seconds that a notice survives


class Bulk:
    """Sends notices on one channel."""

    def __init__(
        self,
        db: Database,
        channel: Channel,
        api: BotApi,
        rate: RateLimiter,
        context: Callable[[], ServiceContext],
        clocks: Clocks = USUAL,
        *,
        paid: bool = False,
    ) -> None:
        self.db, self.channel, self.api = db, channel, api
        self.rate_limiter, self._services, self._clocks = rate, context, clocks
        self._paid = paid
        self._me = secrets.token_hex(8)
        self._runs: dict[int, Run] = {}
        self._queue: asyncio.Queue[tuple[DeliveryItem, float]] = asyncio.Queue()  # and until when it may be called
        self._done: list[dict[str, Any]] = []
        self._reached: list[int] = []  # addresses whose browsers are to be rung
        self._busy = 0  # copies in the hands of workers
        self._turning = asyncio.Lock()
        self._moved = False  # the turn changed the state of a notice, or wrote more of an audience down
        self._more = False  # there may be more copies that are due
        self._floods: deque[float] = deque()
        self._silence = 0.0  # seconds the channel asked for, to be written down
        self._until = 0.0  # when our lane's lease ends, by the monotonic clock
        self._low = asyncio.Event()
        self._stopping = asyncio.Event()
        self._job: Job | None = None

    @property
    def _in_hand(self) -> int:
        return self._queue.qsize() + self._busy

    @property
    def batch(self) -> int:
        return max(1, int(min(BATCH, self.rate_limiter.rate * AHEAD)))

    async def run(self) -> None:
        """Send until stopped; what was taken and not called goes back."""
        workers = [asyncio.create_task(self._work()) for _ in range(WAYS)]
        try:
            while not self._stopping.is_set():
                try:
                    await self.turn()
                except Exception as error:
                    if not is_down(error):
                        logger.exception("notices stand still", channel=self.channel)
                await self._rest()
                if any(each.done() for each in workers):
                    raise RuntimeError("a sender ended")  # Whoever watches this begins anew, with all of them.
            await self._end()
        finally:
            for each in workers:
                each.cancel()

    def start(self, supervisor: Supervisor | None = None) -> None:
        self._job = (supervisor or Supervisor()).start(f"notices {self.channel}", self.run)

    async def stop(self) -> None:
        """Finish what is on its way; the rest goes back, for whoever sends next."""
        self._stopping.set()
        self._low.set()
        if self._job is not None:
            await self._job.end()

    async def turn(self) -> bool:
        """One look at the notices of this channel; returns whether anything moved."""
        async with self._turning:
            async with self.db.read() as session:
                if not self._done and not self._in_hand and not await self._active(session):
                    self._runs.clear()
                    return False
            done, reached, self._done, self._reached, self._moved = self._done, self._reached, [], [], False
            try:
                async with self.db.begin() as session:
                    await rings.ring(session, reached, now())
                    taken = await self._transact(session, done)
            except BaseException:
                self._done, self._reached = done + self._done, reached + self._reached
                raise
            until = time.monotonic() + self._clocks.lease - self._clocks.patience - self._clocks.margin
            for item in taken:
                self._queue.put_nowait((item, until))
            self._more = bool(taken)
            return self._moved or bool(done or taken)

    async def settled(self) -> None:
        """Wait until nothing is due any more."""
        while await self.turn() or self._in_hand or self._done:  # noqa: ASYNC110 (three things to wait for)
            await asyncio.sleep(0.005)

    async def _transact(self, session: AsyncSession, done: Sequence[dict[str, Any]]) -> list[DeliveryItem]:
        await notice_deliveries.settle(session, done)
        began = time.monotonic()
        held = await rate_limiter.hold(session, self.channel, self._me, self._clocks.lane)
        if held is None:
            self._until = 0.0
            return []
        self._until = began + self._clocks.lane - self._clocks.margin
        if self._silence:
            await rate_limiter.silence(session, self.channel, self._silence)
            self._silence = 0.0
        elif held:
            self.rate_limiter.halt(held)
        return await self._go_on(session)

    async def _go_on(self, session: AsyncSession) -> list[DeliveryItem]:
        taken: list[DeliveryItem] = []
        active = [await notices.get(session, number, lock=True) for number in await self._active(session)]
        alive = {notice.id for notice in active if notice.state == NoticeState.SENDING}
        self._runs = {number: run for number, run in self._runs.items() if number in alive}
        for notice in active:
            if notice.state == NoticeState.FREEZING:
                await self._freeze(session, notice)
            elif notice.state == NoticeState.CANCELLED:
                await notice_deliveries.expire(session, notice, self.channel)
                await notices.drop(session, notice)
            else:
                room = self.batch - self._in_hand - len(self._done) - len(taken)  # what is done stands there as sending
                taken += await self._feed(session, notice, room)
        return taken

    async def _active(self, session: AsyncSession) -> list[int]:
        """Numbers of notices that are under way, emergencies first."""
        mine = notices.under_way().order_by(Notice.kind != NoticeKind.EMERGENCY, Notice.id)
        return list(await session.scalars(mine))

    async def _freeze(self, session: AsyncSession, notice: Notice) -> None:
        before = notice.frozen_to
        if await notice_deliveries.freeze(session, notice):
            notices.move(notice, NoticeState.SENDING, SYSTEM)
        if notice.state == NoticeState.SENDING or notice.frozen_to != before:
            self._moved = True
            self._low.set()

    async def _feed(self, session: AsyncSession, notice: Notice, room: int) -> list[DeliveryItem]:
        """Take copies of a notice, or find out that it is over."""
        await notice_deliveries.expire(session, notice, self.channel)
        if (run := self._runs.get(notice.id)) and (why := self._verdict(run)):
            await self._move(session, notice, NoticeState.FAULTY, why)
            del self._runs[notice.id]
            return []
        if room <= 0 or self.rate_limiter.held or not await self._awake(session, notice):
            return []
        try:
            run = await self._run(session, notice)
        except notice_photos.Gone:
            await self._move(session, notice, NoticeState.FAULTY, "no photo")
            return []
        usual = self._services().quiet
        taken = await notice_deliveries.take(
            session, notice, self.channel, min(room, run.room), usual, self._clocks.lease
        )
        if not taken and not self._in_hand and not self._done:
            await self._look_after(session, notice)
        return taken

    async def _run(self, session: AsyncSession, notice: Notice) -> Run:
        """How this notice is sent here.  What the channel calls its photo is written down once it is known."""
        if (run := self._runs.get(notice.id)) is None:
            photo = await notice_photos.of(session, notice, self.api.bot)
            texts = self._services().knowledge.texts
            run = self._runs[notice.id] = Run.of(texts, notice, self.channel, photo, paid=self._paid)
        if run.learned:
            await notice_photos.learn(session, notice, self.api.bot, run.learned)
            run.learned = ""
        return run

    async def _awake(self, session: AsyncSession, notice: Notice) -> bool:
        if notice.state == NoticeState.QUIET:
            left = await notice_deliveries.left(session, notice)
            if left.next_due is not None and notice_deliveries.asleep(left.next_due):
                return False
            notices.move(notice, NoticeState.SENDING, SYSTEM)
        return True

    async def _look_after(self, session: AsyncSession, notice: Notice) -> None:
        """Nothing is due on this channel: over, asleep, or the other channel's turn."""
        left = await notice_deliveries.left(session, notice)
        if left.on_their_way:
            return
        if left.next_due is None:
            await self._move(session, notice, NoticeState.SOME_FAILED if left.badly else NoticeState.COMPLETED)
        elif notice_deliveries.asleep(left.next_due):
            await self._move(session, notice, NoticeState.QUIET)

    async def _move(self, session: AsyncSession, notice: Notice, target: NoticeState, why: str = "") -> None:
        name, self._moved = notices.move(notice, target, SYSTEM, why), True
        await session.flush()
        await audit.note(session, audit.By(role=SYSTEM.role), f"notice.{name}", f"notice:{notice.id}", why=why)

    def _verdict(self, run: Run) -> str:
        """Why a notice has to stop by itself; "" when it need not."""
        while self._floods and time.monotonic() - self._floods[0] > FLOOD_TIME:
            self._floods.popleft()
        if len(self._floods) > FLOODS:
            self._floods.clear()
            return "too many requests"
        return run.verdict()

    # Calling.

    async def _work(self) -> None:
        while True:
            item, until = await self._queue.get()
            self._busy += 1
            try:
                outcome = await self._send(item, until)
                self._done.append(outcome)  # Only now: a turn takes the list away and puts a new one there.
            except Exception:
                logger.exception("copy failed", notice=item.notice_id)  # Its lease runs out.
            finally:
                self._busy -= 1
            if self._more and self._in_hand <= self.batch // 2:
                self._low.set()

    async def _send(self, item: DeliveryItem, until: float) -> dict[str, Any]:
        """Call, and say what became of it."""
        token = None if self._given_up(item, until) else await self.rate_limiter.turn(item.chat_id)
        if token is not None and self._given_up(item, until):
            self.rate_limiter.answered(token, item.chat_id)
            token = None
        if token is None:
            return notice_deliveries.outcome(item, CopyState.WAITING, item.kept)
        run = self._runs[item.notice_id]
        try:
            result = await run.call(self.api, item, key=run.key(item), seconds=self._clocks.patience)
        except Unclear as error:
            return run.failed(item, error)
        except TryLater as hint:
            return self._held(item, run, hint)
        except Exception as error:
            return run.failed(item, error)
        finally:
            self.rate_limiter.answered(token, item.chat_id)
        self._reached += run.rung(item)
        return run.sent(item, result)

    def _given_up(self, item: DeliveryItem, until: float) -> bool:
        """Paused meanwhile, or too late for its lease, or the lane is not ours any more."""
        late = time.monotonic() > min(until, self._until)
        return late or item.notice_id not in self._runs or self._stopping.is_set()

    def _held(self, item: DeliveryItem, run: Run, error: TryLater) -> dict[str, Any]:
        """Not now: everything in bulk keeps silent, this copy goes back."""
        if error.after is not None:
            self._floods.append(time.monotonic())
            seconds = error.after.total_seconds() + 1.0 + random.random()
        else:
            run.stumble(error)
            seconds = 2.0 + random.random()
        self.rate_limiter.halt(seconds)
        self._silence = max(self._silence, seconds)
        return notice_deliveries.outcome(item, CopyState.WAITING, item.kept)

    # Coming and going.

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._low.wait(), self._clocks.look)
        self._low.clear()

    async def _end(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._clocks.last):
                while self._in_hand:  # noqa: ASYNC110 (each worker ends in its own time)
                    await asyncio.sleep(0.01)
        async with self.db.begin() as session:
            await rings.ring(session, self._reached, now())
            await notice_deliveries.settle(session, self._done)
            await rate_limiter.release(session, self.channel, self._me)
