"""Who came: checked in by the code on the screen of the room, or ticked by the organiser; what follows for who did not."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging.callbacks import RateSitting, Rating
from bot.services.bookings import seats, told
from bot.services.bookings.states import RUNNING, SeatState, SittingState
from bot.services.core import codes
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM, WORKER, Actor
from bot.services.core.working_days import china_date
from bot.services.identity import identities
from bot.services.points import ledger
from bot.store.models import Chat, Offering, Seat, Sitting, SittingRating, now

KIND = "s"  # of the tokens on a screen
RENEWED = 30  # seconds after which the screen shows another one; one that is older than twice that is nothing
EARLY, LATE = timedelta(hours=1), timedelta(minutes=30)  # around the start, when somebody checks in by themselves
ABSENCES, COUNTED, BARRED = 2, timedelta(days=90), timedelta(days=30)
RULE: dict[str, Any] = {"days": COUNTED.days, "times": ABSENCES, "barred": BARRED.days}  # as people read it
RATINGS: tuple[Rating, ...] = ("good", "fair", "poor")


class CheckedIn(StrEnum):
    """What became of a code that somebody scanned."""

    IN = "in"
    AGAIN = "again"  # they were in already
    STALE = "stale"  # the room shows another one by now
    NO_SEAT = "no_seat"
    EARLY = "early"
    LATE = "late"  # a person of the room decides


def code(session: AsyncSession, sitting: Sitting) -> str:
    """What the screen shows at this moment."""
    return codes.sign(session, KIND, sitting.id, str(_turn()))


def is_shown(session: AsyncSession, token: str) -> bool:
    """Whether the screen shows this, or did until a moment ago."""
    named = codes.named(token)
    turns = (_turn(), _turn() - 1)
    return named is not None and named[0] == KIND and any(codes.holds(session, token, str(each)) for each in turns)


def _turn() -> int:
    return int(now().timestamp()) // RENEWED


async def check_in(session: AsyncSession, chat: Chat, token: str) -> tuple[CheckedIn, Sitting | None]:
    """Somebody scanned the code of the room."""
    named = codes.named(token)
    if named is None or not is_shown(session, token):
        return CheckedIn.STALE, None
    sitting = await session.get(Sitting, named[1])
    seat = await _own(session, named[1], chat.id)
    if sitting is None or seat is None:
        return CheckedIn.NO_SEAT, sitting
    seat, sitting = await seats.locked_one(session, seat.number)
    if seat.state == SeatState.ATTENDED:
        return CheckedIn.AGAIN, sitting
    if seat.state != SeatState.BOOKED or sitting.state not in RUNNING:
        return CheckedIn.NO_SEAT, sitting
    if now() < sitting.start_at - EARLY:
        return CheckedIn.EARLY, sitting
    if now() > sitting.start_at + LATE:
        return CheckedIn.LATE, sitting
    await seats.step(session, seat, SeatState.ATTENDED, WORKER)
    return CheckedIn.IN, sitting


async def _own(session: AsyncSession, sitting_id: int, chat_id: int) -> Seat | None:
    """Somebody's newest seat at a sitting."""
    mine = Seat.sitting_id == sitting_id, Seat.owner == seats.owner_key(session, chat_id)
    found: Seat | None = await session.scalar(select(Seat).where(*mine).order_by(Seat.id.desc()).limit(1))
    return found


async def tick(
    session: AsyncSession, context: ServiceContext, sitting_id: int, number: str, target: SeatState, actor: Actor
) -> Seat:
    """Somebody was there, or was not, or is excused.  Raises UnknownSeat, IllegalStep."""
    seat, sitting = await seats.locked_at(session, sitting_id, number)
    was_there = seat.state == SeatState.ATTENDED
    await seats.step(session, seat, target, actor)
    if sitting.state == SittingState.DONE:
        offering = await session.get_one(Offering, sitting.offering_id)
        if target == SeatState.ATTENDED:
            await _thank(session, context, seat, sitting, offering)
        elif was_there and (chat := await identities.chat_behind(session, seat.alias)) is not None:
            await ledger.reverse(session, chat, _source(seat), staff_id=actor.id)
    return seat


async def settle(session: AsyncSession, context: ServiceContext, sitting: Sitting, offering: Offering) -> None:
    """It is over: who is not ticked was not there, and who was is asked how it was."""
    for seat in await seats.at(session, sitting.id, SeatState.BOOKED):
        await seats.step(session, seat, SeatState.ABSENT, SYSTEM)
        await told.tell(session, context, seat, sitting, offering, "booking.told_absent", **RULE)
    for seat in await seats.at(session, sitting.id, SeatState.ATTENDED):
        await _thank(session, context, seat, sitting, offering)


async def _thank(
    session: AsyncSession, context: ServiceContext, seat: Seat, sitting: Sitting, offering: Offering
) -> None:
    chat = await identities.chat_behind(session, seat.alias)
    points = 0
    if chat is not None and offering.points:
        points = await ledger.grant(session, chat, offering.points, _source(seat))
    key = "booking.told_thanks_points" if points else "booking.told_thanks"
    choices = [[(f"booking.rate_{each}", RateSitting(seat.number, each)) for each in RATINGS]]
    await told.tell(session, context, seat, sitting, offering, key, choices=choices, points=points)


def _source(seat: Seat) -> str:
    return f"sitting:{seat.sitting_id}:{seat.number}"


async def rate(session: AsyncSession, chat: Chat, number: str, rating: Rating) -> bool:
    """What somebody who was there thought of it, once; kept without them.  Raises UnknownSeat."""
    await seats.own(session, number, chat.id)
    mine = update(Seat).where(Seat.number == number, Seat.state == SeatState.ATTENDED, ~Seat.rated)
    sitting_id = await session.scalar(mine.values(rated=True).returning(Seat.sitting_id))
    if sitting_id is None:
        return False
    session.add(SittingRating(sitting_id=sitting_id, rating=rating, at=china_date(now())))
    await session.flush()
    return True


async def ratings(session: AsyncSession, sitting_id: int) -> dict[str, int]:
    """How often each was said of a sitting."""
    query = select(SittingRating.rating, func.count()).where(SittingRating.sitting_id == sitting_id)
    return dict((await session.execute(query.group_by(SittingRating.rating))).all())


async def is_barred(session: AsyncSession, chat_id: int) -> bool:
    """Whether somebody may stand in line only: twice within ninety days they did not come, the last time a month ago."""
    query = select(Sitting.end_at).join(Seat, Seat.sitting_id == Sitting.id)
    query = query.where(Seat.owner == seats.owner_key(session, chat_id), Seat.state == SeatState.ABSENT)
    ends = list(await session.scalars(query.where(Sitting.end_at > now() - COUNTED).order_by(Sitting.end_at.desc())))
    return len(ends) >= ABSENCES and ends[0] > now() - BARRED
