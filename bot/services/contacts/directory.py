"""The contacts that somebody of staff keeps: listed, entered, imported, confirmed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import outbox
from bot.services.contacts.contacts import WARNED, looks_after
from bot.services.core import counting, keyset, timers
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.core.working_days import ZONE
from bot.services.staff import calls
from bot.services.staff.accounts import within
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Right, Staffer
from bot.services.units import agencies
from bot.store.models import Agency, Contact, ContactReport, Outbox, Outlet, Staff, now
from knowledge import regions
from knowledge.contacts.contacts import ContactEntry
from knowledge.contacts.files import Named

NOUN = "contact"
PAGE = 50  # rows
MORNING = time(9)  # China time: when somebody hears that a contact runs out


def visible(staffer: Staffer, right: Right = Right.CONTACTS_READ) -> ColumnElement[bool]:
    """Those for somebody's districts, or for outlets there."""
    mine = staffer.districts(right)
    there = Contact.outlet_id.in_(select(Outlet.id).where(within(Outlet.region, mine)))
    return or_(there, and_(Contact.region.is_not(None), within(Contact.region, mine)))


CONTACTS = Lookup(NOUN, Contact, Contact.id, visible)


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Which contacts somebody wants to see."""

    view: str = "all"  # one of VIEWS
    text: str = ""  # in the name, the unit or the outlet

    def condition(self, today: date) -> ColumnElement[bool]:
        parts = [_views(today)[self.view]]
        if self.text:
            columns = (Contact.shown_name, Agency.name, Outlet.name)
            parts.append(or_(*(column.icontains(self.text, autoescape=True) for column in columns)))
        return and_(*parts)


VIEWS = ("all", "doubtful", "ending")


def _views(today: date) -> dict[str, ColumnElement[bool]]:
    reported = select(ContactReport.id).where(
        ContactReport.contact_id == Contact.id, ContactReport.settled_at.is_(None)
    )
    ending = and_(Contact.valid_until.is_not(None), Contact.valid_until <= today + WARNED)
    return {"all": true(), "doubtful": or_(Contact.doubtful_at.is_not(None), reported.exists()), "ending": ending}


_ORDER = (
    Key(func.coalesce(Outlet.region, Contact.region)),
    Key(func.coalesce(Contact.outlet_id, 0)),
    Key(Contact.id),
)


async def listed(session: AsyncSession, staffer: Staffer, wanted: ContactFilter, today: date, place: Place) -> Page:
    """A page, by district and outlet, with the names of their units and outlets."""
    query = select(Contact, Agency.name, Outlet.name).join(Agency, Agency.id == Contact.agency_id)
    query = query.outerjoin(Outlet, Outlet.id == Contact.outlet_id)
    query = query.where(visible(staffer), wanted.condition(today))
    return await keyset.page(session, query, Contact.id, [Part(true(), _ORDER)], place, PAGE)


async def counts(session: AsyncSession, staffer: Staffer, today: date) -> Mapping[str, int]:
    """How many contacts each view has, in one look."""
    return await counting.of_views(session, _views(today), visible(staffer))


async def of_outlet(session: AsyncSession, outlet: Outlet) -> Sequence[tuple[Contact, str]]:
    """Who looks after an outlet by its name, or as its community or police post; with the names of their units."""
    query = select(Contact, Agency.name).join(Agency, Agency.id == Contact.agency_id)
    query = query.join(Outlet, looks_after()).where(Outlet.id == outlet.id)
    return [(contact, name) for contact, name in await session.execute(query.order_by(Contact.duty, Contact.id))]


async def region_of(session: AsyncSession, contact: Contact) -> str:
    """Where a contact belongs: the district of its outlet, or its own region."""
    if contact.outlet_id is None:
        return contact.region or ""
    return await session.scalar(select(Outlet.region).where(Outlet.id == contact.outlet_id)) or ""


async def open_reports(session: AsyncSession, number: int) -> Sequence[ContactReport]:
    """What workers said and nobody has looked at, newest first."""
    query = select(ContactReport).where(ContactReport.contact_id == number, ContactReport.settled_at.is_(None))
    return (await session.scalars(query.order_by(ContactReport.id.desc()).limit(50))).all()


def differences(row: Contact, entry: ContactEntry) -> list[str]:
    return [name for name, value in _values(entry).items() if getattr(row, name) != value]


async def save(session: AsyncSession, row: Contact | None, entry: ContactEntry) -> Contact:
    """Enter a contact, or take over what somebody made of one; what workers said against it is settled."""
    row = row or Contact()
    for name, value in _values(entry).items():
        setattr(row, name, value)
    row.changed_at = now()
    session.add(row)
    await session.flush()
    await _settle(session, [row.id])
    await outbox.put(session, _warnings([(row.id, row.valid_until)]))
    return row


async def confirm(session: AsyncSession, row: Contact, today: date) -> None:
    """Somebody made sure of all that is known: what workers said against it is settled."""
    row.checked, row.changed_at = today, now()
    await session.flush()
    await _settle(session, [row.id])


async def remove(session: AsyncSession, row: Contact) -> None:
    await session.execute(delete(ContactReport).where(ContactReport.contact_id == row.id))
    await session.delete(row)


async def _settle(session: AsyncSession, numbers: Sequence[int]) -> None:
    open_ones = update(ContactReport).where(ContactReport.settled_at.is_(None))
    for at in range(0, len(numbers), 500):  # SQLite takes so many variables in one statement.
        some = numbers[at : at + 500]
        await session.execute(open_ones.where(ContactReport.contact_id.in_(some)).values(settled_at=now()))
        await session.execute(update(Contact).where(Contact.id.in_(some)).values(doubtful_at=None))


async def take_over(session: AsyncSession, staffer: Staffer, entries: Sequence[ContactEntry]) -> tuple[int, int]:
    """Enter these contacts and change those of the same unit, duty and scope; how many of both.  Others stay."""
    rows = await session.scalars(select(Contact).where(visible(staffer, Right.CONTACTS_EDIT)).order_by(Contact.id))
    known = {_key(row): row for row in rows}
    new = [_row(each) for each in entries if each.key not in known]
    changed = [
        (known[each.key].id, each) for each in entries if each.key in known and differences(known[each.key], each)
    ]
    changed.sort(key=lambda each: each[0])  # Two who import change the same rows in the same order.
    ends: list[tuple[int, date | None]] = [(number, each.valid_until) for number, each in changed]
    if new:
        made = await session.execute(insert(Contact).returning(Contact.id, Contact.valid_until), new)
        ends += [(number, until) for number, until in made]
    if changed:
        await _change(session, changed)
    await outbox.put(session, _warnings(ends))
    session.expire_all()
    return len(new), len(changed)


async def _change(session: AsyncSession, changed: Sequence[tuple[int, ContactEntry]]) -> None:
    table = Contact.__table__
    names = list(_row(changed[0][1]))
    statement = update(table).where(table.c.id == bindparam("at"))  # type: ignore[arg-type]
    statement = statement.values({name: bindparam(f"to_{name}") for name in names})
    connection = await session.connection()
    rows = [{"at": number, **{f"to_{name}": value for name, value in _row(each).items()}} for number, each in changed]
    await connection.execute(statement, rows)
    await _settle(session, [number for number, _ in changed])


def _key(row: Contact) -> tuple[object, ...]:
    return row.agency_id, row.duty, row.outlet_id, row.region, row.platform, row.job


def _row(entry: ContactEntry) -> dict[str, Any]:
    return {**_values(entry), "changed_at": now()}


def _values(entry: ContactEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in ContactEntry.__slots__}


def _warnings(ends: Sequence[tuple[int, date | None]]) -> list[Outbox]:
    """Timers that call somebody before each of these contacts runs out."""
    rows = []
    for number, until in ends:
        if until is not None:
            at = datetime.combine(until - WARNED, MORNING, ZONE).astimezone(UTC)
            mark = until.isoformat()
            rows.append(timers.timer(str(number), "ending", at, of=calls.OF, noun=NOUN, mark=mark))
    return rows


# What a list may name.


async def units_by_name(session: AsyncSession, districts: Sequence[str]) -> dict[str, list[Named]]:
    """The units at work around these districts, by their names and codes."""
    found: dict[str, list[Named]] = {}
    for unit in await agencies.around(session, districts):
        for name in {unit.name, unit.code}:
            found.setdefault(name, []).append(Named(unit.id, unit.region))
    return found


async def outlets_by_name(session: AsyncSession, districts: Sequence[str]) -> dict[str, list[Named]]:
    query = select(Outlet.id, Outlet.name, Outlet.region, Outlet.platform)
    found: dict[str, list[Named]] = {}
    for row in await session.execute(query.where(within(Outlet.region, districts)).order_by(Outlet.id)):
        found.setdefault(row.name, []).append(Named(row.id, row.region, row.platform))
    return found


async def accounts_by_name(session: AsyncSession, districts: Sequence[str]) -> dict[str, dict[int, int]]:
    """Who signs in by which name, for which unit: of these districts, or around them.

    A unit for the whole country has colleagues everywhere, who are not there for others.
    """
    above = {region for each in districts for region in regions.around(each)}
    near = or_(within(Staff.district, districts), Staff.district.in_(above))
    query = select(Staff.username, Staff.agency_id, Staff.id).where(Staff.active, Staff.agency_id.is_not(None), near)
    return {name: {unit: number} for name, unit, number in await session.execute(query) if unit is not None}
