"""Answers that have left, written down many at a time: nobody waits for that.

Killed before it is written, an answer counts as not given and comes once more, as a message of customer service.
"""

import asyncio

from sqlalchemy import bindparam, update

from bot import log
from bot.channels.web.shared import Shared
from bot.channels.wechat.rows import LETTERS
from bot.store.base import now

logger = log.get(__name__)

TOGETHER = 0.05  # seconds in which answers are gathered; far less than `rows.RIDING`
_SENT = (
    update(LETTERS)
    .where(LETTERS.c.id == bindparam("letter"), LETTERS.c.sent_at.is_(None))
    .values(sent_at=bindparam("at", type_=LETTERS.c.sent_at.type))
)


class Given:
    """What has left since the last time."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._letters: list[int] = []
        self._writing: asyncio.Task[None] | None = None

    def note(self, letter: int) -> None:
        """Write it down soon.  Returns at once."""
        self._letters.append(letter)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def settled(self) -> None:
        while self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write(self) -> None:
        try:
            while self._letters:
                await asyncio.sleep(TOGETHER)
                letters, self._letters = self._letters, []
                async with self.shared.db.connect() as connection:
                    await connection.execute(_SENT, [{"letter": each, "at": now()} for each in letters])
        except Exception as error:
            logger.warning("wechat: what was given is not written down", why=log.hide(repr(error)))
        finally:
            self._writing = None
