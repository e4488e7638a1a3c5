"""Bookings: what is offered, when it takes place, and who has a seat there.

Nothing here says who somebody is: `alias` means something to the vault only, `owner` is a keyed hash of their chat.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, BigId, Sealed, now

_OPEN = text("state IN ('booked', 'waiting', 'offered')")


class Offering(Base):
    """Something people can come to: a course, a talk, a health check.  Somebody else than its writers approves the text."""

    __tablename__ = "offerings"
    __table_args__ = (
        CheckConstraint("book_hours >= 0 AND cancel_hours >= 0", "hours"),
        Index("ix_offerings_list", "state", "region"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  # an OfferingKind of bot.services.bookings.offerings
    title: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    region: Mapped[str] = mapped_column(String(6))  # GB/T 2260 prefix: whom it is for
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"))  # who holds it
    provider_id: Mapped[int | None]  # staff; of a consultation: who is asked
    confidential: Mapped[bool] = mapped_column(default=False)  # only they and the unit see who comes
    place: Mapped[str] = mapped_column(String(100))  # where it takes place, unless a sitting says otherwise
    jobs: Mapped[list[Any]]  # of these trades only; none are all
    book_hours: Mapped[int]  # before the start at which booking ends, and who comes is settled
    points: Mapped[int] = mapped_column(default=0)  # for who came
    cancel_hours: Mapped[int]  # before the start within which a cancellation is late
    state: Mapped[str] = mapped_column(String(16))  # only bot.services.bookings.offerings writes it
    version: Mapped[int] = mapped_column(default=1)  # counts what was written: an approval is of one
    writers: Mapped[list[Any]]  # ids of staff, none of whom approves it
    changed_at: Mapped[datetime] = mapped_column(default=now)


class Sitting(Base):
    """One date of an offering, with its seats."""

    __tablename__ = "sittings"
    __table_args__ = (
        CheckConstraint("taken BETWEEN 0 AND capacity", "seats"),
        CheckConstraint("end_at > start_at", "order"),
        Index("ix_sittings_list", "state", "start_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"), index=True)
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(String(100), default="")  # "" is the offering's
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)  # booked, and held for who was offered a seat
    least: Mapped[int] = mapped_column(default=0)  # with fewer, it does not take place
    line: Mapped[int] = mapped_column(default=0)  # places in line that were given out
    state: Mapped[str] = mapped_column(String(16))  # only bot.services.bookings.sittings writes it
    reminded: Mapped[int] = mapped_column(default=0)  # hours before the start of the last reminder; 0 before the first
    note: Mapped[str] = mapped_column(String(200), default="")  # why it was cancelled


class Seat(Base):
    """Somebody's place at a sitting or in its line.  A person has one that is open at most."""

    __tablename__ = "seats"
    __table_args__ = (
        CheckConstraint("(state = 'offered') = (hold_until IS NOT NULL)", "held"),
        Index("uq_seats_open", "sitting_id", "owner", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_seats_line", "sitting_id", "state", "line"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id"))
    alias: Mapped[str] = mapped_column(String(32), unique=True)  # the key of the identity in the vault
    owner: Mapped[bytes] = mapped_column(LargeBinary(16), index=True)  # blind index of the chat
    state: Mapped[str] = mapped_column(String(16))  # only bot.services.bookings.seats writes it
    answers: Mapped[dict[str, str] | None] = mapped_column(Sealed("seats.answers"))  # what a consultation is about
    line: Mapped[int] = mapped_column(default=0)  # place in line, as it was given out; 0 for who never stood in it
    hold_until: Mapped[datetime | None]  # until when an offered seat is theirs to take
    rated: Mapped[bool] = mapped_column(default=False)  # how, stands elsewhere, without the seat
    late: Mapped[bool] = mapped_column(default=False)  # given back when nobody could plan with it any more
    version: Mapped[int] = mapped_column(default=1)  # counts its steps
    created_at: Mapped[datetime] = mapped_column(default=now)
    closed_at: Mapped[datetime | None]


class SeatStep(Base):
    """One line of a seat's timeline, written in the commit that made the step.  Never changed."""

    __tablename__ = "seat_steps"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seats.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(16))  # the verb
    source: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(16))
    role: Mapped[str] = mapped_column(String(16))
    staff_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(default=now)


class SittingRating(Base):
    """What somebody who came thought of it.  Not who."""

    __tablename__ = "sitting_ratings"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sittings.id"), index=True)
    rating: Mapped[str] = mapped_column(String(8))  # a Rating of bot.messaging.callbacks
    at: Mapped[date] = mapped_column(Date)  # a day: no more would tell who it was
