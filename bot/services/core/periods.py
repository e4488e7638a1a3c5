"""Periods: whole days by China's clock, such as a week from Monday or a month."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from bot.services.core.working_days import DAY, ZONE
from bot.store.models import now

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last one, both included."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """The moment it begins."""
        return datetime.combine(self.first, time(), ZONE)

    @property
    def before(self) -> datetime:
        """The moment it is over."""
        return datetime.combine(self.last + DAY, time(), ZONE)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def over(self) -> bool:
        return self.before <= now()

    def parts(self, most: int) -> list["Period"]:
        """The same in days or, when that would be more than `most`, in pieces of one week each, the last one shorter."""
        step = DAY if self.days <= most else WEEK
        return list(self._cut(step))

    def _cut(self, step: timedelta) -> Iterator["Period"]:
        first = self.first
        while first <= self.last:
            yield Period(first, min(first + step - DAY, self.last))
            first += step


def within(
    column: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    since: date | None,
    until: date | None,
) -> list[ColumnElement[bool]]:
    """The conditions that a moment lies between two days, both included; None is no bound."""
    parts: list[ColumnElement[bool]] = []
    if since is not None:
        parts.append(column >= datetime.combine(since, time(), ZONE))
    if until is not None:
        parts.append(column < datetime.combine(until, time(), ZONE) + DAY)
    return parts


def today() -> date:
    return now().astimezone(ZONE).date()


def week_of(day: date) -> Period:
    """Monday to Sunday."""
    first = day - timedelta(days=day.weekday())
    return Period(first, first + WEEK - DAY)


def month_of(day: date) -> Period:
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=31)).replace(day=1) - DAY)
