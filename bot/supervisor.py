"""Work that has to go on for as long as the process does: what of it ends is logged and started again."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bot import backoff, log

logger = log.get(__name__)

FIRST, LONGEST = 0.1, 60.0  # seconds before work that ended is started again
STEADY = 60.0  # seconds; work that went on for so long is not counted with earlier failures

Work = Callable[[], Coroutine[Any, Any, None]]
End = Callable[[], Awaitable[object]]


class Job:
    """One piece of work, in a task that is made anew whenever it ends by itself."""

    def __init__(self, name: str, work: Work, *, once: bool) -> None:
        self.name, self.failures, self.why = name, 0, ""
        self._work, self._once, self._ending = work, once, False
        self._timer: asyncio.TimerHandle | None = None
        self._begin()

    @property
    def is_down(self) -> bool:
        """Whether it ended and waits to be started again."""
        return self._timer is not None

    async def end(self) -> None:
        """Wait for work that was told to end; it is not started again."""
        self.leave()
        await asyncio.wait({self._task})

    async def cancel(self) -> None:
        self.leave()
        self._task.cancel()
        await asyncio.wait({self._task})

    def leave(self) -> None:
        """Do not start it again."""
        self._ending = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer, self._began = None, loop.time()
        self._task = loop.create_task(self._work(), name=self.name)
        self._task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if self._ending or (self._once and not task.cancelled() and error is None):
            if error is not None:
                logger.error("work failed at its end", work=self.name, exc_info=error)
            return
        loop = asyncio.get_running_loop()
        self.failures = 1 if loop.time() - self._began > STEADY else self.failures + 1
        self.why = type(error).__name__ if error else "it ended"
        pause = backoff.pause(self.failures, FIRST, LONGEST)
        logger.error("work ended", work=self.name, why=self.why, failures=self.failures, again_in=pause, exc_info=error)
        self._timer = loop.call_later(pause, self._begin)


class Supervisor:
    """All the work of a process that nobody waits for."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []

    def start(self, name: str, work: Work, *, once: bool = False) -> Job:
        """Begin some work.  once: it may return; any other end of it, and every end of other work, is a failure."""
        job = Job(name, work, once=once)
        self._jobs.append(job)
        return job

    def leave(self) -> None:
        """Start nothing again from now on: whatever ends was told to."""
        for each in self._jobs:
            each.leave()

    async def stop(self) -> None:
        """End everything that has not ended yet."""
        await asyncio.gather(*(each.cancel() for each in self._jobs))

    def report(self) -> dict[str, Any]:
        """What /readyz says: `ok`, and each piece of work that ended and waits to be started again."""
        down = [each for each in self._jobs if each.is_down]
        return {
            "ok": not down,
            "down": [{"work": each.name, "failures": each.failures, "why": each.why} for each in down],
        }


async def end_each(seconds: float, *ends: End) -> None:
    """End parts of a process side by side, each in so many seconds; one that fails is logged and left behind."""

    async def within(end: End) -> None:
        try:
            async with asyncio.timeout(seconds):
                await end()
        except Exception as error:
            logger.warning("ended half way", part=getattr(end, "__qualname__", ""), why=type(error).__name__)

    await asyncio.gather(*(within(each) for each in ends))
