"""Seats as rows: finding one's own, taking a step, with its line of the timeline."""

from collections.abc import Sequence

from sqlalchemy import Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.bookings.states import SEAT, SEATED, SeatState
from bot.services.core.lifecycle import Actor
from bot.services.core.numbers import new_number
from bot.store.base import locked, vault_of
from bot.store.models import Offering, Seat, SeatStep, Sitting, now

SHOWN = 20  # of one's own

Booked = tuple[Seat, Sitting, Offering]


class UnknownSeat(LookupError):
    """A number that we never gave out, or somebody else's."""


def owner_key(session: AsyncSession, chat_id: int) -> bytes:
    """The blind index a person finds their own seats by; another one than that of their cases."""
    return vault_of(session.get_bind().dialect).blind(str(chat_id), "seats.owner")


async def open_at(session: AsyncSession, sitting_id: int, chat_id: int) -> Seat | None:
    """Somebody's seat or place in line at a sitting."""
    mine = Seat.sitting_id == sitting_id, Seat.owner == owner_key(session, chat_id), Seat.state.in_(SEATED)
    found: Seat | None = await session.scalar(select(Seat).where(*mine))
    return found


async def coming(session: AsyncSession, chat_id: int) -> list[Booked]:
    """Where somebody has a seat or stands in line, the next one first."""
    mine = _with_sitting().where(Seat.owner == owner_key(session, chat_id), Seat.state.in_(SEATED))
    return [
        (seat, sitting, offering)
        for seat, sitting, offering in await session.execute(mine.order_by(Sitting.start_at, Seat.id).limit(SHOWN))
    ]


async def every(session: AsyncSession, chat_id: int) -> list[Booked]:
    """All that somebody ever booked, oldest first."""
    mine = _with_sitting().where(Seat.owner == owner_key(session, chat_id)).order_by(Seat.id)
    return [(seat, sitting, offering) for seat, sitting, offering in await session.execute(mine)]


async def own(session: AsyncSession, number: str, chat_id: int) -> Booked:
    """One's own seat by its number.  Raises UnknownSeat."""
    mine = _with_sitting().where(Seat.number == number, Seat.owner == owner_key(session, chat_id))
    row = (await session.execute(mine)).first()
    if row is None:
        raise UnknownSeat(number)
    return row[0], row[1], row[2]


def _with_sitting() -> Select[*Booked]:
    query = select(Seat, Sitting, Offering).join(Sitting, Sitting.id == Seat.sitting_id)
    return query.join(Offering, Offering.id == Sitting.offering_id)


async def locked_one(session: AsyncSession, number: str) -> tuple[Seat, Sitting]:
    """A seat with its sitting, both locked: sitting, seat, in this order.  Raises UnknownSeat."""
    sitting_id = await session.scalar(select(Seat.sitting_id).where(Seat.number == number))
    if sitting_id is None:
        raise UnknownSeat(number)
    sitting: Sitting = (await session.scalars(locked(select(Sitting).where(Sitting.id == sitting_id)))).one()
    return (await session.scalars(locked(select(Seat).where(Seat.number == number)))).one(), sitting


async def locked_at(session: AsyncSession, sitting_id: int, number: str) -> tuple[Seat, Sitting]:
    """The same for a seat of this sitting; one of another is not told from one that never was.  Raises UnknownSeat."""
    here = select(Seat.id).where(Seat.number == number, Seat.sitting_id == sitting_id)
    if await session.scalar(here) is None:
        raise UnknownSeat(number)
    return await locked_one(session, number)


async def at(session: AsyncSession, sitting_id: int, *states: SeatState) -> Sequence[Seat]:
    """The seats of a sitting in some states, in the order in which they were taken, or stand in line."""
    query = select(Seat).where(Seat.sitting_id == sitting_id, Seat.state.in_(states)).order_by(Seat.line, Seat.id)
    return (await session.scalars(query)).all()


async def ahead(session: AsyncSession, seat: Seat) -> int:
    """Which place in line this is: 1 is the next."""
    before = Seat.sitting_id == seat.sitting_id, Seat.state == SeatState.WAITING, Seat.line <= seat.line
    return await session.scalar(select(func.count()).where(*before)) or 0


async def step(session: AsyncSession, seat: Seat, target: SeatState, actor: Actor) -> None:
    """Take a step and write it down.  Raises IllegalStep."""
    verb = SEAT.step(seat.state, target, actor.role).name
    source, seat.state = seat.state, target
    seat.version += 1
    if target not in SEATED:
        seat.closed_at = now()
    await session.flush()
    await note(session, seat, verb, source, actor)


async def note(session: AsyncSession, seat: Seat, name: str, source: str, actor: Actor) -> None:
    values = {"seat_id": seat.id, "name": name, "source": source, "target": seat.state, "at": now()}
    await session.execute(insert(SeatStep).values(**values, role=actor.role, staff_id=actor.id))


async def times(session: AsyncSession, seat: Seat, name: str) -> int:
    """How often a step of this name was taken."""
    lines = SeatStep.seat_id == seat.id, SeatStep.name == name
    return await session.scalar(select(func.count()).where(*lines)) or 0


async def timeline(session: AsyncSession, seat_id: int) -> list[SeatStep]:
    return list(await session.scalars(select(SeatStep).where(SeatStep.seat_id == seat_id).order_by(SeatStep.id)))


async def free_number(session: AsyncSession) -> str:
    while True:
        number = f"B{new_number()}"
        if await session.scalar(select(Seat.id).where(Seat.number == number)) is None:
            return number


async def newest_step(session: AsyncSession) -> int:
    """Grows with every step of any seat."""
    return await session.scalar(select(func.max(SeatStep.id))) or 0
