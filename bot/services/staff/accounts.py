"""Staff as rows: who there is, what they were granted, and who may change that.  Every change is audited."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import pyotp
from sqlalchemy import ColumnElement, delete, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.errors import Rejected
from bot.services.core.districts import inside
from bot.services.core.lifecycle import Role
from bot.services.staff import audit
from bot.services.staff.audit import By
from bot.services.staff.permissions import (
    AGENCY,
    ALONE,
    EVERYBODY,
    RIGHTS,
    SECOND,
    Denied,
    Grant,
    Right,
    SamePerson,
    Staffer,
    may_give,
    outranks,
)
from bot.store.models import Agency, ScreenSignIn, SignInLink, Staff, StaffRole, StaffSession, now

__all__ = [
    "EVERYBODY",
    "RIGHTS",
    "Denied",
    "Grant",
    "SamePerson",
    "Staffer",
    "add",
    "find",
    "give",
    "listed",
    "of_chat",
    "seed_demo",
    "set_active",
    "set_unit",
    "staffer_of",
    "take",
    "unit_of",
    "within",
]

USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
DISTRICT = re.compile(r"([0-9]{2}){0,3}")
LONGEST_NAME = 40  # characters
DEMO = {  # one person of each role, in Shenyang
    Role.ORGANISER: ("demo.organiser", "演示·组织员"),
    Role.APPROVER: ("demo.approver", "演示·审批员"),
    Role.HANDLER: ("demo.handler", "演示·承办员"),
    Role.REVIEWER: ("demo.reviewer", "演示·审核员"),
    Role.ADMIN: ("demo.admin", "演示·区域管理员"),
    Role.SYSTEM_ADMIN: ("demo.system", "演示·系统管理员"),
    Role.AUDITOR: ("demo.auditor", "演示·审计员"),
    Role.COUNTER: ("demo.counter", "演示·兑换点"),
    Role.PROVIDER: ("demo.provider", "演示·咨询人"),
}
DEMO_DISTRICT = "2101"
DEMO_KIND = "legal"  # the confidential kind its administrator is named for
DEMO_UNIT = "labour"  # where the demo's handler sits
DEMO_HAZARDS = ("demo.urban", "演示·承办员（隐患）", "urban")  # and the one who mends what most hazards are about


async def staffer_of(session: AsyncSession, staff_id: int) -> Staffer | None:
    """Somebody with the rights they have now; None for who has left."""
    person = await session.get(Staff, staff_id, populate_existing=True)
    if person is None or not person.active:
        return None
    return made(person, await grants_of(session, staff_id))


def made(person: Staff, grants: Iterable[Grant]) -> Staffer:
    return Staffer(person.id, person.name, person.username, person.district, person.agency_id, tuple(grants))


async def grants_of(session: AsyncSession, staff_id: int) -> list[Grant]:
    rows = await session.scalars(select(StaffRole).where(StaffRole.staff_id == staff_id).order_by(StaffRole.id))
    return [grant_of(row) for row in rows]


def grant_of(row: StaffRole) -> Grant:
    return Grant(Role(row.role), row.district, row.category)


async def find(session: AsyncSession, username: str) -> Staff | None:
    """By the name they sign in with, however they capitalise it."""
    person: Staff | None = await session.scalar(select(Staff).where(Staff.username == username.strip().lower()))
    return person


async def of_chat(session: AsyncSession, chat_id: int, *, gone: bool = False) -> Staff | None:
    """Whose chat this is; gone: also that of somebody who has left, whom nobody else can take it from."""
    query = select(Staff).where(Staff.chat_id == chat_id)
    person: Staff | None = await session.scalar(query if gone else query.where(Staff.active))
    return person


async def listed(session: AsyncSession, districts: Sequence[str] = ("",)) -> list[tuple[Staff, list[StaffRole]]]:
    """Who works in these districts, those who left at the end."""
    people = select(Staff).where(within(Staff.district, districts)).order_by(Staff.active.desc(), Staff.id)
    found = {person.id: (person, list[StaffRole]()) for person in await session.scalars(people)}
    rows = select(StaffRole).join(Staff, Staff.id == StaffRole.staff_id).where(within(Staff.district, districts))
    for row in await session.scalars(rows.order_by(StaffRole.id)):
        found[row.staff_id][1].append(row)
    return list(found.values())


def within(column: InstrumentedAttribute[Any], districts: Iterable[str]) -> ColumnElement[bool]:
    """The condition that a row lies in one of these districts; no district, no row."""
    return or_(false(), *(inside(column, each) for each in districts))


async def add(
    session: AsyncSession,
    giver: Staffer | None,
    by: By,
    *,
    name: str,
    username: str,
    district: str = "",
    unit: Agency | None = None,
) -> Staff:
    """A new colleague, without any role yet.  `giver` is None on the command line.

    Raises Rejected, or Denied outside the giver's district.
    """
    name, username = name.strip(), username.strip().lower()
    if not name or len(name) > LONGEST_NAME:
        raise Rejected("people.name", most=LONGEST_NAME)
    if not USERNAME.fullmatch(username):
        raise Rejected("people.username")
    if not DISTRICT.fullmatch(district):
        raise Rejected("people.district")
    if giver is not None:
        giver.require(Right.PEOPLE_ADD, district=district)
    if await find(session, username) is not None:
        raise Rejected("people.taken", username=username)
    _check_near(unit, district)
    person = Staff(name=name, username=username, district=district, active=True, recovery=[], totp_step=0)
    person.agency_id = unit.id if unit else None
    session.add(person)
    await session.flush()
    details: dict[str, Any] = {"username": username, "district": district, **({"unit": unit.code} if unit else {})}
    await audit.note(session, by, "staff.add", f"staff:{person.id}", **details)
    return person


async def unit_of(session: AsyncSession, giver: Staffer | None, code: str) -> Agency | None:
    """The unit of a code, as this person may give it to others: of their districts, or around them; None for "".

    Raises Rejected, in the same words for one that is elsewhere and one that is not there.
    """
    unit: Agency | None = await session.scalar(select(Agency).where(Agency.code == code, Agency.active))
    if code and (unit is None or (giver is not None and not giver.near(Right.PEOPLE_GRANT, unit.region))):
        raise Rejected("people.no_unit")
    return unit


async def set_unit(session: AsyncSession, giver: Staffer | None, by: By, person: Staff, unit: Agency | None) -> None:
    """Let somebody work for another unit from now on, or for none.  Raises Denied, Rejected for a handler without one."""
    held = await _changeable(session, giver, person, Right.PEOPLE_GRANT)
    if unit is None and any(each.role in AGENCY for each in held):
        raise Rejected("people.unit")
    _check_near(unit, person.district)
    before = await session.get(Agency, person.agency_id) if person.agency_id else None
    if before is unit:
        return
    person.agency_id = unit.id if unit else None
    await session.flush()
    codes: dict[str, Any] = {"before": before.code if before else "", "unit": unit.code if unit else ""}
    await audit.note(session, by, "staff.unit", f"staff:{person.id}", **codes)


def _check_near(unit: Agency | None, district: str) -> None:
    """A unit of another place is nobody's who works here.  Raises Rejected."""
    if unit is not None and not (unit.region.startswith(district) or district.startswith(unit.region)):
        raise Rejected("people.no_unit")


