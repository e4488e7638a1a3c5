"""A circuit breaker: a backend that is not there is left alone for a while, and then asked with a single row."""

import random
import time
from collections.abc import Callable

from bot import backoff

FAILURES = 3  # in a row, until it opens
FIRST, LONGEST = 1.0, 30.0  # seconds it stays open


class Breaker:
    """Closed while all is well.  Open: nobody knocks.  When that time is over, half open: one row is tried."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._until = 0.0

    @property
    def state(self) -> str:
        if self._failures < FAILURES:
            return "closed"
        return "open" if self._clock() < self._until else "half-open"

    def room(self, batch: int) -> int:
        """How many rows may be tried now."""
        return {"closed": batch, "half-open": 1, "open": 0}[self.state]

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= FAILURES:
            pause = backoff.pause(self._failures - FAILURES + 1, FIRST, LONGEST)
            self._until = self._clock() + pause * random.uniform(1.0, 1.2)
