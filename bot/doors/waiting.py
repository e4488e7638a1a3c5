"""How many requests may wait for news at once: each keeps a connection and its memory for as long as it waits."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from bot.doors import addresses

MOST = 10_000  # of one process
EACH = 500  # of one address: a mobile network puts that many phones behind one
AGAIN = 5  # seconds after which a place may be free
AT_ONCE = 20  # requests that begin in one turn of the event loop


class NoPlace(Exception):
    """Nobody else may wait now.  `status` says whether that is due to one address (429) or to everybody (503)."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Places:
    """Where requests wait in this process."""

    def __init__(self, most: int = MOST, each: int = EACH) -> None:
        self.most, self.each = most, each
        self._taken: Counter[str] = Counter()
        self.total = 0
        self._line: deque[asyncio.Future[None]] = deque()
        self._begun, self._counting = 0, False

    @contextmanager
    def taken(self, request: web.Request) -> Iterator[None]:
        """A place for as long as this lasts.  Raises NoPlace."""
        address = addresses.group(request)
        if self.total >= self.most:
            raise NoPlace(503)
        if self._taken[address] >= self.each:
            raise NoPlace(429)
        self.total += 1
        self._taken[address] += 1
        try:
            yield
        finally:
            self.total -= 1
            self._taken[address] -= 1
            if not self._taken[address]:
                del self._taken[address]

    async def turn(self) -> None:
        """Wait until this request may begin, in the order in which they came.

        A request costs a millisecond: when ten thousand come at once, whoever asks for anything else comes in between,
        and so does the word to stop.
        """
        if self._begun >= AT_ONCE or self._line:
            place = asyncio.get_running_loop().create_future()
            self._line.append(place)
            await place
            return
        self._begun += 1
        if not self._counting:
            self._counting = True
            asyncio.get_running_loop().call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._begun = 0
        while self._line and self._begun < AT_ONCE:
            place = self._line.popleft()
            if not place.done():  # Whoever left meanwhile is not waited for.
                place.set_result(None)
                self._begun += 1
        self._counting = self._begun > 0
        if self._counting:
            asyncio.get_running_loop().call_soon(self._next_turn)


PLACES = web.AppKey("waiting places", Places)