async def give(session: AsyncSession, giver: Staffer | None, by: By, person: Staff, grant: Grant) -> None:
    """Grant a role.  Twice is once.  Raises Denied beyond the giver's own reach, Rejected for what does not go."""
    if not DISTRICT.fullmatch(grant.district):
        raise Rejected("people.district")
    held = await _changeable(session, giver, person, Right.PEOPLE_GRANT)
    if giver is not None and not any(may_give(mine, grant) for mine in giver.grants):
        raise Denied(Right.PEOPLE_GRANT, f"staff:{person.id}")
    if grant in held:
        return
    if grant.role in AGENCY and person.agency_id is None:
        raise Rejected("people.unit")
    others = {each.role for each in held} - {grant.role}
    if others and (grant.role in ALONE or others & ALONE):
        raise Rejected("people.alone")
    values: dict[str, Any] = {"role": grant.role, "district": grant.district, "category": grant.category}
    session.add(StaffRole(staff_id=person.id, **values, granted_by=giver.id if giver else None, at=now()))
    await session.flush()
    await audit.note(session, by, "staff.grant", f"staff:{person.id}", **values)


async def take(session: AsyncSession, giver: Staffer | None, by: By, person: Staff, role_id: int) -> None:
    """Withdraw a granted role; one that is gone already is none.  Raises Denied, Rejected for the last administrator."""
    await _changeable(session, giver, person, Right.PEOPLE_GRANT)
    row = await session.get(StaffRole, role_id)
    if row is None or row.staff_id != person.id:
        return
    if row.role == Role.SYSTEM_ADMIN:
        await _spare_the_last(session, person)
    await session.delete(row)
    await session.flush()
    values: dict[str, Any] = {"role": row.role, "district": row.district, "category": row.category}
    await audit.note(session, by, "staff.ungrant", f"staff:{person.id}", **values)


