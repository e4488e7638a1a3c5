"""The dates of an offering: made and moved by an organiser, opened with the approval, closed by the clock."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.bookings import line, offerings, seats, told
from bot.services.bookings.offerings import OfferingKind
from bot.services.bookings.states import SEATED, SITTING, OfferingState, SeatState, SittingState
from bot.services.core import counting, keyset, timers
from bot.services.core.context import ServiceContext
from bot.services.core.districts import inside
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.core.lifecycle import SYSTEM, Actor, Role
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Right, Staffer
from bot.store.base import locked
from bot.store.models import Offering, Outbox, Seat, Sitting, now
from knowledge.regions import around

OF = "sitting"  # whose timers these are
PAGE = 50  # rows
MOST_SEATS = 300  # of one sitting: all of them are told at once
LONGEST = timedelta(hours=24)  # from start to end
FARTHEST = timedelta(days=366)
SHORTEST_REASON, LONGEST_REASON = 4, 200  # characters
LONGEST_PLACE = 100  # characters
REMINDERS = (24, 2)  # hours before the start
COUNTED = timedelta(hours=1)  # after the end it is settled who came
AHEAD = 60  # sittings that are shown at all, page by page, and among which those for a trade are looked for

Found = tuple[Sitting, Offering]


class UnknownSitting(LookupError):
    """A number of no sitting."""


@dataclass(frozen=True, slots=True)
class SittingEntry:
    """A sitting as somebody wrote it into a form."""

    start_at: datetime
    end_at: datetime
    place: str
    capacity: int
    least: int


def visible(staffer: Staffer, right: Right = Right.SITTINGS_READ) -> ColumnElement[bool]:
    """Those of somebody's districts; a provider's are their own, and what is confidential is its unit's and theirs."""
    theirs = Offering.provider_id == staffer.id
    open_to_all = or_(~Offering.confidential, Offering.agency_id == (staffer.agency_id or 0), theirs)
    parts = [
        and_(inside(Offering.region, each.district), theirs if each.role is Role.PROVIDER else open_to_all)
        for each in staffer.grants
        if each.allows(right)
    ]
    return Sitting.offering_id.in_(select(Offering.id).where(or_(false(), *parts)))


SITTINGS = Lookup("sitting", Sitting, Sitting.id, visible)


def views() -> Mapping[str, ColumnElement[bool]]:
    over = Sitting.state.in_((SittingState.DONE, SittingState.CANCELLED))
    return {"coming": ~over, "over": over}


async def listed(session: AsyncSession, staffer: Staffer, view: str, place: Place) -> Page:
    """A page with the offerings: what comes next first, of what is over the last."""
    query = select(Sitting, Offering).join(Offering, Offering.id == Sitting.offering_id).where(visible(staffer))
    past = view == "over"
    part = Part(views()[view], [Key(Sitting.start_at, falling=past), Key(Sitting.id, falling=past)])
    return await keyset.page(session, query, Sitting.id, [part], place, PAGE)


async def counts(session: AsyncSession, staffer: Staffer) -> Mapping[str, int]:
    return await counting.of_views(session, views(), visible(staffer))


async def of_offering(session: AsyncSession, number: int) -> Sequence[Sitting]:
    """Newest first."""
    query = select(Sitting).where(Sitting.offering_id == number).order_by(Sitting.start_at.desc(), Sitting.id)
    return (await session.scalars(query.limit(PAGE))).all()


async def with_offering(session: AsyncSession, number: int) -> Found:
    """Raises UnknownSitting."""
    query = select(Sitting, Offering).join(Offering, Offering.id == Sitting.offering_id).where(Sitting.id == number)
    row = (await session.execute(query)).first()
    if row is None:
        raise UnknownSitting(number)
    return row[0], row[1]


async def ahead(session: AsyncSession, region: str, job: str) -> list[Found]:
    """What can be booked by somebody who runs in a region and has this trade, the next one first.

    Who never said where they run sees what there is anywhere.
    """
    query = select(Sitting, Offering).join(Offering, Offering.id == Sitting.offering_id)
    query = query.where(Sitting.state == SittingState.OPEN, Offering.state == OfferingState.APPROVED)
    if region:
        query = query.where(or_(Offering.region.in_(around(region)), inside(Offering.region, region)))
    found = await session.execute(
        query.where(Sitting.start_at > now()).order_by(Sitting.start_at, Sitting.id).limit(AHEAD)
    )
    return [(sitting, each) for sitting, each in found if not each.jobs or not job or job in each.jobs]


async def add(session: AsyncSession, offering: Offering, entry: SittingEntry, actor: Actor) -> Sitting:
    """A date more; of an approved offering it can be booked at once.  Raises Rejected."""
    _check(offering, entry)
    if offering.state == OfferingState.OFF:
        raise Rejected("offering.stopped")
    sitting = Sitting(offering_id=offering.id, state=SittingState.DRAFT, **asdict(entry))
    session.add(sitting)
    await session.flush()
    if offering.state == OfferingState.APPROVED:
        await _open(session, sitting, offering, actor)
    return sitting


async def approve(session: AsyncSession, offering: Offering, actor: Actor, version: int) -> None:
    """Let an offering be booked, as it was read: its dates open; one that is too near by now is cancelled.

    Raises IllegalStep, SamePerson, Rejected when it was written anew meanwhile.
    """
    offerings.approve(offering, actor, version)
    waiting = select(Sitting).where(Sitting.offering_id == offering.id, Sitting.state == SittingState.DRAFT)
    for sitting in list(await session.scalars(locked(waiting.order_by(Sitting.id)))):
        if line.booking_ends(sitting, offering) > now():
            await _open(session, sitting, offering, actor)
        else:
            _move(sitting, SittingState.CANCELLED, SYSTEM)


