"""What people who booked are told of it in their chat."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging.callbacks import BookSeat, CancelSeat, ShowOfferings, ShowSitting
from bot.services.bookings import wording
from bot.services.chats import notifications
from bot.services.chats.notifications import Row
from bot.services.core.context import ServiceContext
from bot.services.identity import identities
from bot.store.models import Offering, Seat, Sitting

ELSE: Row = (("booking.else", ShowOfferings()),)  # what else there is


async def tell(
    session: AsyncSession,
    context: ServiceContext,
    seat: Seat,
    sitting: Sitting,
    offering: Offering,
    key: str,
    *,
    choices: Sequence[Row] = (),
    urgent: bool = False,
    **values: Any,
) -> None:
    """Queue a message for whoever has this seat; texts know `title`, `when`, `place` and `number`."""
    chat = await identities.chat_behind(session, seat.alias)
    if chat is None:
        return
    told: dict[str, Any] = {
        "title": offering.title,
        "when": wording.when(context.knowledge.texts, chat.language, sitting),
        "place": wording.where(sitting, offering),
        "number": seat.number,
    }
    if offering.confidential:  # Whoever looks over a shoulder reads that there is something new.
        key, choices = "booking.told_confidential", [(("booking.open", ShowSitting(sitting.id)),)]
    await notifications.tell(session, context, chat, key, choices=choices, urgent=urgent, **told, **values)


def give_back(seat: Seat) -> Row:
    return (("booking.cancel", CancelSeat(seat.number)),)


def take_or_leave(seat: Seat) -> Sequence[Row]:
    return (("booking.accept", BookSeat(seat.sitting_id)),), (("booking.decline", CancelSeat(seat.number)),)
