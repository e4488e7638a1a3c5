"""Outlets: the list that an organiser keeps, and finding one's own among those of a city."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.contacts.contacts import holds, looks_after
from bot.services.core import counting, keyset
from bot.services.core.districts import inside
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.staff.accounts import within
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import AGENCY, Right, Staffer
from bot.store.models import Contact, Outlet, now
from knowledge.contacts.outlets import OutletEntry
from knowledge.geo import Point, distance

PAGE = 50  # rows
AGED = timedelta(days=31)  # since somebody last made sure: lists are renewed every month
OFFERED = 5  # outlets that a typed name or a position may mean
ALIKE = 60.0  # rapidfuzz score from which a name may be meant
FARTHEST = 5_000.0  # metres from a position
SEARCHED = 5_000  # outlets among which somebody's own is looked for: a city has fewer
LONGEST_NAME = 60  # characters of a name that are looked for


@dataclass(frozen=True, slots=True)
class OutletFilter:
    """Which outlets somebody wants to see."""

    view: str = "all"  # one of VIEWS
    text: str = ""  # in the name or the address

    def condition(self, today: date) -> ColumnElement[bool]:
        parts = [views(today)[self.view]]
        if self.text:
            columns = (Outlet.name, Outlet.address)
            parts.append(or_(*(column.icontains(self.text, autoescape=True) for column in columns)))
        return and_(*parts)


VIEWS = ("all", "without", "due", "closed")


def visible(staffer: Staffer, right: Right = Right.OUTLETS_READ) -> ColumnElement[bool]:
    """The outlets of somebody's districts; who handles for a unit sees those that their unit looks after."""
    parts: list[ColumnElement[bool]] = []
    for grant in staffer.grants:
        if grant.allows(right):
            bound = grant.role in AGENCY
            parts.append(and_(inside(Outlet.region, grant.district), _looked_after(staffer) if bound else true()))
    return or_(false(), *parts)


def _looked_after(staffer: Staffer) -> ColumnElement[bool]:
    theirs = exists().where(looks_after(), Contact.agency_id == staffer.agency_id)
    return or_(Outlet.community_id == staffer.agency_id, Outlet.police_id == staffer.agency_id, theirs)


OUTLETS = Lookup("outlet", Outlet, Outlet.id, visible)


def has_contact(today: date) -> ColumnElement[bool]:
    """The condition that somebody looks after an outlet now."""
    return exists().where(looks_after(), holds(today))


def views(today: date) -> dict[str, ColumnElement[bool]]:
    return {
        "all": true(),
        "without": and_(Outlet.active, ~has_contact(today)),
        "due": and_(Outlet.active, or_(Outlet.checked.is_(None), Outlet.checked < today - AGED)),
        "closed": ~Outlet.active,
    }


_ORDER = Key(Outlet.region), Key(Outlet.id)


async def listed(session: AsyncSession, staffer: Staffer, wanted: OutletFilter, today: date, place: Place) -> Page:
    """A page, by district, with whether somebody looks after each."""
    query = select(Outlet, has_contact(today)).where(visible(staffer), wanted.condition(today))
    return await keyset.page(session, query, Outlet.id, [Part(true(), _ORDER)], place, PAGE)


async def counts(session: AsyncSession, staffer: Staffer, today: date) -> Mapping[str, int]:
    """How many outlets each view has, in one look."""
    return await counting.of_views(session, views(today), visible(staffer))


async def covered(session: AsyncSession, districts: Sequence[str], today: date) -> tuple[int, int]:
    """How many outlets at work there are in these districts, and how many of them somebody looks after."""
    held = func.sum(case((has_contact(today), 1), else_=0))
    query = select(func.count(), held).where(Outlet.active, within(Outlet.region, districts))
    total, good = (await session.execute(query)).one()
    return int(total), int(good or 0)


async def without_contact(session: AsyncSession, districts: Sequence[str], today: date, most: int) -> Sequence[str]:
    """The names of outlets at work that nobody looks after, at most so many."""
    query = select(Outlet.name).where(within(Outlet.region, districts), views(today)["without"])
    return (await session.scalars(query.order_by(Outlet.id).limit(most))).all()


def differences(row: Outlet, entry: OutletEntry) -> list[str]:
    """The columns in which a list says something else than a row."""
    return [name for name, value in _values(entry).items() if getattr(row, name) != value]


async def save(session: AsyncSession, row: Outlet | None, entry: OutletEntry) -> Outlet:
    """Enter an outlet, or take over what somebody made of one.  Raises Rejected for a name that another one has."""
    row = row or Outlet()
    same = Outlet.platform == entry.platform, Outlet.region == entry.region, Outlet.name == entry.name
    if await session.scalar(select(Outlet.id).where(*same)) not in (None, row.id):
        raise Rejected("outlet.taken", name=entry.name)
    for name, value in _values(entry).items():
        setattr(row, name, value)
    row.changed_at = now()
    session.add(row)
    await session.flush()
    return row


