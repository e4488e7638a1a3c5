"""Updates by long polling: the next offset is asked for only after the batch is committed.

PTB's own poller confirms first and handles then (a SIGKILL loses what it holds), and stops for good at the
first update it cannot parse.
"""

import asyncio
import contextlib
from typing import Any

from bot import backoff, log
from bot.channels.telegram.intake import number_of, take
from bot.channels.telegram.receiver import Receiver
from bot.channels.telegram.transport import BotApi
from bot.errors import Down, Refused, TryLater, Unclear

logger = log.get(__name__)

UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
LONG = 25  # seconds a poll stays open; Telegram closes at about 39
LAST = 3.0  # seconds the last call may take, which confirms what was done
BATCH = 100  # updates
PATIENCE = 2.0  # seconds a poll waits for the slowest of a batch before it asks for more
FIRST, LONGEST = 1.0, 30.0  # seconds between failing polls


class Poller:
    """Asks one Bot API server for updates and hands them to a receiver.

    `offset` is the first update that is not committed; asking with it confirms all before it.  A slow update
    does not hold up the others: after PATIENCE the poller asks again from the slow one on, and skips what it
    has already.
    """

    def __init__(self, api: BotApi, receiver: Receiver) -> None:
        self.api = api
        self.receiver = receiver
        self.failures, self.why = 0, ""  # polls in a row that failed, and how the last one did
        self._offset = 0
        self._taken: dict[int, asyncio.Task[bool]] = {}  # from the offset on, in order
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Poll until stopped."""
        while not self._stopping.is_set():
            for number, raw in await self._ask():
                if number not in self._taken:
                    self._taken[number] = asyncio.create_task(self._take(raw))
            if self._taken:
                await asyncio.wait(self._taken.values(), timeout=PATIENCE)
                await self._advance()

    async def stop(self) -> None:
        """Finish the batch and confirm it; what came no further is asked for at the next start."""
        self._stopping.set()
        if self._taken:
            await asyncio.wait(self._taken.values())
            await self._advance()
        if self._offset:
            with contextlib.suppress(TryLater, Refused):
                await self.api.call("getUpdates", {"offset": self._offset, "limit": 1, "timeout": 0}, seconds=LAST)

    async def _ask(self) -> list[tuple[int, Any]]:
        """The next updates by their numbers."""
        parameters = {"offset": self._offset, "timeout": LONG, "limit": BATCH, "allowed_updates": UPDATES}
        poll = asyncio.create_task(self.api.call("getUpdates", parameters, seconds=LONG + 10))
        if await self._stopped(poll):
            return []
        try:
            found = _numbered(poll.result())
        except (TryLater, Refused) as error:
            self.failures, self.why = self.failures + 1, type(error).__name__
            pause = backoff.pause(self.failures, FIRST, LONGEST)
            logger.warning("poll failed", why=str(error), pause=pause)
            await self._stopped(asyncio.create_task(asyncio.sleep(pause)))
            return []
        self.failures = 0
        return found

    async def _take(self, raw: dict[str, Any]) -> bool:
        """Handle one update.  Returns False when there is no database: it has to come again."""
        try:
            await take(self.receiver, raw, carry=False)
        except Down:
            return False
        return True

    async def _advance(self) -> None:
        """Move the offset over what is committed; forget failures, so that they are handled again."""
        failed = False
        for number, task in sorted(self._taken.items()):
            if task.done() and not task.result():
                failed = True
                del self._taken[number]
        for number, task in sorted(self._taken.items()):
            if failed or not task.done():
                break
            self._offset = number + 1
            del self._taken[number]
        if failed:
            await self._stopped(asyncio.create_task(asyncio.sleep(FIRST)))

    async def _stopped(self, task: asyncio.Task[Any]) -> bool:
        """Wait for a task or for the stop, whichever is first; a task cut off is cancelled."""
        stop = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if task.done():
            return False
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return True


def _numbered(result: Any) -> list[tuple[int, Any]]:
    """What came, by its number: without one nothing can be confirmed.  Raises Unclear when nothing of it has one."""
    if not isinstance(result, list):
        raise Unclear("getUpdates did not bring a list")
    found = [(number, raw) for raw in result if (number := number_of(raw)) is not None]
    if result and not found:
        raise Unclear("getUpdates brought no updates")
    return found
