"""🎓 培训与活动: what there is, a seat in two taps, and one's own, given back by one tap."""

from typing import Any

from telegram import Update
from telegram.ext import CommandHandler, filters

from bot.channels.telegram.buttons import asked, message_of, pressed, tapped
from bot.channels.telegram.receiver import reads
from bot.channels.telegram.unit import Context
from bot.messaging.callbacks import BookSeat, CancelSeat, Go, MySeats, RateSitting, ShowOfferings, ShowSitting
from bot.messaging.reply import Row
from bot.services.bookings import attendance, booking, seats, sittings, wording
from bot.services.bookings.offerings import OfferingKind
from bot.services.bookings.seats import UnknownSeat
from bot.services.bookings.sittings import UnknownSitting
from bot.services.bookings.states import SeatState, SittingState
from bot.services.core.working_days import ZONE
from bot.services.units import agencies
from bot.store.models import Offering, Seat, Sitting
from handlers.bookings.consult import CONSULT, SITTING
from handlers.bookings.receipt import take

PAGE = 5  # sittings in one list
PAYLOAD = "here_"  # stands before the token behind /start
BENEFITS = ("skills-training", "degree-dream-plan", "volunteer-register", "youth-support")


async def home(update: Update, context: Context) -> None:
    await _list(context, 0)


async def further(update: Update, context: Context, wanted: ShowOfferings) -> None:
    await _list(context, wanted.after)


async def _list(context: Context, after: int) -> None:
    found = await sittings.ahead(context.session, context.chat.region, context.chat.job)
    shown = found[after : after + PAGE]
    rows: list[Row] = [[_entry(context, *each)] for each in shown]
    if len(found) > after + PAGE:
        rows.append([context.button("booking.more", ShowOfferings(after + PAGE))])
    rows.append([context.button("booking.mine", MySeats()), context.button("booking.benefits", Go("benefits"))])
    context.say("booking.home" if shown else "booking.no_more" if after else "booking.none", choices=rows)


def _entry(context: Context, sitting: Sitting, offering: Offering) -> Any:
    return context.button(
        "booking.entry",
        ShowSitting(sitting.id),
        title=offering.title,
        when=_begins(context, sitting),
        left=_left(context, sitting),
    )


def _left(context: Context, sitting: Sitting) -> str:
    count = sitting.capacity - sitting.taken
    return context.text("booking.left", count=count) if count else context.text("booking.full")


def _when(context: Context, sitting: Sitting) -> str:
    return wording.when(context.knowledge.texts, context.chat.language, sitting)


def _begins(context: Context, sitting: Sitting) -> str:
    return wording.begins(context.knowledge.texts, context.chat.language, sitting)


async def show(update: Update, context: Context, wanted: ShowSitting) -> None:
    """The card of one sitting, with one's own seat there."""
    try:
        sitting, offering = await sittings.with_offering(context.session, wanted.id)
    except UnknownSitting:
        context.toast("stale")
        return
    if sitting.state == SittingState.DRAFT:  # Nobody has approved what it says.
        context.toast("stale")
        return
    mine = await seats.open_at(context.session, sitting.id, context.chat.id)
    if mine is None and sitting.state != SittingState.OPEN:
        _say_over(context, sitting, offering)
        return
    unit = (await agencies.names(context.session)).get(offering.agency_id or 0, "")
    context.say(
        "booking.card",
        choices=[*_ways(context, sitting, mine), _else(context)],
        title=offering.title,
        text=offering.text,
        when=_when(context, sitting),
        place=wording.where(sitting, offering),
        capacity=sitting.capacity,
        left=_left(context, sitting),
        unit=context.text("booking.unit", unit=unit) if unit else "",
        standing=await _standing(context, mine) if mine is not None else "",
    )


def _say_over(context: Context, sitting: Sitting, offering: Offering) -> None:
    key = "booking.was_cancelled" if sitting.state == SittingState.CANCELLED else "booking.over"
    when = _when(context, sitting)
    context.say(key, choices=[_else(context)], title=offering.title, when=when, reason=sitting.note)


