"""Waking those who wait: at once for what this process wrote, within a second for what another one did."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

Key = tuple[str, int]  # what is listened to: a kind of thing and its id
CONVERSATION, READING, BOT, HOOKS, QUIET = "conversation", "reading", "bot", "hooks", "quiet"
HEARD = "heard"  # by the person: the bot has heard something of theirs, or answered it
AT_ONCE = 200  # let go in one turn of the event loop
ANYBODY = "anybody"  # rung for every conversation of this process


class Listener:
    """Somebody who waits for what comes after `seen`."""

    __slots__ = ("_event", "mark", "seen")

    def __init__(self, seen: int, mark: int) -> None:
        self.seen = seen  # the newest number it knows: of an event, or of an update
        self.mark = mark  # who it is, where only one may wait
        self._event = asyncio.Event()

    def wake(self) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Whether it was woken before the time was over."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Wakeups:
    """Who listens to what in this process."""

    def __init__(self) -> None:
        self._listeners: defaultdict[Key, set[Listener]] = defaultdict(set)
        self.closed = False  # nobody waits any longer: the process is going to stop

    @contextmanager
    def listen(self, *keys: Key, seen: int = 0, mark: int = 0) -> Iterator[Listener]:
        listener = Listener(seen, mark)
        for key in keys:
            self._listeners[key].add(listener)
        try:
            yield listener
        finally:
            for key in keys:
                self._listeners[key].discard(listener)
                if not self._listeners[key]:
                    del self._listeners[key]

    def ring(self, *keys: Key) -> None:
        for key in keys:
            for listener in self.at(key):
                listener.wake()
        if any(kind == CONVERSATION for kind, _ in keys):
            for listener in self.at((ANYBODY, 0)):
                listener.wake()

    def news(self, key: Key, number: int) -> None:
        """Wake those who have not seen this number yet."""
        for listener in self.at(key):
            if listener.seen < number:
                listener.wake()

    def at(self, key: Key) -> list[Listener]:
        return list(self._listeners.get(key, ()))

    def ids(self, kind: str) -> list[int]:
        """What is listened to, of one kind."""
        return [number for name, number in self._listeners if name == kind]

    async def close(self) -> None:
        """Let everybody go, now and from now on; of thousands some at a time, so that others have their turn."""
        self.closed = True
        waiting = [each for key in list(self._listeners) for each in self.at(key)]
        for number, listener in enumerate(waiting, 1):
            listener.wake()
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
