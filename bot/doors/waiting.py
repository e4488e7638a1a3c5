"""How many requests may wait for news at once: each keeps a connection and its memory for as long as it waits."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from bot.doors import addresses

MOST = 10_000  # of one process
EACH = 500  # of one address: a mobile network puts that many phones behind one
AGAIN = 5  # seconds after which a place may be free


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


PLACES = web.AppKey("waiting places", Places)
