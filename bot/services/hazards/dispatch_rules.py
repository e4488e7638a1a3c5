"""Which agency gets a hazard: the rule for its type and area, the closest one first; else the unit of its desk."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.context import ServiceContext
from bot.services.hazards import drawn
from bot.services.hazards.drawn import DrawnArea
from bot.services.units import agencies, desks
from bot.store.models import Agency, Hazard, HazardRule, HazardStep
from knowledge.hazards import HazardKind


def cell(latitude: float, longitude: float) -> str:
    """The grid cell of a position, about a kilometre wide."""
    return f"{latitude:.2f},{longitude:.2f}"


async def agency_for(
    session: AsyncSession,
    kind: HazardKind,
    region: str,
    point: tuple[float, float] | None,
    *,
    but: Collection[int] = (),
) -> Agency | None:
    """The smallest area wins, and within one area the rule for the type before the one for any; `but` none of these.

    What somebody drew is smaller than a cell of the grid, and a cell than a district.
    """
    around = await _drawn(session, region, point) if point else []
    areas = [*around, *([cell(*point)] if point else []), region[:6], region[:4], region[:2], ""]
    fits = select(HazardRule, Agency).join(Agency, Agency.id == HazardRule.agency_id)
    fits = fits.where(Agency.active, Agency.id.not_in(but))
    fits = fits.where(HazardRule.kind.in_(["", kind.code]), HazardRule.area.in_(areas))
    found = (await session.execute(fits)).all()
    if found:
        best = min(found, key=lambda pair: (areas.index(pair[0].area), pair[0].kind == ""))
        return best[1]
    return await desks.unit_for(session, kind.desk, region, but=but)


async def _drawn(session: AsyncSession, region: str, point: tuple[float, float]) -> list[str]:
    """The drawn areas of a district that hold a place, the smallest first."""
    divisions = {region[:length] for length in (2, 4, 6)} - {""}
    query = select(HazardRule.area, HazardRule.outline).where(HazardRule.region.in_(divisions))
    found = {area: drawn.kept(outline) for area, outline in await session.execute(query) if outline}
    return sorted((area for area, each in found.items() if each.holds(*point)), key=lambda area: found[area].size)


async def suggested(session: AsyncSession, context: ServiceContext, hazard: Hazard) -> int | None:
    """The unit the rules name for a hazard that nobody has, none that gave it back; None when somebody has to choose."""
    kind = context.knowledge.hazards.kinds.get(hazard.kind)
    if kind is None:
        return None
    back = select(HazardStep.agency_id).where(HazardStep.hazard_id == hazard.id, HazardStep.name == "return")
    never = {*await session.scalars(back)} - {None}
    agency = await agency_for(session, kind, hazard.region, point_of(hazard), but=never)
    return agency.id if agency is not None else None


def point_of(hazard: Hazard) -> tuple[float, float] | None:
    """Where it is: degrees, WGS-84; None for a typed place."""
    if hazard.latitude is None or hazard.longitude is None:
        return None
    return hazard.latitude, hazard.longitude


async def listed(session: AsyncSession, districts: Sequence[str]) -> Sequence[tuple[HazardRule, Agency]]:
    """The rules that name units of these districts, or of what they lie in."""
    query = select(HazardRule, Agency).join(Agency, Agency.id == HazardRule.agency_id).where(agencies.near(districts))
    rows = (await session.execute(query.order_by(HazardRule.area, HazardRule.kind))).all()
    return [(rule, agency) for rule, agency in rows]


async def put(session: AsyncSession, kind: str, area: str, agency: str, *, region: str = "") -> None:
    """Set the rule for a type and an area; `region` is where that is.  Raises Rejected for a unit of elsewhere."""
    await _replace(session, agency, region, kind=kind, area=area)


async def draw(session: AsyncSession, kind: str, area: DrawnArea, agency: str, *, region: str, name: str) -> None:
    """Set the rule for a type and what somebody drew in a district.  Raises Rejected for a unit of elsewhere."""
    outline = [list(corner) for corner in area.corners]
    await _replace(session, agency, region, kind=kind, area=area.key, region=region, name=name, outline=outline)


async def _replace(session: AsyncSession, agency: str, where: str, **rule: Any) -> None:
    unit = await agencies.named(session, agency, where)
    same = delete(HazardRule).where(HazardRule.kind == rule["kind"], HazardRule.area == rule["area"])
    await session.execute(same)
    await session.execute(insert(HazardRule).values(**rule, agency_id=unit.id))


async def remove(session: AsyncSession, rule_id: int) -> None:
    await session.execute(delete(HazardRule).where(HazardRule.id == rule_id))
