"""What commands share: an event loop, a database around them, and refusals in words."""

import asyncio
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.settings import Settings
from bot.store.db import Database
from bot.store.opening import database_of


def command(work: Callable[[Namespace, Settings], Coroutine[Any, Any, int | None]]) -> Callable[..., int]:
    """A coroutine as a command; without a status it is 0.  What is refused is a line on stderr, and status 1."""

    @wraps(work)
    def run(given: Namespace, settings: Settings) -> int:
        try:
            return asyncio.run(work(given, settings)) or 0
        except Rejected as error:
            from bot.console.core import words  # brings the web server, which few commands need

            print(words.load()(f"rejected.{error.key}", **error.values), file=sys.stderr)
            return 1

    return run


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database, closed afterwards."""
    db = database_of(settings)
    try:
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def transaction(settings: Settings) -> AsyncIterator[AsyncSession]:
    """A transaction, committed unless something is raised."""
    async with opened(settings) as db, db.begin() as session:
        yield session