async def change(session: AsyncSession, context: ServiceContext, number: int, entry: SittingEntry) -> Sitting:
    """Another date, place or size; everybody who booked hears of the first two.  Raises Rejected, UnknownSitting."""
    sitting, offering = await lock(session, number)
    if sitting.state not in (SittingState.DRAFT, SittingState.OPEN):
        raise Rejected("sitting.closed")
    _check(offering, entry)
    if entry.capacity < sitting.taken:
        raise Rejected("sitting.taken", taken=sitting.taken)
    moved = (entry.start_at, entry.end_at, entry.place) != (sitting.start_at, sitting.end_at, sitting.place)
    set_anew = entry.start_at != sitting.start_at or entry.end_at != sitting.end_at
    for name, value in asdict(entry).items():
        setattr(sitting, name, value)
    await session.flush()
    if sitting.state == SittingState.OPEN:
        if set_anew:
            sitting.reminded = 0
            await outbox.put(session, _timers(sitting, offering))
        if moved:
            await _tell_all(session, context, sitting, offering, "booking.told_moved")
        await line.fill(session, context, sitting, offering)
    return sitting


async def cancel(session: AsyncSession, context: ServiceContext, number: int, actor: Actor, reason: str) -> Sitting:
    """It does not take place; everybody hears why, and what else there is.  Raises Rejected, IllegalStep."""
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise Rejected("sitting.reason", least=SHORTEST_REASON, most=LONGEST_REASON)
    sitting, offering = await lock(session, number)
    await drop(session, context, sitting, offering, actor, reason)
    return sitting


async def drop(
    session: AsyncSession, context: ServiceContext, sitting: Sitting, offering: Offering, actor: Actor, reason: str
) -> None:
    _move(sitting, SittingState.CANCELLED, actor)
    sitting.note = reason
    for seat in await seats.at(session, sitting.id, *SEATED):
        await end(session, seat, actor)
        choices = [told.ELSE]
        await told.tell(
            session, context, seat, sitting, offering, "booking.told_dropped", choices=choices, reason=reason
        )
    sitting.taken = 0
    await session.flush()


async def end(session: AsyncSession, seat: Seat, actor: Actor) -> None:
    """Nobody sits there: the sitting does not take place, or the line is over."""
    seat.hold_until = None
    await seats.step(session, seat, SeatState.CANCELLED, actor)


async def message(session: AsyncSession, context: ServiceContext, number: int, text: str) -> int:
    """Tell everybody who comes something.  Returns how many.  Raises Rejected."""
    if not SHORTEST_REASON <= len(text) <= LONGEST_REASON:
        raise Rejected("sitting.reason", least=SHORTEST_REASON, most=LONGEST_REASON)
    sitting, offering = await lock(session, number)
    return await _tell_all(session, context, sitting, offering, "booking.told_message", SeatState.BOOKED, text=text)


async def _tell_all(
    session: AsyncSession,
    context: ServiceContext,
    sitting: Sitting,
    offering: Offering,
    key: str,
    *states: SeatState,
    **values: Any,
) -> int:
    found = await seats.at(session, sitting.id, *(states or SEATED))
    for seat in found:
        choices = [told.give_back(seat)]
        await told.tell(session, context, seat, sitting, offering, key, choices=choices, **values)
    return len(found)


async def lock(session: AsyncSession, number: int) -> Found:
    """A sitting until the transaction ends, with its offering.  Raises UnknownSitting."""
    sitting: Sitting | None = await session.scalar(locked(select(Sitting).where(Sitting.id == number)))
    if sitting is None:
        raise UnknownSitting(number)
    return sitting, await offerings.get(session, sitting.offering_id)


async def _open(session: AsyncSession, sitting: Sitting, offering: Offering, actor: Actor) -> None:
    _move(sitting, SittingState.OPEN, actor)
    await session.flush()
    await outbox.put(session, _timers(sitting, offering))


def _timers(sitting: Sitting, offering: Offering) -> list[Outbox]:
    """What happens by the clock; each rings for this date only."""
    start, number = sitting.start_at, str(sitting.id)
    rings = {f"remind{hours}": start - timedelta(hours=hours) for hours in REMINDERS}
    late = {name: at for name, at in rings.items() if at > now()}
    every = {**late, "close": line.booking_ends(sitting, offering), "finish": sitting.end_at + COUNTED}
    return [timers.timer(number, do, at, of=OF, due=start) for do, at in every.items()]


def _move(sitting: Sitting, target: SittingState, actor: Actor) -> None:
    SITTING.step(sitting.state, target, actor.role)
    sitting.state = target


def move_by_clock(sitting: Sitting, target: SittingState) -> None:
    """Raises IllegalStep."""
    _move(sitting, target, SYSTEM)


def _check(offering: Offering, entry: SittingEntry) -> None:
    if not timedelta(0) < entry.end_at - entry.start_at <= LONGEST:
        raise Rejected("sitting.end", most=int(LONGEST.total_seconds() // 3600))
    if not timedelta(hours=offering.book_hours) < entry.start_at - now() <= FARTHEST:
        raise Rejected("sitting.start", hours=offering.book_hours, days=FARTHEST.days)
    if offering.kind == OfferingKind.CONSULT and entry.capacity != 1:
        raise Rejected("sitting.one")
    if not 1 <= entry.capacity <= MOST_SEATS:
        raise Rejected("sitting.capacity", most=MOST_SEATS)
    if not 0 <= entry.least <= entry.capacity:
        raise Rejected("sitting.least")
    if len(entry.place) > LONGEST_PLACE:
        raise Rejected("form.long", most=LONGEST_PLACE, given=len(entry.place))