async def set_active(session: AsyncSession, giver: Staffer | None, by: By, person: Staff, *, active: bool) -> None:
    """Let somebody in again, or no longer: then every session and every open link of theirs ends at once.

    Raises Denied, Rejected for the last system administrator.
    """
    await _changeable(session, giver, person, Right.PEOPLE_MANAGE)
    if person.active == active:
        return
    if not active:
        await _spare_the_last(session, person)
        await shut_out(session, person.id)
    person.active = active
    await session.flush()
    await audit.note(session, by, "staff.activate" if active else "staff.deactivate", f"staff:{person.id}")


async def shut_out(session: AsyncSession, staff_id: int) -> None:
    """End all sessions and links of somebody."""
    theirs = update(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.revoked_at.is_(None))
    await session.execute(theirs.values(revoked_at=now()))
    await session.execute(delete(SignInLink).where(SignInLink.staff_id == staff_id))
    await void_codes(session, staff_id)


async def void_codes(session: AsyncSession, staff_id: int) -> None:
    """Let in no computer whose screen shows a code that their chat sent, picked or not."""
    await session.execute(delete(ScreenSignIn).where(ScreenSignIn.staff_id == staff_id, ScreenSignIn.used_at.is_(None)))


async def changeable(session: AsyncSession, giver: Staffer | None, person: Staff, right: Right) -> None:
    """Raises Denied unless `giver` may change this person."""
    await _changeable(session, giver, person, right)


async def _changeable(session: AsyncSession, giver: Staffer | None, person: Staff, right: Right) -> list[Grant]:
    held = await grants_of(session, person.id)
    if giver is not None:
        subject = f"staff:{person.id}"
        seen = giver.may(Right.PEOPLE_READ, district=person.district)
        may = giver.may(right, district=person.district)
        if not seen or not may or not outranks(giver, person.id, person.district, held):
            raise Denied(right, subject, hidden=not seen)
    return held


async def _spare_the_last(session: AsyncSession, person: Staff) -> None:
    """Raises Rejected when nobody else could let people in any more."""
    admins = select(StaffRole.staff_id).join(Staff, Staff.id == StaffRole.staff_id)
    admins = admins.where(StaffRole.role == Role.SYSTEM_ADMIN, Staff.active).distinct()
    if list(await session.scalars(admins)) == [person.id]:
        raise Rejected("people.last")


async def names(session: AsyncSession, numbers: Iterable[int | None]) -> dict[int, str]:
    """Work names by number."""
    wanted = {number for number in numbers if number is not None}
    people = await session.scalars(select(Staff).where(Staff.id.in_(wanted))) if wanted else ()
    return {person.id: person.name for person in people}


async def counted(session: AsyncSession) -> int:
    """How many people could sign in."""
    return await session.scalar(select(func.count()).select_from(Staff).where(Staff.active)) or 0


async def is_demo(session: AsyncSession) -> bool:
    """Whether the demo's people are here; not all of them have left."""
    names = [username for username, _ in DEMO.values()]
    return await session.scalar(select(Staff.id).where(Staff.username.in_(names), Staff.active).limit(1)) is not None


async def seed_demo(session: AsyncSession) -> list[Staff]:
    """One person of each role, for the demo, and a handler of hazards; those that are there already stay as they are."""
    by, people = By(role=Role.SYSTEM), []
    wanted = [(role, *names, DEMO_UNIT) for role, names in DEMO.items()]
    for role, username, name, code in (*wanted, (Role.HANDLER, *DEMO_HAZARDS)):
        person = await find(session, username)
        if person is None:
            district = "" if role in ALONE else DEMO_DISTRICT
            unit = await unit_of(session, None, code) if role in AGENCY else None
            person = await add(session, None, by, name=name, username=username, district=district, unit=unit)
            await give(session, None, by, person, Grant(role, district))
            if role is Role.ADMIN:  # Or nobody would read what is confidential.
                await give(session, None, by, person, Grant(role, district, DEMO_KIND))
        if role in SECOND and person.totp is None:
            person.totp = pyotp.random_base32()  # The demo shows its codes: nobody has to enrol.
        people.append(person)
    return people
