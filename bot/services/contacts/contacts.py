"""Who is whose contact: the one question that a worker's card asks, and the list that an organiser keeps.

Whoever looks after the outlet itself comes before its community and police post, those before who looks after the platform
in the smallest region, then the trade, then everybody there.  Of each duty one is shown; what has run out, or is doubted,
comes last and says so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, String, and_, bindparam, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.working_days import china_date
from bot.store.models import Agency, Chat, Contact, Outlet, now

WARNED = timedelta(days=30)  # before a contact runs out, somebody is called


@dataclass(frozen=True, slots=True)
class ShownContact:
    """A contact as a card shows it."""

    id: int
    agency_id: int
    unit: str
    duty: str
    name: str  # 李干事
    phone: str
    hours: str  # as knowledge.hours writes them
    checked: date | None
    doubtful: bool
    expired: bool
    staff_id: int | None
    rank: tuple[int, int]  # how closely it fits, the larger the closer


@dataclass(frozen=True, slots=True)
class ContactCard:
    """What somebody is shown: their outlet, if they said one, and who is there for them."""

    outlet: str
    platform: str
    region: str
    contacts: tuple[ShownContact, ...]


async def of_chat(session: AsyncSession, chat: Chat, duties: Sequence[str]) -> ContactCard:
    """The card of somebody, by one query; duties: in the order of the card."""
    return await of_place(session, chat.outlet_id, chat.region, chat.job, duties)


async def of_place(
    session: AsyncSession,
    outlet_id: int | None,
    region: str,
    job: str,
    duties: Sequence[str],
    *,
    but: Collection[int] = (),
) -> ContactCard:
    """Who is there for whoever belongs to an outlet, or runs in a region; but: none of these units."""
    today = china_date(now())
    asked = {"outlet": outlet_id or 0, "place": region, "job": job, "today": today}
    rows = (await session.execute(_QUERY, asked)).all()
    first = rows[0]  # There is one, even without any contact.
    found = [_shown(row, today) for row in rows if row.id is not None and row.agency_id not in but]
    return ContactCard(
        first.outlet or "", first.outlet_platform or "", first.outlet_region or region, tuple(_chosen(found, duties))
    )


def looks_after() -> ColumnElement[bool]:
    """The condition that a contact is there for an outlet: by its name, or as its community or police post."""
    posts = Contact.agency_id.in_((Outlet.community_id, Outlet.police_id))
    return or_(Contact.outlet_id == Outlet.id, and_(Contact.outlet_id.is_(None), posts, _of_platform()))


def _of_platform() -> ColumnElement[bool]:
    return or_(Contact.platform == "", Contact.platform == Outlet.platform)


def holds(today: date | ColumnElement[date]) -> ColumnElement[bool]:
    """The condition that a contact holds on a day, that nobody doubts it, and that its unit is at work."""
    running = or_(Contact.valid_until.is_(None), Contact.valid_until >= today)
    return and_(_begun(today), running, Contact.doubtful_at.is_(None), _at_work())


def _begun(today: date | ColumnElement[date]) -> ColumnElement[bool]:
    return or_(Contact.valid_from.is_(None), Contact.valid_from <= today)


def _query() -> Select[*tuple[Any, ...]]:
    """The statement of a card, which is made once."""
    one = select(literal(1).label("one")).subquery("one")
    place = func.coalesce(Outlet.region, bindparam("place", type_=String))
    parts = [func.substr(place, 1, digits) for digits in (2, 4, 6)]
    around = and_(Contact.outlet_id.is_(None), Contact.region.in_(parts), _of_platform())
    of_job = or_(Contact.outlet_id.is_not(None), Contact.job == "", Contact.job == bindparam("job"))
    there = and_(or_(looks_after(), around), of_job, _begun(bindparam("today", type_=Date)), _at_work())
    query = select(
        *(Contact.id, Contact.agency_id, Contact.duty, Contact.shown_name, Contact.phone, Contact.hours),
        *(Contact.outlet_id, Contact.region, Contact.platform, Contact.job, Contact.staff_id),
        *(Contact.valid_until, Contact.doubtful_at, Contact.checked),
        Agency.name.label("unit"),
        *(Outlet.name.label("outlet"), Outlet.platform.label("outlet_platform"), Outlet.region.label("outlet_region")),
        or_(Outlet.community_id == Contact.agency_id, Outlet.police_id == Contact.agency_id).label("post"),
    ).select_from(one)
    query = query.outerjoin(Outlet, and_(Outlet.id == bindparam("outlet"), Outlet.active))
    query = query.outerjoin(Contact, there)
    return query.outerjoin(Agency, Agency.id == Contact.agency_id)


def _at_work() -> ColumnElement[bool]:
    return Contact.agency_id.in_(select(Agency.id).where(Agency.active))


_QUERY = _query()


def _shown(row: Any, today: date) -> ShownContact:
    return ShownContact(
        id=row.id,
        agency_id=row.agency_id,
        unit=row.unit,
        duty=row.duty,
        name=row.shown_name,
        phone=row.phone,
        hours=row.hours,
        checked=row.checked,
        doubtful=row.doubtful_at is not None,
        expired=row.valid_until is not None and row.valid_until < today,
        staff_id=row.staff_id,
        rank=_rank(row),
    )


def _rank(row: Any) -> tuple[int, int]:
    if row.outlet_id is not None:
        return 4, 0
    digits = len(row.region or "")
    if row.post:
        return 3, digits
    return (2 if row.platform else 1 if row.job else 0), digits


def _chosen(found: Sequence[ShownContact], duties: Sequence[str]) -> list[ShownContact]:
    """The closest of each duty, those that hold first, in the order of the duties."""
    best: dict[str, ShownContact] = {}
    for each in sorted(found, key=lambda each: (_is_bad(each), -each.rank[0], -each.rank[1], each.id)):
        best.setdefault(each.duty, each)
    order = {code: place for place, code in enumerate(duties)}
    return sorted(best.values(), key=lambda each: (_is_bad(each), order.get(each.duty, len(order)), each.id))


def _is_bad(contact: ShownContact) -> bool:
    return contact.expired or contact.doubtful


async def find(session: AsyncSession, chat: Chat, number: int, duties: Sequence[str]) -> ShownContact | None:
    """One of somebody's own contacts; None for one that is not theirs, or not any more."""
    card = await of_chat(session, chat, duties)
    return next((each for each in card.contacts if each.id == number), None)


async def choose_outlet(session: AsyncSession, chat: Chat, number: int | None) -> bool:
    """Remember where somebody belongs, None for nowhere; whether that outlet is at work.

    It fills in where they run, as long as they have not said.
    """
    if number is None:
        chat.outlet_id, chat.no_outlet = None, True
        return True
    outlet = await session.scalar(select(Outlet).where(Outlet.id == number, Outlet.active))
    if outlet is None:
        return False
    chat.outlet_id, chat.no_outlet = outlet.id, False
    chat.region = chat.region or outlet.region
    return True


async def outlet_names(session: AsyncSession, numbers: Collection[int]) -> Mapping[int, str]:
    rows = await session.execute(select(Outlet.id, Outlet.name).where(Outlet.id.in_(numbers)))
    return {row.id: row.name for row in rows}
