"""Refusals of people nobody knows: counted for Prometheus, and now and then one row that says how many there were.

The audit may never be deleted, so a stranger must not be able to make it grow.
"""

import time

from prometheus_client import Counter

EVERY = 600.0  # seconds between two rows of one process
TOTAL = Counter("nuanxin_refused", "Requests of people not signed in that were refused.", ["action"], registry=None)


class Refusals:
    """Counts, and says when it is time to write down how many there were."""

    def __init__(self) -> None:
        self._count, self._next = 0, 0.0

    def count(self, action: str) -> int:
        """One more.  Returns how many there were since the last row, 0 when no row is due yet."""
        TOTAL.labels(action).inc()
        self._count += 1
        if time.monotonic() < self._next:
            return 0
        found, self._count, self._next = self._count, 0, time.monotonic() + EVERY
        return found
