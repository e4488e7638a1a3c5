"""The buttons of bookings: see `bot.messaging.callbacks`, by which they are known."""

from bot.messaging.press import Callback, Rating


class ShowOfferings(Callback, verb="bl"):
    """What can be booked, so many further on."""

    after: int = 0


class ShowSitting(Callback, verb="bs"):
    id: int


class BookSeat(Callback, verb="bb"):
    """A seat, a place in line, or yes to one that was offered; `id` is the sitting's."""

    id: int


class CancelSeat(Callback, verb="bx"):
    number: str


class RateSitting(Callback, verb="br"):
    """What somebody who was there thought of it; the number is their seat's."""

    number: str
    rating: Rating


class MySeats(Callback, verb="bm"):
    """Where one has a seat or stands in line."""
