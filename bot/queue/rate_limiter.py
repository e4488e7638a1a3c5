"""The one pace of a bot token: how fast bulk may leave, behind whatever somebody is waiting for.

A process that sends bulk holds the lane of its channel, a leased row, so that all processes together keep one
pace.  Replies are never held up here: they are counted, and bulk gives way.
"""

import asyncio
import time
from collections import OrderedDict, deque
from datetime import timedelta

from sqlalchemy import or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import upsert
from bot.store.models import BulkLane, Channel, now

WINDOW = 1.0  # seconds that Telegram counts over
PER_CHAT = 1.0  # seconds between two messages to one chat
EVENLY = 0.92  # of the even distance: the rest makes up for turns that came late
BEHIND = 0.05  # seconds of lateness that are made up for
SLACK = 0.002  # seconds by which two clocks of one machine may disagree
GLANCE = 0.05  # seconds between two looks when only an answer can make room
DRIFT = 1.0005  # by how much the fastest round trip is forgotten with every answer


class RateLimiter:
    """At most `rate` calls arrive at the server in any second, as far as a client can know.

    A call counts from when it can have arrived at the latest: its answer, less the fastest round trip known.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.slots = max(1, int(min(rate, 1e6)))
        self._window = max(WINDOW, self.slots / rate) + SLACK
        self._open = 0  # calls without an answer
        self._known: deque[tuple[float, float]] = deque()  # when calls left, and when their answers came
        self._fastest = 60.0
        self._next = 0.0
        self._resume = 0.0
        self._chats: OrderedDict[int, float] = OrderedDict()
        self._turn = asyncio.Lock()

    @property
    def held(self) -> float:
        """Seconds for which nothing may leave."""
        return max(0.0, self._resume - time.monotonic())

    def halt(self, seconds: float) -> None:
        """The server asked for silence."""
        self._resume = max(self._resume, time.monotonic() + seconds)

    async def turn(self, chat_id: int) -> float | None:
        """Wait until a call may leave; returns the token for `answered`, or None during a halt."""
        while (wait := self._chats.get(chat_id, 0.0) + PER_CHAT - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(wait)
        if self.rate == float("inf"):
            return None if self.held else self._leave(chat_id)
        async with self._turn:
            while not self.held and (wait := self._wait()) > 0:  # noqa: ASYNC110 (only the clock can tell)
                await asyncio.sleep(wait)
            if self.held:
                return None
            step = EVENLY / self.rate
            self._next = max(self._next, time.monotonic() - BEHIND) + step
            return self._leave(chat_id)

    def answered(self, left_at: float, chat_id: int) -> None:
        """The call of this token has its answer, or never will.

        From now on the chat has its second of rest: a slow way there must not bring two messages closer together.
        """
        at = time.monotonic()
        self._remember(chat_id, at)
        self._open -= 1
        taken = at - left_at
        self._fastest = min(taken, self._fastest * DRIFT)
        self._note(left_at, at)

    def spend(self, chat_id: int) -> None:
        """A reply leaves now, whatever the pace is: bulk gives way."""
        at = time.monotonic()
        self._note(at, at)
        self._remember(chat_id, at)

    def _leave(self, chat_id: int) -> float:
        at = time.monotonic()
        self._open += 1
        self._remember(chat_id, at)
        return at

    def _wait(self) -> float:
        """Seconds until it is worth asking again; 0 or less when the next call may leave."""
        at = time.monotonic()
        self._forget(at)
        if self._open + len(self._known) < self.slots:
            return self._next - at
        return self._free_at - at if self._known else GLANCE

    def _note(self, left_at: float, answered_at: float) -> None:
        """Replies alone, without any bulk, must not be remembered for ever."""
        self._forget(answered_at)
        self._known.append((left_at, answered_at))

    def _forget(self, at: float) -> None:
        while self._known and self._free_at <= at:
            self._known.popleft()

    @property
    def _free_at(self) -> float:
        """When the oldest call counts no longer.  The fastest round trip is better known now than when it came."""
        left_at, answered_at = self._known[0]
        return max(left_at, answered_at - self._fastest) + self._window

    def _remember(self, chat_id: int, at: float) -> None:
        self._chats[chat_id] = at
        self._chats.move_to_end(chat_id)
        while self._chats and at - next(iter(self._chats.values())) > PER_CHAT:
            self._chats.popitem(last=False)


async def hold(session: AsyncSession, channel: Channel, holder: str, seconds: float) -> float | None:
    """Take or keep the bulk lane of a channel.

    Returns None when another process has it, else for how many seconds the channel wants silence.
    """
    await session.execute(
        upsert.insert(session, BulkLane).on_conflict_do_nothing(), {"channel": channel, "holder": "", "until": now()}
    )
    mine = (
        update(BulkLane)
        .where(BulkLane.channel == channel, or_(BulkLane.holder == holder, BulkLane.until < now()))
        .values(holder=holder, until=now() + timedelta(seconds=seconds))
        .returning(BulkLane.resume_at)
    )
    found = (await session.execute(mine)).first()
    if found is None:
        return None
    return max(0.0, (found[0] - now()).total_seconds()) if found[0] else 0.0


async def silence(session: AsyncSession, channel: Channel, seconds: float) -> None:
    """The channel wants silence; whoever holds its lane next keeps it, too."""
    until = now() + timedelta(seconds=seconds)
    await session.execute(update(BulkLane).where(BulkLane.channel == channel).values(resume_at=until))


async def release(session: AsyncSession, channel: Channel, holder: str) -> None:
    """Let go of a lane, but not before its window is over."""
    until = now() + timedelta(seconds=WINDOW)
    mine = update(BulkLane).where(BulkLane.channel == channel, BulkLane.holder == holder)
    await session.execute(mine.values(holder="", until=until))
