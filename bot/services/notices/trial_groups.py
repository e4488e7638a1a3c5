"""Trial groups: colleagues of a district who get a notice before everybody else does."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.notices import trials
from bot.services.staff.accounts import within
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import Staff, TrialGroup, TrialMember

LONGEST_NAME = 20  # characters

Filled = tuple[TrialGroup, Sequence[Staff]]


def visible(staffer: Staffer, right: Right) -> ColumnElement[bool]:
    return within(TrialGroup.district, staffer.districts(right))


GROUPS = Lookup("trial_group", TrialGroup, TrialGroup.id, visible)


async def listed(session: AsyncSession, districts: Iterable[str]) -> list[Filled]:
    """The groups of some districts, each with those of its members who still work there."""
    groups = await session.scalars(
        select(TrialGroup).where(within(TrialGroup.district, districts)).order_by(TrialGroup.id)
    )
    found = {group.id: (group, list[Staff]()) for group in groups}
    members = select(TrialMember.group_id, Staff).join(Staff, Staff.id == TrialMember.staff_id)
    here = members.join(TrialGroup, TrialGroup.id == TrialMember.group_id).where(TrialGroup.id.in_(found), _belongs())
    for group_id, person in await session.execute(here.order_by(Staff.id)):
        found[group_id][1].append(person)
    return list(found.values())


def _belongs() -> ColumnElement[bool]:
    """Whoever left, or works elsewhere by now, is a member no more."""
    return and_(Staff.active, Staff.district.startswith(TrialGroup.district))


def of(group: TrialGroup) -> ColumnElement[bool]:
    """The members of a group, as `trials.send` takes them."""
    mine = select(TrialMember.staff_id).where(TrialMember.group_id == group.id)
    return and_(Staff.id.in_(mine), Staff.district.startswith(group.district))


async def members(session: AsyncSession, group: TrialGroup) -> Sequence[Staff]:
    return (await session.scalars(select(Staff).where(Staff.active, of(group)).order_by(Staff.id))).all()


async def colleagues(session: AsyncSession, districts: Iterable[str]) -> Sequence[Staff]:
    """Who may be in a group of these districts."""
    here = select(Staff).where(Staff.active, within(Staff.district, districts)).order_by(Staff.id)
    return (await session.scalars(here)).all()


async def add(session: AsyncSession, name: str, district: str, people: Iterable[int]) -> TrialGroup:
    """A new group.  Raises Rejected."""
    group = TrialGroup(district=district)
    await change(session, group, name, people)
    return group


async def change(session: AsyncSession, group: TrialGroup, name: str, people: Iterable[int]) -> None:
    """Give a group this name and these members.  Raises Rejected; nothing is changed then."""
    wanted = set(people)
    if not 0 < len(name) <= LONGEST_NAME:
        raise Rejected("trial_group.name", most=LONGEST_NAME)
    namesake = select(TrialGroup.id).where(TrialGroup.district == group.district, TrialGroup.name == name)
    if await session.scalar(namesake.where(TrialGroup.id != (group.id or 0))) is not None:
        raise Rejected("trial_group.taken", name=name)
    if not 0 < len(wanted) <= trials.TEAM:
        raise Rejected("trial_group.members", most=trials.TEAM)
    if not wanted <= {person.id for person in await colleagues(session, [group.district])}:
        raise Rejected("trial_group.elsewhere")
    group.name = name
    session.add(group)
    await session.flush()
    await session.execute(delete(TrialMember).where(TrialMember.group_id == group.id))
    session.add_all([TrialMember(group_id=group.id, staff_id=each) for each in sorted(wanted)])
    await session.flush()


async def remove(session: AsyncSession, group: TrialGroup) -> None:
    await session.delete(group)  # The database takes its members along.
    await session.flush()
