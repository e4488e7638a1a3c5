"""How often something may be tried: counted in rows, so that all processes count together."""

import math
import time
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, bindparam, case, delete
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import upsert
from bot.store.base import vault_of
from bot.store.models import Attempt

MOST = 5  # attempts in a window
WINDOW = timedelta(minutes=5)


async def spend(
    session: AsyncSession, what: str, who: str, *, most: int = MOST, window: timedelta = WINDOW, times: int = 1
) -> int:
    """Count an attempt, or several made at once.  Returns 0 when it is allowed, else the seconds until the next one is.

    The count is kept only if the transaction commits: whoever refuses must not raise on the way.
    """
    at = int(time.time())
    moment = bindparam("moment", at, BigInteger)
    over = Attempt.until <= moment
    fresh = {"key": _key(session, what, who), "times": times, "until": at + int(window.total_seconds())}
    statement: Any = upsert.insert(session, Attempt).values(fresh)
    more = {
        "times": case((over, times), else_=Attempt.times + times),
        "until": case((over, statement.excluded.until), else_=Attempt.until),
    }
    statement = statement.on_conflict_do_update(index_elements=["key"], set_=more)
    times, until = (await session.execute(statement.returning(Attempt.times, Attempt.until))).one()
    return 0 if times <= most else max(until - at, 1)


async def spent(session: AsyncSession, what: str, who: str, *, most: int = MOST) -> int:
    """Seconds until the next attempt is allowed, without making one; 0 when it is."""
    at = int(time.time())
    row = await session.get(Attempt, _key(session, what, who), populate_existing=True)
    return row.until - at if row is not None and row.until > at and row.times >= most else 0


async def forgive(session: AsyncSession, what: str, who: str) -> None:
    """It worked: count anew."""
    await session.execute(delete(Attempt).where(Attempt.key == _key(session, what, who)))


async def clear(session: AsyncSession) -> None:
    """Drop the windows that are over."""
    await session.execute(delete(Attempt).where(Attempt.until <= int(time.time())))


def minutes(seconds: int) -> int:
    """How long to wait, as people are told."""
    return math.ceil(seconds / 60)


def _key(session: AsyncSession, what: str, who: str) -> bytes:
    return vault_of(session.get_bind().dialect).blind(f"{what}:{who}", "attempts.key")
