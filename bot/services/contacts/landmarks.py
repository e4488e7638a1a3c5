"""Where a road, a square or a shop lies, by what we know ourselves: the names and addresses of outlets and units."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.districts import inside
from bot.store.models import Agency, Outlet
from knowledge.geo import Point

MOST = 30  # rows of each kind that are looked at
DISTRICT = 6  # digits of the code of a district
SHORTEST, LONGEST = 2, 16  # characters of a name


@dataclass(frozen=True, slots=True)
class Landmark:
    """Something of ours that lies there.  point: WGS-84, None where only the district is known."""

    name: str
    region: str  # GB/T 2260, six digits
    point: Point | None = None


async def named(session: AsyncSession, spot: str, areas: Iterable[str] = ("",)) -> list[Landmark]:
    """One for each district in which something has a spot in its name or address, those with a position first.

    areas: codes of districts, cities or provinces to look in; "" is everywhere.
    """
    if not SHORTEST <= len(spot) <= LONGEST:
        return []
    codes = list(areas)
    where = or_(Outlet.name.contains(spot, autoescape=True), Outlet.address.contains(spot, autoescape=True))
    columns = (Outlet.name, Outlet.region, Outlet.latitude, Outlet.longitude)
    there = or_(*(inside(Outlet.region, code) for code in codes))
    outlets = select(*columns).where(Outlet.active, there, where).order_by(Outlet.latitude.is_(None), Outlet.id)
    rows = (await session.execute(outlets.limit(MOST))).all()
    found = [
        Landmark(name, region, Point(lat, lon) if lat is not None and lon is not None else None)
        for name, region, lat, lon in rows
    ]
    where = or_(Agency.name.contains(spot, autoescape=True), Agency.address.contains(spot, autoescape=True))
    there = or_(*(inside(Agency.region, code) for code in codes))
    units = select(Agency.name, Agency.region).where(Agency.active, there, where).order_by(Agency.id)
    found += [Landmark(name, region) for name, region in await session.execute(units.limit(MOST))]
    districts: dict[str, Landmark] = {}
    for each in found:
        if len(each.region) >= DISTRICT:
            districts.setdefault(each.region[:DISTRICT], each)
    return list(districts.values())
