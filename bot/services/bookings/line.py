"""The line of a sitting moves by itself: a seat that is free is offered to the first, held for a while, then to the next.

Whoever calls has locked the sitting: all that happens to one stands in a row.
"""

from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import outbox
from bot.services.bookings import seats, told
from bot.services.bookings.states import SeatState, SittingState
from bot.services.core import quiet_hours, timers
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM
from bot.services.core.working_days import ZONE
from bot.services.identity import identities
from bot.store.base import locked
from bot.store.models import Offering, Seat, Sitting, now

HOLD = timedelta(hours=2)  # how long an offered seat is theirs to take
AWAKE = timedelta(hours=1)  # the same after a night
LAPSES = 2  # after so many seats that somebody let pass, they stand in line no more

OF = "seat"  # whose timers these are


def booking_ends(sitting: Sitting, offering: Offering) -> datetime:
    """When it is settled who comes."""
    return sitting.start_at - timedelta(hours=offering.book_hours)


async def free(session: AsyncSession, context: ServiceContext, sitting: Sitting, offering: Offering) -> None:
    """A seat became free: the first in line is offered it; without anybody it is there for all."""
    moves = sitting.state == SittingState.OPEN and now() < booking_ends(sitting, offering)
    first = await _first(session, sitting) if moves else None
    if first is None:
        sitting.taken -= 1
        await session.flush()
    else:
        await offer(session, context, first, sitting, offering)


async def fill(session: AsyncSession, context: ServiceContext, sitting: Sitting, offering: Offering) -> None:
    """There are more seats than before: those in line are offered them."""
    while sitting.taken < sitting.capacity and (first := await _first(session, sitting)) is not None:
        sitting.taken += 1
        await offer(session, context, first, sitting, offering)


async def lapse(
    session: AsyncSession, context: ServiceContext, seat: Seat, sitting: Sitting, offering: Offering
) -> None:
    """Nobody took the seat in time: it goes on to the next; who let it pass stands last, the second time no more."""
    seat.hold_until = None
    sitting.line += 1
    seat.line = sitting.line
    await seats.step(session, seat, SeatState.WAITING, SYSTEM)
    last = await seats.times(session, seat, "lapse") >= LAPSES
    if last:
        await seats.step(session, seat, SeatState.CANCELLED, SYSTEM)
    await free_for_others(session, context, seat, sitting, offering)
    key = "booking.told_lapsed_out" if last else "booking.told_lapsed"
    await told.tell(session, context, seat, sitting, offering, key, choices=[told.ELSE], times=LAPSES)


async def free_for_others(
    session: AsyncSession, context: ServiceContext, but: Seat, sitting: Sitting, offering: Offering
) -> None:
    """As `free`, but not for the one who just let it pass: alone in line, they take it by a tap or somebody else does."""
    first = await _first(session, sitting)
    if first is not None and first.id == but.id:
        sitting.taken -= 1
        await session.flush()
    else:
        await free(session, context, sitting, offering)


async def _first(session: AsyncSession, sitting: Sitting) -> Seat | None:
    waiting = select(Seat).where(Seat.sitting_id == sitting.id, Seat.state == SeatState.WAITING)
    found: Seat | None = await session.scalar(locked(waiting.order_by(Seat.line, Seat.id).limit(1)))
    return found


async def offer(
    session: AsyncSession,
    context: ServiceContext,
    seat: Seat,
    sitting: Sitting,
    offering: Offering,
    *,
    key: str = "booking.told_offered",
) -> None:
    """Hold a seat that is counted as taken already for somebody who waits, and ask them."""
    chat = await identities.chat_behind(session, seat.alias)
    hours = quiet_hours.of(chat.quiet, context.quiet) if chat is not None else context.quiet
    seat.hold_until = min(_held_until(now(), *hours), booking_ends(sitting, offering))
    await seats.step(session, seat, SeatState.OFFERED, SYSTEM)
    row = timers.timer(seat.number, "lapse", seat.hold_until, of=OF, version=seat.version)
    await outbox.put(session, [row])
    until = f"{seat.hold_until.astimezone(ZONE):%H:%M}"
    choices = told.take_or_leave(seat)
    await told.tell(session, context, seat, sitting, offering, key, choices=choices, until=until)


def _held_until(at: datetime, *hours: time) -> datetime:
    """Two hours, unless they reach into the night: then until an hour after somebody wakes."""
    end = at + HOLD
    night = next((each for each in (at, end) if quiet_hours.waking(each, *hours) != each), None)
    return end if night is None else quiet_hours.waking(night, *hours) + AWAKE
