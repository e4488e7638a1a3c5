"""What is nice to keep and may be lost: noted in memory, written many at a time after the answer."""

import asyncio
from collections.abc import Sequence
from typing import Any

from bot import log
from bot.services import deferred_writes
from bot.store.db import Database

logger = log.get(__name__)

MOST = 5_000  # notes kept while the database is away; the newest are dropped
PAUSE = 0.3  # seconds between two batches


class Notes:
    """Takes notes at once and writes them soon."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._taken: list[Any] = []
        self._flushing = asyncio.Lock()

    def take(self, notes: Sequence[Any]) -> None:
        if len(self._taken) < MOST:
            self._taken += notes

    async def flush(self) -> None:
        """Write the notes taken since the last time.  Who calls while somebody writes waits until that is done."""
        async with self._flushing:
            taken, self._taken = self._taken, []
            if taken:
                async with self._db.connect() as connection:
                    await deferred_writes.remember(connection, taken)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            try:
                await asyncio.shield(self.flush())  # Stopping waits for it in its own last call.
            except Exception as error:
                logger.warning("notes lost", why=log.hide(repr(error)))
