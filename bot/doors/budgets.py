"""What one address may do before anybody knows who it is: counted in memory, so that a flood writes nothing.

Each process counts for itself, so several of them allow as many times as much.
"""

import time
from collections import OrderedDict

from aiohttp import web

from bot.doors import addresses

KNOWN = 20_000  # addresses remembered at once; who has not been seen for longest is forgotten


class Budget:
    """A leaky bucket for each address: `most` at once, then one more every `seconds / most`."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._each = most, seconds / most
        self._until: OrderedDict[str, float] = OrderedDict()

    def spend(self, request: web.Request) -> float:
        """Count one.  Returns 0 when it is allowed, else the seconds until the next one is."""
        address, at = addresses.group(request), time.monotonic()
        until = max(self._until.pop(address, at), at) + self._each
        wait = until - at - self._most * self._each
        self._until[address] = until - self._each if wait > 0 else until
        if len(self._until) > KNOWN:
            self._until.popitem(last=False)
        return max(wait, 0.0)
