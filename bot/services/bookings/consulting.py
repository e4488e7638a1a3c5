"""Consultations: whoever is asked may decline for a conflict of interest, and somebody else's next free time is offered.

The one who asked never hears why, and the one who declined never learns who asked.
"""

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import outbox
from bot.services.bookings import line, seats, sittings, told
from bot.services.bookings.offerings import OfferingKind
from bot.services.bookings.seats import UnknownSeat
from bot.services.bookings.states import OfferingState, SeatState, SittingState
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Actor, Role
from bot.services.identity import identities
from bot.store.base import locked
from bot.store.models import Naming, Offering, Seat, SeatStep, Sitting, now
from knowledge.regions import around

MATTERS = ("wages", "injury", "accident", "contract", "family", "other")
LOOKED_AT = 50  # free times among which one is found


async def decline(session: AsyncSession, context: ServiceContext, sitting_id: int, number: str, actor: Actor) -> None:
    """Somebody else is to be asked.  Raises UnknownSeat, IllegalStep."""
    seat, sitting = await seats.locked_at(session, sitting_id, number)
    if seat.state != SeatState.BOOKED:
        raise UnknownSeat(number)
    await seats.step(session, seat, SeatState.CANCELLED, actor)
    await line.free(session, context, sitting, await session.get_one(Offering, sitting.offering_id))
    # In a transaction of its own: it locks another sitting.
    await outbox.put(session, [timers.timer(number, "refer", now(), of=line.OF)])


async def refer(session: AsyncSession, context: ServiceContext, number: str) -> None:
    """Hold the next free time of somebody else for who was declined.  Twice changes nothing."""
    seat: Seat = (await session.scalars(locked(select(Seat).where(Seat.number == number)))).one()
    chat = await identities.chat_behind(session, seat.alias)
    if chat is None or seat.answers is None:
        return
    answers, seat.answers = seat.answers, None
    before, offering = await sittings.with_offering(session, seat.sitting_id)
    found = await _next(session, offering, seat.owner)
    if found is None:
        await told.tell(session, context, seat, before, offering, "booking.told_no_time", choices=[told.ELSE])
        return
    alias = await identities.keep(session, chat, Naming.ANONYMOUS)
    new = Seat(number=await seats.free_number(session), sitting_id=found[0].id, alias=alias, owner=seat.owner)
    new.state, new.answers = SeatState.WAITING, answers
    session.add(new)
    await session.flush()
    await line.offer(session, context, new, *found, key="booking.told_other_time")


async def has_declined(session: AsyncSession, offering: Offering, owner: bytes) -> bool:
    """Whether whoever is asked there declined this person before."""
    if offering.provider_id is None:
        return False
    return offering.provider_id in set(await session.scalars(_decliners(owner)))


def _decliners(owner: bytes) -> Select[int | None]:
    query = select(Offering.provider_id).join(Sitting, Sitting.offering_id == Offering.id)
    query = query.join(Seat, Seat.sitting_id == Sitting.id).join(SeatStep, SeatStep.seat_id == Seat.id)
    declined = SeatStep.role == Role.PROVIDER, SeatStep.target == SeatState.CANCELLED
    return query.where(Seat.owner == owner, SeatStep.source == SeatState.BOOKED, *declined)


async def _next(session: AsyncSession, declined: Offering, owner: bytes) -> tuple[Sitting, Offering] | None:
    """The next free time of somebody who never declined this person, taken already."""
    query = select(Sitting, Offering).join(Offering, Offering.id == Sitting.offering_id)
    query = query.where(Offering.kind == OfferingKind.CONSULT, Offering.state == OfferingState.APPROVED)
    query = query.where(Offering.region.in_(around(declined.region)), Offering.provider_id.not_in(_decliners(owner)))
    query = query.where(Sitting.state == SittingState.OPEN, Sitting.start_at > now(), Sitting.taken < Sitting.capacity)
    for sitting, offering in (await session.execute(query.order_by(Sitting.start_at).limit(LOOKED_AT))).all():
        free = update(Sitting).where(Sitting.id == sitting.id, Sitting.state == SittingState.OPEN)
        free = free.where(Sitting.taken < Sitting.capacity).values(taken=Sitting.taken + 1).returning(Sitting.id)
        if line.booking_ends(sitting, offering) > now() and await session.scalar(free) is not None:
            return sitting, offering
    return None
