"""What each unit has and who is there: open cases, people who handle, the last answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.appeals.queue import BUSY
from bot.services.core.lifecycle import Role
from bot.services.hazards import states as hazard_states
from bot.services.staff.accounts import within
from bot.services.units import agencies, units
from bot.store.models import Agency, Appeal, Hazard, Staff, StaffRole


@dataclass(frozen=True, slots=True)
class UnitStanding:
    """A unit as administrators of some districts see it: of a larger area's unit only what concerns them.

    cases: open appeals and hazards there.  people: colleagues of it who handle them.  reached: those of them who have
    a chat linked.  answered: the last time it did.
    """

    unit: Agency
    desks: tuple[str, ...]
    cases: int
    people: int
    reached: int
    answered: datetime | None

    @property
    def unread(self) -> bool:
        """Whether what it has, or would get, is read by nobody.

        One that is switched off may have a case that was on its way to it at that moment.
        """
        if not self.unit.active:
            return self.cases > 0
        return self.people == 0 and (self.cases > 0 or bool(self.desks and self.unit.region))


async def standings(session: AsyncSession, districts: Sequence[str], *, answers: bool = True) -> list[UnitStanding]:
    """The units of these districts and those around them, the ones for the whole country first.

    Without `answers` nobody looks when each answered last, which reads all that was ever answered.
    """
    query = select(Agency).where(agencies.near(districts))
    rows = list(await session.scalars(query.order_by(Agency.region, Agency.active.desc(), Agency.id)))
    desks = await units.desks_of(session, (each.id for each in rows))
    cases, people = await _cases(session, districts), await _people(session, districts)
    answered = await _answered(session, districts) if answers else {}
    return [
        UnitStanding(
            unit,
            tuple(desks.get(unit.id, ())),
            cases.get(unit.id, 0),
            len(people.get(unit.id, {})),
            sum(people.get(unit.id, {}).values()),
            answered.get(unit.id),
        )
        for unit in rows
    ]


async def _cases(session: AsyncSession, districts: Sequence[str]) -> Mapping[int, int]:
    counts: dict[int, int] = {}
    for model, states in ((Appeal, BUSY), (Hazard, hazard_states.OPEN)):
        query = select(model.agency_id, func.count()).where(model.state.in_(states), within(model.region, districts))
        for number, count in await session.execute(query.group_by(model.agency_id)):
            if number is not None:
                counts[number] = counts.get(number, 0) + count
    return counts


async def _people(session: AsyncSession, districts: Sequence[str]) -> Mapping[int, Mapping[int, bool]]:
    """Who handles for it in these districts, or around them, and whether they can be told in chat."""
    query = select(Staff.agency_id, Staff.id, Staff.chat_id, StaffRole.district)
    query = query.join(StaffRole, StaffRole.staff_id == Staff.id)
    query = query.where(Staff.active, Staff.agency_id.is_not(None), StaffRole.role == Role.HANDLER)
    found: dict[int, dict[int, bool]] = {}
    for number, person, chat, district in await session.execute(query):
        if number is not None and any(district.startswith(each) or each.startswith(district) for each in districts):
            found.setdefault(number, {})[person] = chat is not None
    return found


async def _answered(session: AsyncSession, districts: Sequence[str]) -> Mapping[int, datetime]:
    newest: dict[int, datetime] = {}
    for model, column in ((Appeal, Appeal.answered_at), (Hazard, Hazard.resolved_at)):
        query = select(model.agency_id, func.max(column)).where(column.is_not(None), within(model.region, districts))
        for number, at in await session.execute(query.group_by(model.agency_id)):
            if number is not None and at is not None:
                newest[number] = max(at, newest.get(number, at))
    return newest
