"""The volunteers somebody of staff sees, those who wait for them first; their teams and their hours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.core import keyset, periods, recent
from bot.services.core.districts import inside
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.core.recent import Recent
from bot.services.staff.accounts import within
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Right, Staffer
from bot.services.volunteers.states import VolunteerState
from bot.store.models import Shift, Team, Training, Volunteer, VolunteerStep

PAGE = 50  # volunteers on one page
SORTS = ("oldest", "newest")
LONGEST_NAME = 20  # characters of a team's name

_S = VolunteerState
VIEWS: Mapping[str, tuple[VolunteerState, ...]] = {
    "waiting": (_S.APPLIED, _S.REVIEWING),
    "training": (_S.APPROVED, _S.TRAINING),
    "acting": (_S.ACTIVE,),
    "away": (_S.PAUSED, _S.SUSPENDED, _S.LAPSED),
    "everybody": tuple(_S),
}


def visible(staffer: Staffer, right: Right = Right.VOLUNTEERS_READ) -> ColumnElement[bool]:
    return within(Volunteer.district, staffer.districts(right))


VOLUNTEERS = Lookup("volunteer", Volunteer, Volunteer.number, visible)


@dataclass(frozen=True, slots=True)
class RosterFilter:
    """Which volunteers somebody looks for."""

    view: str = "waiting"
    text: str = ""  # of the number or the grid: names are sealed
    district: str = ""
    since: date | None = None  # the first and the last day on which they applied, by China's clock
    until: date | None = None

    def condition(self) -> ColumnElement[bool]:
        parts = [Volunteer.state.in_(VIEWS[self.view]), *periods.within(Volunteer.created_at, self.since, self.until)]
        if self.district:
            parts.append(inside(Volunteer.district, self.district))
        if self.text:
            columns = (Volunteer.number, Volunteer.grid)
            parts.append(or_(*(column.icontains(self.text, autoescape=True) for column in columns)))
        return and_(*parts)


async def listed(
    session: AsyncSession,
    staffer: Staffer,
    wanted: RosterFilter,
    place: Place,
    *,
    sort: str = SORTS[0],
    size: int = PAGE,
    right: Right = Right.VOLUNTEERS_READ,
) -> Page:
    """A page in one of SORTS: who has waited longest comes first, or who applied last."""
    mine = select(Volunteer).where(visible(staffer, right))
    part = Part(wanted.condition(), [Key(Volunteer.id, falling=sort == "newest")])
    return await keyset.page(session, mine, Volunteer.id, [part], place, size)


async def counts(session: AsyncSession, staffer: Staffer) -> dict[str, int]:
    """How many there are, by view."""
    query = select(Volunteer.state, func.count()).where(visible(staffer)).group_by(Volunteer.state)
    by_state = dict((await session.execute(query)).all())
    return {view: sum(by_state.get(str(state), 0) for state in states) for view, states in VIEWS.items()}


async def newest_steps(session: AsyncSession, staffer: Staffer) -> Recent:
    """The newest steps of the volunteers that somebody sees."""
    steps = recent.newest(VolunteerStep.id, VolunteerStep.volunteer_id)
    found = select(steps.c.id).join(Volunteer, Volunteer.id == steps.c.volunteer_id).where(visible(staffer))
    return Recent(await session.scalars(found))


async def shifts_ended(session: AsyncSession) -> int:
    """How many shifts wait for approval anywhere."""
    return await session.scalar(select(func.count()).where(Shift.state == "ended")) or 0


async def hours_waiting(
    session: AsyncSession, staffer: Staffer, *, lock: bool = False
) -> list[tuple[Shift, Volunteer]]:
    """Shifts that wait for approval, the oldest first.  lock: to settle them; what somebody settles now is waited for."""
    query = select(Shift, Volunteer).join(Volunteer, Volunteer.id == Shift.volunteer_id)
    mine = query.where(Shift.state == "ended", visible(staffer)).order_by(Shift.id).limit(PAGE)
    if lock:
        mine = mine.with_for_update(key_share=True, of=Shift).execution_options(populate_existing=True)
    return [(shift, volunteer) for shift, volunteer in await session.execute(mine)]


async def renewals(session: AsyncSession, staffer: Staffer) -> list[Volunteer]:
    """Who has asked for another term."""
    mine = select(Volunteer).where(Volunteer.renewal_at.is_not(None), visible(staffer))
    return list(await session.scalars(mine.order_by(Volunteer.renewal_at).limit(PAGE)))


async def shifts_of(session: AsyncSession, volunteer: Volunteer) -> Sequence[Shift]:
    """Somebody's shifts, newest first."""
    mine = select(Shift).where(Shift.volunteer_id == volunteer.id).order_by(Shift.id.desc()).limit(PAGE)
    return (await session.scalars(mine)).all()


async def shift_of(session: AsyncSession, volunteer: Volunteer, number: int | None) -> Shift | None:
    """A shift of this volunteer by its number."""
    found: Shift | None = await session.scalar(
        select(Shift).where(Shift.id == (number or 0), Shift.volunteer_id == volunteer.id)
    )
    return found


async def trainings(session: AsyncSession, volunteer: Volunteer) -> dict[str, Training]:
    """What somebody has done of the checklist, by item."""
    mine = select(Training).where(Training.volunteer_id == volunteer.id)
    return {each.item: each for each in await session.scalars(mine)}


async def teams(session: AsyncSession, districts: Sequence[str]) -> list[Team]:
    """The teams of some districts."""
    return list(await session.scalars(select(Team).where(within(Team.district, districts)).order_by(Team.id)))


async def add_team(session: AsyncSession, name: str, district: str, leader_id: int | None) -> Team:
    """A new team.  Raises Rejected without a name, or when the district has one of that name."""
    if not name or len(name) > LONGEST_NAME:
        raise Rejected("team.name", most=LONGEST_NAME)
    if await session.scalar(select(Team.id).where(Team.district == district, Team.name == name)) is not None:
        raise Rejected("team.taken", name=name)
    team = Team(name=name, district=district, leader_id=leader_id)
    session.add(team)
    await session.flush()
    return team
