"""Offerings: written by an organiser, approved by somebody else, and bookable from then on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.bookings.states import OFFERING, OfferingState
from bot.services.core import counting, keyset
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.core.lifecycle import Actor, Role
from bot.services.staff import calls
from bot.services.staff.accounts import within
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Right, SamePerson, Staffer
from bot.store.models import Offering, Staff, StaffRole, now

NOUN = "offering"
PAGE = 50  # rows
TITLE, TEXT, PLACE = (4, 40), (10, 600), (2, 100)  # characters: at least, at most
LONGEST_HOURS = 14 * 24  # before a sitting
MOST_POINTS = 20  # for coming once


class OfferingKind(StrEnum):
    """What sort of thing people come to."""

    COURSE = "course"
    CLASS = "class"
    TALK = "talk"
    CHECKUP = "checkup"
    ACTIVITY = "activity"
    CONSULT = "consult"  # one person at a time, with somebody who is asked


@dataclass(frozen=True, slots=True)
class OfferingEntry:
    """An offering as somebody wrote it into a form; texts are trimmed."""

    kind: str
    title: str
    text: str
    region: str  # GB/T 2260 prefix
    agency_id: int | None
    place: str
    jobs: Sequence[str]
    book_hours: int
    cancel_hours: int
    points: int = 0
    provider_id: int | None = None
    confidential: bool = False


def visible(staffer: Staffer, right: Right = Right.OFFERINGS_READ) -> ColumnElement[bool]:
    return within(Offering.region, staffer.districts(right))


OFFERINGS = Lookup(NOUN, Offering, Offering.id, visible)
VIEWS: Mapping[str, OfferingState] = {
    "approved": OfferingState.APPROVED,
    "draft": OfferingState.DRAFT,
    "off": OfferingState.OFF,
}


@dataclass(frozen=True, slots=True)
class OfferingFilter:
    """Which offerings somebody wants to see."""

    view: str = "approved"  # one of VIEWS
    text: str = ""  # in the title

    def condition(self) -> ColumnElement[bool]:
        titled = [Offering.title.icontains(self.text, autoescape=True)] if self.text else []
        return and_(Offering.state == VIEWS[self.view], *titled)


async def listed(session: AsyncSession, staffer: Staffer, wanted: OfferingFilter, place: Place) -> Page:
    """A page, what was changed last first."""
    query = select(Offering).where(visible(staffer), wanted.condition())
    order = Key(Offering.changed_at, falling=True), Key(Offering.id, falling=True)
    return await keyset.page(session, query, Offering.id, [Part(Offering.id > 0, order)], place, PAGE)


async def counts(session: AsyncSession, staffer: Staffer) -> Mapping[str, int]:
    """How many offerings each view has, in one look."""
    return await counting.of_views(
        session, {name: Offering.state == state for name, state in VIEWS.items()}, visible(staffer)
    )


async def write(session: AsyncSession, row: Offering | None, entry: OfferingEntry, staff_id: int) -> Offering:
    """Enter an offering, or write a draft anew.  Raises Rejected for a bad form, and for one that is no draft any more."""
    _check(entry)
    if row is None:
        row = Offering(state=OfferingState.DRAFT, version=0, writers=[])
        session.add(row)
    elif row.state != OfferingState.DRAFT:
        raise Rejected("offering.fixed")
    for name, value in asdict(entry).items():
        setattr(row, name, value)
    row.writers = sorted({*row.writers, staff_id})
    row.version += 1
    row.changed_at = now()
    await session.flush()
    await outbox.put(session, [calls.call(NOUN, str(row.id), "approve", row.version)])
    return row


def approve(row: Offering, actor: Actor, version: int) -> None:
    """Let it be booked, as it was read.  Raises IllegalStep, SamePerson, Rejected when it was written anew meanwhile."""
    if actor.id in row.writers:
        raise SamePerson(Right.OFFERINGS_APPROVE, f"{NOUN}:{row.id}")
    if version != row.version:
        raise Rejected("offering.rewritten")
    _move(row, OfferingState.APPROVED, actor)


def is_desk(staffer: Staffer, row: Offering) -> bool:
    """Whether somebody may see who comes: of what is confidential only its provider and its unit."""
    return not row.confidential or staffer.id == row.provider_id or staffer.agency_id == row.agency_id


async def providers(session: AsyncSession, districts: Sequence[str]) -> list[Staff]:
    """Who may be asked in these districts."""
    holds = select(StaffRole.staff_id).where(StaffRole.role == Role.PROVIDER, within(StaffRole.district, districts))
    return list(await session.scalars(select(Staff).where(Staff.active, Staff.id.in_(holds)).order_by(Staff.id)))


def stop(row: Offering, actor: Actor) -> None:
    """Nobody can book it any more; who has a seat keeps it.  Raises IllegalStep."""
    _move(row, OfferingState.OFF, actor)


async def get(session: AsyncSession, number: int) -> Offering:
    """Raises LookupError."""
    row = await session.get(Offering, number)
    if row is None:
        raise LookupError(f"offering {number}")
    return row


def _move(row: Offering, target: OfferingState, actor: Actor) -> None:
    OFFERING.step(row.state, target, actor.role)
    row.state, row.changed_at = target, now()


def _check(entry: OfferingEntry) -> None:
    if entry.kind not in set(OfferingKind):
        raise Rejected("answer.choose")
    for name, (least, most) in (("title", TITLE), ("text", TEXT), ("place", PLACE)):
        if not least <= len(getattr(entry, name)) <= most:
            raise Rejected(f"offering.{name}", least=least, most=most)
    if not (0 <= entry.book_hours <= LONGEST_HOURS and 0 <= entry.cancel_hours <= LONGEST_HOURS):
        raise Rejected("offering.hours", most=LONGEST_HOURS)
    if (entry.kind == OfferingKind.CONSULT) != (entry.provider_id is not None):
        raise Rejected("offering.provider")
    if entry.confidential and (entry.kind != OfferingKind.CONSULT or entry.agency_id is None):
        raise Rejected("offering.confidential")
    if not 0 <= entry.points <= MOST_POINTS:
        raise Rejected("offering.points", most=MOST_POINTS)
