"""Which days are worked and how long things may take: what administrators entered, and what they looked at before."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, now


class Clocked:
    """What every case with a deadline has: bot.services.calendar.deadlines works the deadline out, and nobody else."""

    id: Mapped[int]
    number: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    region: Mapped[str]
    created_at: Mapped[datetime]

    restarted_at: Mapped[
        datetime | None
    ]  # since when its time counts, once it was reopened; before that since created_at
    limit_amount: Mapped[int | None]  # the limit it got then; None: the one of its kind
    limit_unit: Mapped[str] = mapped_column(String(16), default="")
    pauses: Mapped[
        list[Any] | None
    ]  # from when to when its clock stood still, as bot.services.core.case_clock reads it
    extension: Mapped[int] = mapped_column(default=0)  # working days it was put off by
    due_at: Mapped[datetime | None]  # follows from the five above; None while the calendar of the year is not known
    paused_at: Mapped[datetime | None]  # since when the clock stands still


class LimitChange(Base):
    """A limit that administrators set in place of the default in the content; of a district the newest valid row counts."""

    __tablename__ = "limit_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), index=True)
    district: Mapped[str] = mapped_column(String(6), default="")  # GB/T 2260 prefix; "" for the whole country
    amount: Mapped[int | None]  # None: no limit of its own any more
    unit: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(200))
    valid_from: Mapped[date] = mapped_column(Date)  # China's date; cases whose time begins on that day or later
    staff_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(default=now)


class CalendarDay(Base):
    """A day the administrators entered: worked or not, whatever the package says."""

    __tablename__ = "calendar_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    working: Mapped[bool]
    why: Mapped[str] = mapped_column(String(100), default="")


class CalendarYear(Base):
    """A year whose holidays the administrators have entered as a whole."""

    __tablename__ = "calendar_years"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(default=now)


class CalendarChange(Base):
    """Days that somebody is about to enter, and later how they came in.  One that is not entered goes after a day."""

    __tablename__ = "calendar_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))  # None: the command line
    year: Mapped[int | None]  # the year whose days these are as a whole; None for single days
    days: Mapped[list[Any]]  # [date in ISO, whether it is worked or None for "as it was", why]
    source: Mapped[str] = mapped_column(String(200))
    seen_at: Mapped[datetime | None]  # the change of the calendar that was the newest one when this was looked at
    at: Mapped[datetime] = mapped_column(default=now)
    entered_at: Mapped[datetime | None]
