"""The numbers by which replicas see that content changed: each part of the content has one, and it only grows."""

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.models import Revision, now


async def touch(session: AsyncSession, name: str) -> None:
    """Tell all replicas that this part changed.  Until the transaction ends, others who touch it wait."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(Revision).values(name=name, number=1, at=now())
    again = {"number": Revision.number + 1, "at": now()}
    await session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=again))


async def numbers(session: AsyncSession) -> dict[str, int]:
    """The number of each part's newest change."""
    rows = await session.scalars(select(Revision))
    return {row.name: row.number for row in rows}
