"""Units as rows: the general ones every installation begins with, and their names."""

from collections.abc import Iterable

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.models import Agency, AgencyDesk
from knowledge.appeals import Office


async def ensure(session: AsyncSession, offices: Iterable[Office]) -> None:
    """Enter the general units that are missing; what administrators made of those that are there stays."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    desk_of = {each.code: each.desk for each in offices}
    rows = [{"code": each.code, "name": each.name, "region": ""} for each in offices]
    statement = dialect.insert(Agency).on_conflict_do_nothing(index_elements=["code"])
    new = (await session.execute(statement.returning(Agency.id, Agency.code), rows)).all()
    if new:
        await session.execute(
            insert(AgencyDesk), [{"agency_id": number, "desk": desk_of[code]} for number, code in new]
        )


async def every(session: AsyncSession) -> list[Agency]:
    return list(await session.scalars(select(Agency).where(Agency.active).order_by(Agency.region, Agency.id)))
