"""The numbers by which replicas see that content changed: each part of the content has one, and it only grows."""

from datetime import datetime

from sqlalchemy import ScalarSelect, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import upsert
from bot.store.models import Revision, now


async def touch(session: AsyncSession, name: str) -> None:
    """Tell all replicas that this part changed.  Until the transaction ends, others who touch it wait."""
    statement = upsert.insert(session, Revision).values(name=name, number=1, at=now())
    again = {"number": Revision.number + 1, "at": now()}
    await session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=again))


async def numbers(session: AsyncSession) -> dict[str, int]:
    """The number of each part's newest change."""
    rows = await session.scalars(select(Revision))
    return {row.name: row.number for row in rows}


def changed_at(name: str) -> ScalarSelect[datetime]:
    """When a part changed last, as part of a query: no two changes have the same moment, those undone included."""
    return select(Revision.at).where(Revision.name == name).scalar_subquery()
