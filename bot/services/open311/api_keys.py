"""Keys to the API: given out once, kept as a hash, counted by the minute and the day."""

import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.store.base import locked
from bot.store.models import Agency, ApiKey, now

MINUTE, DAY = 60, 86_400  # seconds


class OverQuota(Exception):
    """The key was used too often.  `after` is how many seconds to wait."""

    def __init__(self, after: int) -> None:
        super().__init__(f"over quota for {after} s")
        self.after = after


async def add(
    session: AsyncSession, name: str, *, agency: str = "", exact: bool = False, a_minute: int = 60, a_day: int = 5_000
) -> str:
    """A new key, shown this once.  Raises Rejected: the name is taken, or nobody knows the agency."""
    if await session.scalar(select(ApiKey.id).where(ApiKey.name == name)) is not None:
        raise Rejected("open311.name_taken")
    agency_id = await session.scalar(select(Agency.id).where(Agency.code == agency)) if agency else None
    if agency and agency_id is None:
        raise Rejected("move.agency")
    key = "nx_" + secrets.token_urlsafe(32)
    values = {"name": name, "hash": _hash(key), "agency_id": agency_id, "exact": exact}
    session.add(ApiKey(**values, a_minute=a_minute, a_day=a_day))
    return key


async def listed(session: AsyncSession) -> Sequence[ApiKey]:
    return (await session.scalars(select(ApiKey).order_by(ApiKey.id))).all()


async def remove(session: AsyncSession, name: str) -> bool:
    """From now on the key opens nothing; what was posted with it stays.  False when nobody has this name."""
    key = await session.scalar(select(ApiKey).where(ApiKey.name == name))
    if key is not None:
        key.revoked_at = key.revoked_at or now()
    return key is not None


async def known(session: AsyncSession, given: str) -> ApiKey | None:
    """The key, uncounted: for reading.  The hash is looked up, so no comparison tells how close a guess was."""
    query = select(ApiKey).where(ApiKey.hash == _hash(given), ApiKey.revoked_at.is_(None))
    key: ApiKey | None = await session.scalar(query)
    return key


async def use(session: AsyncSession, given: str) -> ApiKey | None:
    """The key, counted; its row stays locked to the end of the transaction.  None when it opens nothing.

    Raises OverQuota.
    """
    query = select(ApiKey).where(ApiKey.hash == _hash(given), ApiKey.revoked_at.is_(None))
    key: ApiKey | None = await session.scalar(locked(query))
    if key is None:
        return None
    at = int(now().timestamp())
    if key.minute != at // MINUTE:
        key.minute, key.in_minute = at // MINUTE, 0
    if key.day != at // DAY:
        key.day, key.in_day = at // DAY, 0
    if key.in_day >= key.a_day:
        raise OverQuota(DAY - at % DAY)
    if key.in_minute >= key.a_minute:
        raise OverQuota(MINUTE - at % MINUTE)
    key.in_minute += 1
    key.in_day += 1
    return key


def _hash(key: str) -> bytes:
    """A key has 256 random bits, so that a plain hash is as good as a slow one."""
    return hashlib.sha256(key.encode()).digest()
