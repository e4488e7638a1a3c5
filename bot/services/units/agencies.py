"""Agencies: the general ones every installation begins with, and the district's own."""

from collections.abc import Iterable

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.models import Agency
from knowledge.appeals import Office


async def ensure(session: AsyncSession, offices: Iterable[Office]) -> None:
    """Enter the general agencies that are missing; what administrators changed stays."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    rows = [{"code": each.code, "name": each.name, "desk": each.desk, "region": ""} for each in offices]
    await session.execute(dialect.insert(Agency).on_conflict_do_nothing(index_elements=["code"]), rows)


async def add(session: AsyncSession, code: str, name: str, *, desk: str, region: str) -> int:
    """A district's own agency.  Returns its id."""
    values = {"code": code, "name": name, "desk": desk, "region": region}
    number: int = (await session.execute(insert(Agency).values(values).returning(Agency.id))).scalar_one()
    return number


async def every(session: AsyncSession) -> list[Agency]:
    return list(await session.scalars(select(Agency).where(Agency.active).order_by(Agency.region, Agency.id)))
