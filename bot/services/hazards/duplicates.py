"""What may be reported twice: open hazards near one, for whoever decides whether it is the same."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.hazards import dispatch_rules, hazards
from bot.services.hazards.queue import visible
from bot.services.hazards.states import OPEN
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import Hazard
from knowledge.geo import Point, distance

MOST = 8  # shown beside one


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another hazard near one.  metres: from one to the other."""

    hazard: Hazard
    metres: int


async def near(session: AsyncSession, staffer: Staffer, hazard: Hazard) -> list[Neighbour]:
    """Other open hazards within hazards.NEAR metres that this person may look at: of the same type first, the nearest first."""
    point = dispatch_rules.point_of(hazard)
    if point is None:
        return []
    query = hazards.around(point).where(Hazard.id != hazard.id, Hazard.state.in_(OPEN))
    query = query.where(visible(staffer, Right.HAZARDS_REVIEW)).order_by(Hazard.id.desc()).limit(MOST * MOST)
    start = Point(*point)
    found = [
        Neighbour(each, round(distance(start, Point(each.latitude or 0.0, each.longitude or 0.0))))
        for each in await session.scalars(query)
    ]
    found = [each for each in found if each.metres <= hazards.NEAR]
    found.sort(key=lambda each: (each.hazard.kind != hazard.kind, each.metres))
    return found[:MOST]
