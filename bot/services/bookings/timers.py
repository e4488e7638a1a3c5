"""What happens to sittings and seats by the clock.  A timer that rings twice, late, or for another date changes nothing."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue.jobs import CaseTimer
from bot.services.bookings import attendance, consulting, line, seats, sittings, told
from bot.services.bookings.states import RUNNING, SeatState, SittingState
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM
from bot.store.models import Offering, Sitting, now
from knowledge.texts import DEFAULT

REMIND = "remind"  # and the hours before the start


async def ring_sitting(session: AsyncSession, context: ServiceContext, payload: CaseTimer) -> None:
    sitting, offering = await sittings.lock(session, int(payload["number"]))
    if timers.written(sitting.start_at) != payload["due"]:
        return
    do = payload["do"]
    if do.startswith(REMIND):
        await _remind(session, context, sitting, offering, int(do.removeprefix(REMIND)))
    elif do == "close" and sitting.state == SittingState.OPEN:
        await _close(session, context, sitting, offering)
    elif do == "finish" and sitting.state == SittingState.CLOSED and now() >= sitting.end_at + sittings.COUNTED:
        sittings.move_by_clock(sitting, SittingState.DONE)
        await attendance.settle(session, context, sitting, offering)


async def ring_seat(session: AsyncSession, context: ServiceContext, payload: CaseTimer) -> None:
    """Nobody took the seat that was offered; or somebody else is to be asked."""
    if payload["do"] == "refer":
        await consulting.refer(session, context, payload["number"])
        return
    seat, sitting = await seats.locked_one(session, payload["number"])
    if seat.state == SeatState.OFFERED and seat.version == payload["version"]:
        offering = await session.get_one(Offering, sitting.offering_id)
        await line.lapse(session, context, seat, sitting, offering)


async def _remind(
    session: AsyncSession, context: ServiceContext, sitting: Sitting, offering: Offering, hours: int
) -> None:
    """Once for each number of hours, and of two that ring late the nearer one only."""
    if sitting.state not in RUNNING or (sitting.reminded and sitting.reminded <= hours):
        return
    sitting.reminded = hours
    if sitting.state == SittingState.OPEN:  # What is free by now goes to who may only stand in line, too.
        await line.fill(session, context, sitting, offering)
    urgent = hours == min(sittings.REMINDERS)  # Whoever sleeps at that hour wants to be woken for it.
    for seat in await seats.at(session, sitting.id, SeatState.BOOKED):
        key, choices = f"booking.told_remind{hours}", [told.give_back(seat)]
        await told.tell(session, context, seat, sitting, offering, key, choices=choices, urgent=urgent, hours=hours)


async def _close(session: AsyncSession, context: ServiceContext, sitting: Sitting, offering: Offering) -> None:
    """Booking is over: with too few it does not take place; else who still stands in line hears that it was in vain."""
    booked = await seats.at(session, sitting.id, SeatState.BOOKED)
    if len(booked) < sitting.least:
        reason = context.knowledge.texts.say(DEFAULT, "booking.too_few", booked=len(booked), least=sitting.least)
        await sittings.drop(session, context, sitting, offering, SYSTEM, reason)
        return
    sittings.move_by_clock(sitting, SittingState.CLOSED)
    for seat in await seats.at(session, sitting.id, SeatState.OFFERED, SeatState.WAITING):
        sitting.taken -= seat.state == SeatState.OFFERED
        await sittings.end(session, seat, SYSTEM)
        await told.tell(session, context, seat, sitting, offering, "booking.told_in_vain", choices=[told.ELSE])
    await session.flush()