async def take_over(session: AsyncSession, entries: Sequence[OutletEntry]) -> tuple[int, int]:
    """Enter these outlets and change those that are there; returns how many of both.  Others stay as they are."""
    known = {(row.platform, row.region, row.name): row for row in await _in(session, {each.region for each in entries})}
    new = [_row(each) for each in entries if each.key not in known]
    changed = [each for each in entries if each.key in known and differences(known[each.key], each)]
    if new:
        await session.execute(insert(Outlet), new)
    if changed:
        table = Outlet.__table__
        names = [name for name in _row(changed[0]) if name not in ("name", "platform", "region")]
        statement = update(table).where(table.c.id == bindparam("at"))  # type: ignore[arg-type]
        statement = statement.values({name: bindparam(f"to_{name}") for name in names})
        rows = [(known[each.key].id, _row(each)) for each in changed]
        rows.sort(key=lambda each: each[0])  # Two who import change the same rows in the same order.
        connection = await session.connection()
        await connection.execute(
            statement, [{"at": number, **{f"to_{name}": row[name] for name in names}} for number, row in rows]
        )
    session.expire_all()
    return len(new), len(changed)


async def _in(session: AsyncSession, regions: Iterable[str]) -> Sequence[Outlet]:
    return (await session.scalars(select(Outlet).where(Outlet.region.in_(sorted(regions))))).all()


def _row(entry: OutletEntry) -> dict[str, Any]:
    return {**_values(entry), "changed_at": now()}


def _values(entry: OutletEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "platform": entry.platform,
        "region": entry.region,
        "address": entry.address,
        "latitude": entry.point.lat if entry.point else None,
        "longitude": entry.point.lon if entry.point else None,
        "size": entry.size,
        "community_id": entry.community,
        "police_id": entry.police,
        "active": entry.active,
        "checked": entry.checked,
    }


async def confirm(session: AsyncSession, row: Outlet, today: date) -> None:
    """Somebody made sure of all that is known."""
    row.checked, row.changed_at = today, now()


# Finding one's own.


async def named(
    session: AsyncSession, region: str, text: str, platforms: Mapping[str, str]
) -> Sequence[tuple[int, str]]:
    """Outlets that a typed name may mean, the likeliest first, with their names; `region` is where somebody runs."""
    rows = await _offered(session, region, text)
    names = {row.id: f"{platforms.get(row.platform, '')}{row.name}" for row in rows}
    found = process.extract(text, names, scorer=fuzz.WRatio, limit=OFFERED, score_cutoff=ALIKE)
    shown = {row.id: _shown(row, platforms) for row in rows}
    return [(number, shown[number]) for _, _, number in found]


async def around(session: AsyncSession, point: Point, platforms: Mapping[str, str]) -> Sequence[tuple[int, str]]:
    """The nearest outlets to a position, the nearest first."""
    reach = FARTHEST / 111_000  # degrees of latitude, and as many of longitude or more
    high = Outlet.latitude.between(point.lat - reach, point.lat + reach)
    wide = Outlet.longitude.between(point.lon - 2 * reach, point.lon + 2 * reach)
    rows = (await session.scalars(select(Outlet).where(Outlet.active, high, wide).limit(SEARCHED))).all()
    far = {row.id: distance(point, Point(row.latitude or 0.0, row.longitude or 0.0)) for row in rows}
    nearest = sorted((row for row in rows if far[row.id] <= FARTHEST), key=lambda row: far[row.id])
    return [(row.id, _shown(row, platforms)) for row in nearest[:OFFERED]]


async def _offered(session: AsyncSession, region: str, text: str) -> Sequence[Any]:
    """Those of a city; of the whole country those that share two letters in a row with what was typed."""
    columns = (Outlet.id, Outlet.name, Outlet.platform, Outlet.region, Outlet.address)
    query = select(*columns).where(Outlet.active, inside(Outlet.region, region[:4])).order_by(Outlet.id)
    if not region:
        pairs = {text[at : at + 2] for at in range(min(len(text), LONGEST_NAME) - 1)}
        query = query.where(or_(false(), *(Outlet.name.icontains(each, autoescape=True) for each in sorted(pairs))))
    return (await session.execute(query.limit(SEARCHED))).all()


def _shown(row: Any, platforms: Mapping[str, str]) -> str:
    return f"{platforms.get(row.platform, row.platform)} {row.name}"
