"""The receipt of a seat, or of a place in line."""

from bot.channels.telegram.unit import Context
from bot.messaging import urls
from bot.messaging.callbacks import CancelSeat
from bot.services.bookings import attendance, booking, calendar_file, seats, wording
from bot.services.bookings.sittings import REMINDERS
from bot.services.bookings.states import SeatState


async def take(context: Context, sitting_id: int, answers: dict[str, str] | None = None) -> None:
    """Book, or stand in line, and say so."""
    services, chat = context.services, context.chat
    seat, sitting, offering = await booking.take(context.session, chat, sitting_id, answers)
    booked = seat.state == SeatState.BOOKED
    barred = not booked and await attendance.is_barred(context.session, chat.id)
    token = calendar_file.token(context.session, sitting)
    context.say(
        "booking.booked" if booked else "booking.queued_barred" if barred else "booking.queued",
        choices=[[context.button("booking.cancel", CancelSeat(seat.number))]],
        receipt=True,
        title=offering.title,
        number=seat.number,
        when=wording.when(context.knowledge.texts, chat.language, sitting),
        place=wording.where(sitting, offering),
        ahead=await seats.ahead(context.session, seat),
        first=max(REMINDERS),
        last=min(REMINDERS),
        days=attendance.COUNTED.days,
        times=attendance.ABSENCES,
        calendar=f"{services.base_url}{urls.SCANNED}/{token}",
    )
