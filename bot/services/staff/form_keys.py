"""Forms handed in: each carries a key of its own, and does its work once."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.staff.sessions import hashed
from bot.store import upsert
from bot.store.models import FormPost, now


async def claim(session: AsyncSession, staff_id: int, key: str) -> str | None:
    """None for a form that comes for the first time; else the page it led to, "" when it showed one itself.

    Two at the same moment: the second waits for the first to commit, and is a repetition then.
    """
    values = {"key": _key(staff_id, key), "at": now(), "location": ""}
    statement = upsert.insert(session, FormPost).values(values).on_conflict_do_nothing().returning(FormPost.key)
    if await session.scalar(statement) is not None:
        return None
    return await session.scalar(select(FormPost.location).where(FormPost.key == values["key"])) or ""


async def settle(session: AsyncSession, staff_id: int, key: str, location: str) -> None:
    """Remember where the form led."""
    row = update(FormPost).where(FormPost.key == _key(staff_id, key))
    await session.execute(row.values(location=location[:300]))


def _key(staff_id: int, key: str) -> bytes:
    return hashed(f"{staff_id}:{key}")
