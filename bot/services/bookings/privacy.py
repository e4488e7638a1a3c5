"""What we hold about somebody in bookings: told to them, and erased when they wish."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.bookings import booking, seats
from bot.services.core.context import ServiceContext
from bot.services.core.timers import written
from bot.services.identity import identities
from bot.store.models import Chat, Offering, Seat, Sitting

NOBODY = bytes(16)  # in place of who had a seat


async def held(session: AsyncSession, chat: Chat) -> list[dict[str, Any]]:
    """What somebody booked, as plain values."""
    return [await _plain(session, *each) for each in await seats.every(session, chat.id)]


async def _plain(session: AsyncSession, seat: Seat, sitting: Sitting, offering: Offering) -> dict[str, Any]:
    steps = await seats.timeline(session, seat.id)
    return {
        "number": seat.number,
        "title": offering.title,
        "start_at": written(sitting.start_at),
        "state": f"seat_{seat.state}",
        "late": seat.late,
        "answers": seat.answers,
        "timeline": [{"at": written(each.at), "name": f"seat_{each.name}", "role": each.role} for each in steps],
    }


async def erase(session: AsyncSession, context: ServiceContext, chat: Chat) -> None:
    """Give back what is ahead of somebody, and make the rest nobody's; that somebody sat there stays a number."""
    for seat, _, _ in await seats.every(session, chat.id):
        await booking.cancel(session, context, chat, seat.number)
        await forget(session, seat)


async def forget(session: AsyncSession, seat: Seat) -> None:
    """Nobody can find out any more who sat there."""
    await identities.forget(session, seat.alias)
    seat.owner, seat.answers = NOBODY, None
    await session.flush()
