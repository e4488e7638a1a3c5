"""Units as rows: the general ones every installation begins with, and their names."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, false, insert, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.store import upsert
from bot.store.models import Agency, AgencyDesk
from knowledge import regions
from knowledge.appeals import Office


async def ensure(session: AsyncSession, offices: Iterable[Office]) -> None:
    """Enter the general units that are missing; what administrators made of those that are there stays."""
    desk_of = {each.code: each.desk for each in offices}
    rows = [{"code": each.code, "name": each.name, "region": ""} for each in offices]
    statement = upsert.insert(session, Agency).on_conflict_do_nothing(index_elements=["code"])
    new = (await session.execute(statement.returning(Agency.id, Agency.code), rows)).all()
    if new:
        await session.execute(
            insert(AgencyDesk), [{"agency_id": number, "desk": desk_of[code]} for number, code in new]
        )


def near(districts: Sequence[str]) -> ColumnElement[bool]:
    """The condition that a unit is one of these districts, or of what they lie in: a unit of elsewhere is not there."""
    inside = (Agency.region.startswith(each) if each else true() for each in districts)
    above = {region for each in districts for region in regions.around(each)}
    return or_(false(), *inside, Agency.region.in_(above))


async def named(session: AsyncSession, code: str, region: str = "") -> Agency:
    """The unit of a code, for something in a region.

    Raises Rejected, in the same words for no such unit, one at work no more, and one of elsewhere.
    """
    unit: Agency | None = await session.scalar(select(Agency).where(Agency.code == code, Agency.active))
    if unit is None or not (unit.region.startswith(region) or region.startswith(unit.region)):
        raise Rejected("move.agency")
    return unit


async def around(session: AsyncSession, districts: Sequence[str]) -> list[Agency]:
    """The units at work that have to do with these districts, those for the whole country first."""
    query = select(Agency).where(Agency.active, near(districts)).order_by(Agency.region, Agency.id)
    return list(await session.scalars(query))


async def names(session: AsyncSession) -> dict[int, str]:
    """The names of all units by number, those at work no more included: old cases name them."""
    rows = await session.execute(select(Agency.id, Agency.name))
    return {each.id: each.name for each in rows}
