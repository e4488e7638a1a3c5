"""Units as administrators enter them: what they are called, where they sit, which desks they take."""

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.staff import audit
from bot.services.staff.accounts import DISTRICT
from bot.services.staff.audit import By
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Right, Staffer
from bot.services.units import agencies
from bot.store.models import Agency, AgencyDesk
from knowledge import hours, phones
from knowledge.regions import around

LONGEST_NAME = 60  # characters
LONGEST = 200  # characters of hours
SHORT_NUMBER = re.compile(r"[0-9]{3,6}")  # 12345, 110


def visible(staffer: Staffer, right: Right = Right.UNITS_READ) -> ColumnElement[bool]:
    """The units of somebody's districts, and those around them: who changes one asks for its own region once more."""
    return agencies.near(staffer.districts(right))


UNITS = Lookup("unit", Agency, Agency.id, visible)


class UnitKind(StrEnum):
    """What a unit is."""

    OFFICE = "office"
    STREET = "street"
    COMMUNITY = "community"
    POLICE = "police"
    UNION = "union"
    COURT = "court"
    PLATFORM = "platform"
    COMPANY = "company"
    PROPERTY = "property"
    SCHOOL = "school"
    MERCHANT = "merchant"


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """A unit as somebody wrote it into a form; texts are trimmed.

    parent: the number of the unit above it, None for none.  desks: those it takes, of the known ones.
    checked: the day on which somebody said that all of this is right.
    """

    name: str
    kind: str = UnitKind.OFFICE
    parent: int | None = None
    desks: tuple[str, ...] = ()
    phone: str = ""
    hours: str = ""
    address: str = ""
    checked: date | None = None


async def add(session: AsyncSession, by: By, region: str, entry: UnitEntry, known: Iterable[str]) -> Agency:
    """Enter a unit of a region, a GB/T 2260 prefix.  known: the desks there are.  Raises Rejected."""
    if not DISTRICT.fullmatch(region):
        raise Rejected("people.district")
    values = await _read(session, region, entry, known)
    unit = Agency(code=secrets.token_hex(8), region=region, changed_by=by.staff_id, active=True, **values)
    session.add(unit)
    await session.flush()
    unit.code = f"u{unit.id}"  # What `staff add --unit` and events name it by.
    await _set_desks(session, unit, entry.desks)
    await audit.note(session, by, "unit.add", f"unit:{unit.id}", unit=unit.name, district=region)
    return unit


async def change(session: AsyncSession, by: By, unit: Agency, entry: UnitEntry, known: Iterable[str]) -> None:
    """Take over what somebody made of a unit; its region and its code stay.  Raises Rejected."""
    before = unit.name
    values = await _read(session, unit.region, entry, known, unit)
    for name, value in values.items():
        setattr(unit, name, value)
    unit.changed_by = by.staff_id
    await _set_desks(session, unit, entry.desks)
    renamed: dict[str, Any] = {"before": before} if before != unit.name else {}
    await audit.note(session, by, "unit.change", f"unit:{unit.id}", unit=unit.name, **renamed)


async def switch_on(session: AsyncSession, by: By, unit: Agency) -> None:
    """Let a unit take cases again; what it had stays where it went."""
    if unit.active:
        return
    await _refuse_taken(session, unit.region, unit.name, unit)
    unit.active, unit.changed_by = True, by.staff_id
    await session.flush()
    await audit.note(session, by, "unit.on", f"unit:{unit.id}", unit=unit.name)


async def desks_of(session: AsyncSession, numbers: Iterable[int]) -> dict[int, list[str]]:
    """The desks that units sit at, by the number of the unit."""
    rows = await session.execute(
        select(AgencyDesk).where(AgencyDesk.agency_id.in_(set(numbers))).order_by(AgencyDesk.desk)
    )
    found: dict[int, list[str]] = {}
    for row in rows.scalars():
        found.setdefault(row.agency_id, []).append(row.desk)
    return found


async def parents(session: AsyncSession, region: str, unit: Agency | None = None) -> list[Agency]:
    """The units that may stand above one of this region, or above this one: neither itself nor what is below it."""
    query = select(Agency).where(Agency.active, Agency.region.in_(around(region))).order_by(Agency.region, Agency.id)
    found = list(await session.scalars(query))
    below = await _below(session, unit) if unit is not None else set()
    return [each for each in found if each.id not in below]


async def _below(session: AsyncSession, unit: Agency) -> set[int]:
    """The unit and everything under it."""
    found = {unit.id}
    while new := set(await session.scalars(select(Agency.id).where(Agency.parent_id.in_(found)))) - found:
        found |= new
    return found


async def _read(
    session: AsyncSession, region: str, entry: UnitEntry, known: Iterable[str], unit: Agency | None = None
) -> dict[str, Any]:
    """The columns a form fills.  Raises Rejected with the first thing that is wrong."""
    if not 2 <= len(entry.name) <= LONGEST_NAME:
        raise Rejected("unit.name", most=LONGEST_NAME)
    if entry.kind not in set(UnitKind):
        raise Rejected("unit.kind")
    if not set(entry.desks) <= set(known):
        raise Rejected("unit.desk")
    if entry.parent is not None and entry.parent not in {each.id for each in await parents(session, region, unit)}:
        raise Rejected("unit.parent")
    if unit is None or unit.active:
        await _refuse_taken(session, region, entry.name, unit)
    return {
        "name": entry.name,
        "kind": str(entry.kind),
        "parent_id": entry.parent,
        "phone": _phone(entry.phone),
        "hours": _hours(entry.hours),
        "address": entry.address,
        "checked": entry.checked,
    }


async def _refuse_taken(session: AsyncSession, region: str, name: str, unit: Agency | None) -> None:
    same = select(Agency.id).where(Agency.name == name, Agency.region == region, Agency.active)
    others = set(await session.scalars(same)) - {unit.id if unit else None}
    if others:
        raise Rejected("unit.taken", name=name)


def _phone(text: str) -> str:
    """A number as digits, a short one such as 12348 too.  Raises Rejected."""
    number = text if SHORT_NUMBER.fullmatch(text) else phones.read(text)
    if text and not number:
        raise Rejected("unit.phone")
    return number


def _hours(text: str) -> str:
    """Hours as `knowledge.hours` writes them.  Raises Rejected."""
    if not text:
        return ""
    try:
        written = hours.read(text).text()
    except hours.UnreadableHours as error:
        raise Rejected("unit.hours", rest=error.rest) from None
    if len(written) > LONGEST:
        raise Rejected("form.long", most=LONGEST, given=len(written))
    return written


async def _set_desks(session: AsyncSession, unit: Agency, desks: Sequence[str]) -> None:
    await session.execute(delete(AgencyDesk).where(AgencyDesk.agency_id == unit.id))
    rows = [{"agency_id": unit.id, "desk": each} for each in sorted(set(desks))]
    if rows:
        await session.execute(insert(AgencyDesk), rows)
    await session.flush()
