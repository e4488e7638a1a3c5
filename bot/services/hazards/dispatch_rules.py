"""Which agency gets a hazard: the rule for its type and area, the closest one first; else the unit of its desk."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.context import ServiceContext
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
    """The smallest area wins, and within one area the rule for the type before the one for any; `but` none of these."""
    areas = [*([cell(*point)] if point else []), region[:6], region[:4], region[:2], ""]
    fits = select(HazardRule, Agency).join(Agency, Agency.id == HazardRule.agency_id)
    fits = fits.where(Agency.active, Agency.id.not_in(but))
    fits = fits.where(HazardRule.kind.in_(["", kind.code]), HazardRule.area.in_(areas))
    found = (await session.execute(fits)).all()
    if found:
        best = min(found, key=lambda pair: (areas.index(pair[0].area), pair[0].kind == ""))
        return best[1]
    return await desks.unit_for(session, kind.desk, region, but=but)


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
    unit = await agencies.named(session, agency, region)
    await session.execute(delete(HazardRule).where(HazardRule.kind == kind, HazardRule.area == area))
    await session.execute(insert(HazardRule).values(kind=kind, area=area, agency_id=unit.id))


async def remove(session: AsyncSession, rule_id: int) -> None:
    await session.execute(delete(HazardRule).where(HazardRule.id == rule_id))
