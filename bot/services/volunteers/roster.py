"""The volunteers somebody of staff sees, those who wait for them first; their teams and their hours."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.core import keyset, recent
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.core.recent import Recent
from bot.services.staff.accounts import within
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Right, Staffer
from bot.services.volunteers.states import VolunteerState
from bot.store.models import Shift, Team, Training, Volunteer, VolunteerStep

PAGE = 50  # volunteers on one page
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


async def listed(session: AsyncSession, staffer: Staffer, view: str, place: Place) -> Page:
    """A page of a view; who has waited longest comes first."""
    mine = select(Volunteer).where(visible(staffer))
    part = Part(Volunteer.state.in_(VIEWS[view]), [Key(Volunteer.id)])
    return await keyset.page(session, mine, Volunteer.id, [part], place, PAGE)


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


async def hours_waiting(session: AsyncSession, staffer: Staffer) -> list[tuple[Shift, Volunteer]]:
    """Shifts that wait for approval, the oldest first."""
    query = select(Shift, Volunteer).join(Volunteer, Volunteer.id == Shift.volunteer_id)
    mine = query.where(Shift.state == "ended", visible(staffer)).order_by(Shift.id).limit(PAGE)
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
