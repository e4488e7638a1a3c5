"""What a district still lacks before it can bring a case to its end: one list for the console's settings and for `doctor`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.calendar import coverage
from bot.services.contacts import outlets
from bot.services.core.context import ServiceContext
from bot.services.core.working_days import china_date
from bot.services.setup import overview
from bot.services.setup.overview import UnitStanding
from bot.services.staff import holders
from bot.services.staff.accounts import within
from bot.services.staff.permissions import Right
from bot.services.units import agencies, readers
from bot.store.models import Agency, Audit, Staff, StaffRole, StationRow, now
from knowledge.regions import around
from knowledge.texts import DEFAULT

NAMED = 5  # outlets without a contact that are named


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One line.  name: what is looked at, a key of the console's words.  lacking: what is missing, as it is called."""

    name: str
    well: bool
    lacking: tuple[str, ...] = ()


Look: TypeAlias = Callable[[AsyncSession, ServiceContext, str], Awaitable[CheckItem]]


async def of_district(session: AsyncSession, context: ServiceContext, district: str) -> list[CheckItem]:
    """The whole list for a district, a GB/T 2260 prefix; "" asks for each whether it is there anywhere."""
    standings = await overview.standings(session, [district], answers=False)
    looked = [await look(session, context, district) for look in LOOKS]
    items = {each.name: each for each in (*looked, _handlers(standings), _chats(standings))}
    return [items[name] for name in ORDER]


async def set_up(session: AsyncSession) -> Sequence[str]:
    """The districts in which somebody has begun: they have a unit or a colleague of their own."""
    regions = {*await session.scalars(select(Agency.region).where(Agency.active, Agency.region != ""))}
    working = select(StaffRole.district).join(Staff, Staff.id == StaffRole.staff_id)
    regions |= {*await session.scalars(working.where(Staff.active, StaffRole.district != ""))}
    return sorted(regions)


async def kinds(session: AsyncSession, context: ServiceContext, district: str) -> CheckItem:
    """Whether every kind of appeals, and hazards, is read by somebody when it comes in."""
    if context.queue:
        return CheckItem("kinds", well=True)
    offered = context.knowledge.appeals.kinds.values()
    lacking = [kind.label for kind in await readers.unread(session, offered, district)]
    query = select(StaffRole.role, StaffRole.district).join(Staff, Staff.id == StaffRole.staff_id)
    rows = await session.execute(query.where(Staff.active, StaffRole.category == ""))
    if not any(role in Right.HAZARDS_REVIEW.roles and (district.startswith(at) or not district) for role, at in rows):
        lacking.append(context.knowledge.texts.say(DEFAULT, "form.report"))
    return CheckItem("kinds", not lacking, tuple(lacking))


async def _units(session: AsyncSession, context: ServiceContext, district: str) -> CheckItem:
    own = agencies.near([district])
    count = await session.scalar(select(func.count()).where(Agency.active, Agency.region != "", own))
    return CheckItem("units", bool(count))


def _handlers(standings: Sequence[UnitStanding]) -> CheckItem:
    lacking = tuple(each.unit.name for each in standings if each.cases and each.unread)
    return CheckItem("handlers", not lacking, lacking)


def _chats(standings: Sequence[UnitStanding]) -> CheckItem:
    """Whether new work rings somewhere: a unit's people are told of it in the chat they linked."""
    busy = [each for each in standings if each.people and (each.cases or (each.desks and each.unit.region))]
    lacking = tuple(each.unit.name for each in busy if not each.reached)
    return CheckItem("chats", not lacking, lacking)


async def _calendar(session: AsyncSession, context: ServiceContext, district: str) -> CheckItem:
    reach = await coverage.coverage(session)
    return CheckItem("calendar", not reach.short, () if not reach.short else (f"{reach.until}",))


async def _stations(session: AsyncSession, context: ServiceContext, district: str) -> CheckItem:
    count = await session.scalar(select(func.count()).where(within(StationRow.region, [district])))
    return CheckItem("stations", bool(count))


async def _contacts(session: AsyncSession, context: ServiceContext, district: str) -> CheckItem:
    """Whether somebody looks after every outlet that was entered."""
    lacking = await outlets.without_contact(session, [district], china_date(now()), NAMED)
    return CheckItem("contacts", not lacking, tuple(lacking))


async def _trial(session: AsyncSession, context: ServiceContext, district: str) -> CheckItem:
    """Whether somebody who works in the district, or around it, has sent a notice to colleagues first."""
    above = Staff.district.in_(around(district))
    tried = select(func.count()).select_from(Audit).join(Staff, Staff.id == Audit.staff_id)
    tried = tried.where(Audit.action == "notice.try", ~Audit.denied, or_(above, within(Staff.district, [district])))
    return CheckItem("trial", bool(await session.scalar(tried)))


async def second(session: AsyncSession, context: ServiceContext, district: str) -> CheckItem:
    """Whether what one person makes can be let out by another one."""
    say = context.knowledge.texts.say
    lacking = tuple(say(DEFAULT, f"second.{each}") for each in await holders.alone(session, district))
    return CheckItem("second", not lacking, lacking)


LOOKS: tuple[Look, ...] = (_units, kinds, second, _calendar, _stations, _contacts, _trial)
ORDER = ("units", "kinds", "handlers", "second", "chats", "calendar", "stations", "contacts", "trial")