def _ways(context: Context, sitting: Sitting, mine: Seat | None) -> list[Row]:
    free = sitting.taken < sitting.capacity
    if mine is None:
        return [[context.button("booking.book" if free else "booking.queue", BookSeat(sitting.id))]]
    back = context.button("booking.cancel", CancelSeat(mine.number))
    if mine.state == SeatState.OFFERED or (mine.state == SeatState.WAITING and free):
        return [[context.button("booking.accept", BookSeat(sitting.id))], [back]]
    return [[back]]


async def _standing(context: Context, seat: Seat) -> str:
    return context.text(
        f"booking.standing_{seat.state}",
        number=seat.number,
        ahead=await seats.ahead(context.session, seat) - 1 if seat.state == SeatState.WAITING else 0,
        until=_until(seat),
    )


def _until(seat: Seat) -> str:
    return f"{seat.hold_until.astimezone(ZONE):%H:%M}" if seat.hold_until is not None else ""


async def book(update: Update, context: Context, wanted: BookSeat) -> None:
    """A seat or a place in line, with the receipt; of a consultation it is asked first what it is about."""
    try:
        sitting, offering = await sittings.with_offering(context.session, wanted.id)
    except UnknownSitting:
        context.toast("stale")
        return
    if message := message_of(update):
        context.settle(message)
    mine = await seats.open_at(context.session, sitting.id, context.chat.id)
    if offering.kind == OfferingKind.CONSULT and mine is None:
        await CONSULT.start_with(context, {SITTING: sitting.id})
    else:
        await take(context, sitting.id)


async def cancel(update: Update, context: Context, wanted: CancelSeat) -> None:
    """One tap: the seat is free, and goes to the first in line."""
    try:
        found = await booking.cancel(context.session, context.services, context.chat, wanted.number)
    except UnknownSeat:
        context.toast("stale")
        return
    if found is None:
        context.toast("booking.not_cancelled")
        return
    _, sitting, offering = found
    if message := message_of(update):
        context.settle(message)
    again = context.button("booking.again", ShowSitting(sitting.id))
    context.say(
        "booking.cancelled", choices=[[again], _else(context)], title=offering.title, when=_when(context, sitting)
    )


async def mine(update: Update, context: Context) -> None:
    found = await seats.coming(context.session, context.chat.id)
    rows: list[Row] = [
        [
            context.button(
                f"booking.mine_{seat.state}",
                ShowSitting(sitting.id),
                when=_begins(context, sitting),
                title=offering.title,
            )
        ]
        for seat, sitting, offering in found
    ]
    context.say("booking.mine_title" if found else "booking.mine_none", choices=[*rows, _else(context)])


async def scanned(update: Update, context: Context) -> None:
    """The code of the room, typed by the page that it led to, or handed over by Telegram behind /start."""
    token = "".join(context.args or ()).removeprefix(PAYLOAD)
    became, sitting = await attendance.check_in(context.session, context.chat, token)
    title = (await sittings.with_offering(context.session, sitting.id))[1].title if sitting is not None else ""
    context.say(f"booking.checked_{became}", title=title)


async def rate(update: Update, context: Context, said: RateSitting) -> None:
    try:
        new = await attendance.rate(context.session, context.chat, said.number, said.rating)
    except UnknownSeat:
        context.toast("stale")
        return
    if new and (message := message_of(update)):
        context.settle(message)
    context.toast("booking.rated" if new else "booking.rated_before")


@reads
async def benefits(update: Update, context: Context) -> None:
    context.say("booking.policies", choices=context.knowledge.cards.buttons(BENEFITS))


def _else(context: Context) -> Row:
    return [context.button("booking.else", ShowOfferings())]


HANDLERS: list[Any] = [
    tapped("training", home),
    pressed(Go("training"), home),
    pressed(Go("benefits"), benefits),
    asked(ShowOfferings, further),
    asked(ShowSitting, show),
    asked(BookSeat, book),
    asked(CancelSeat, cancel),
    pressed(MySeats, mine),
    asked(RateSitting, rate),
    CommandHandler("here", scanned),
]
SCANNED = [CommandHandler("start", scanned, filters=filters.Regex(rf"^/start(?:@\w+)? {PAYLOAD}"))]
