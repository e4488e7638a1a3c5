"""What somebody does in chat: take a seat or a place in line, say yes to an offered one, give it back."""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.bookings import attendance, consulting, line, seats, sittings
from bot.services.bookings.seats import Booked
from bot.services.bookings.states import HELD, SEATED, OfferingState, SeatState, SittingState
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import WORKER
from bot.services.identity import identities
from bot.store.models import Chat, Naming, Offering, Seat, Sitting, now

MOST = 10  # sittings that one person may have ahead of them: nobody books the whole hall for others


async def take(
    session: AsyncSession,
    chat: Chat,
    sitting_id: int,
    answers: dict[str, str] | None = None,
) -> Booked:
    """A seat while there is one, else a place in line; a seat that was offered, or is free by now, for who stands in it.

    answers: what a consultation is about.  Twice changes nothing.  Raises UnknownSitting; Rejected: booking is over, another sitting at the same time, too many, or
    whoever is asked declined them before.
    """
    sitting, offering = await sittings.with_offering(session, sitting_id)
    mine = await seats.open_at(session, sitting_id, chat.id)
    if mine is not None:
        return await _take_again(session, chat, mine), sitting, offering
    if offering.state != OfferingState.APPROVED or now() >= line.booking_ends(sitting, offering):
        raise Rejected("booking.over")
    if await consulting.has_declined(session, offering, seats.owner_key(session, chat.id)):
        raise Rejected("booking.elsewhere")
    await _check_free(session, chat, sitting)
    taken, place = await _claim(session, sitting_id, line_only=await attendance.is_barred(session, chat.id))
    seat = await _enter(session, chat, sitting_id, place, answers)
    await seats.note(session, seat, "queue", "", WORKER)
    if taken:
        await seats.step(session, seat, SeatState.BOOKED, WORKER)
    await session.refresh(sitting)
    return seat, sitting, offering


async def cancel(session: AsyncSession, context: ServiceContext, chat: Chat, number: str) -> Booked | None:
    """Give a seat or a place in line back; what becomes free goes to the first in line.  None when it is over already.

    Raises UnknownSeat.
    """
    await seats.own(session, number, chat.id)
    seat, sitting = await seats.locked_one(session, number)
    if seat.state not in SEATED or sitting.start_at <= now():
        return None
    offering = await session.get_one(Offering, sitting.offering_id)
    held, seat.hold_until = seat.state in HELD, None
    seat.late = seat.state == SeatState.BOOKED and now() > sitting.start_at - timedelta(hours=offering.cancel_hours)
    await seats.step(session, seat, SeatState.CANCELLED, WORKER)
    if held:
        await line.free(session, context, sitting, offering)
    return seat, sitting, offering


async def _take_again(session: AsyncSession, chat: Chat, mine: Seat) -> Seat:
    seat, sitting = await seats.locked_one(session, mine.number)
    free = sitting.taken < sitting.capacity and sitting.state == SittingState.OPEN
    if seat.state == SeatState.OFFERED:
        seat.hold_until = None
        await seats.step(session, seat, SeatState.BOOKED, WORKER)
    elif seat.state == SeatState.WAITING and free and not await attendance.is_barred(session, chat.id):
        sitting.taken += 1
        await seats.step(session, seat, SeatState.BOOKED, WORKER)
    return seat


async def _claim(session: AsyncSession, sitting_id: int, *, line_only: bool) -> tuple[bool, int]:
    """A seat, or the next place in line; the row decides, however many want it at once.  Raises Rejected."""
    this = update(Sitting).where(Sitting.id == sitting_id, Sitting.state == SittingState.OPEN)
    seat = this.where(Sitting.taken < Sitting.capacity).values(taken=Sitting.taken + 1).returning(Sitting.id)
    if not line_only and await session.scalar(seat) is not None:
        return True, 0
    place = await session.scalar(this.values(line=Sitting.line + 1).returning(Sitting.line))
    if place is None:
        raise Rejected("booking.over")
    return False, place


async def _enter(
    session: AsyncSession, chat: Chat, sitting_id: int, place: int, answers: dict[str, str] | None
) -> Seat:
    alias = await identities.keep(session, chat, Naming.ANONYMOUS)
    seat = Seat(
        number=await seats.free_number(session),
        sitting_id=sitting_id,
        alias=alias,
        owner=seats.owner_key(session, chat.id),
        state=SeatState.WAITING,
        line=place,
        answers=answers,
    )
    session.add(seat)
    await session.flush()
    return seat


async def _check_free(session: AsyncSession, chat: Chat, wanted: Sitting) -> None:
    """Nobody is at two places at once, or takes seats by the dozen.  Raises Rejected."""
    mine = Seat.owner == seats.owner_key(session, chat.id), Seat.state.in_(SEATED)
    query = select(Sitting, Offering.title).join(Seat, Seat.sitting_id == Sitting.id)
    query = query.join(Offering, Offering.id == Sitting.offering_id).where(*mine, Sitting.end_at > now())
    found = (await session.execute(query)).all()
    for sitting, title in found:
        if sitting.start_at < wanted.end_at and wanted.start_at < sitting.end_at:
            raise Rejected("booking.overlaps", title=title)
    if len(found) >= MOST:
        raise Rejected("booking.many", most=MOST)
