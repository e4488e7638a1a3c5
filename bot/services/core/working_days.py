"""Deadlines in Chinese working days (工作日, with 调休): pure arithmetic on a calendar.

The calendar of a year is announced in the autumn before it.  A year nobody has told us about is an error,
never a guess: a deadline that reaches into it is unknown until the calendar comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar

ZONE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)  # before a midnight, it is still the day before


class YearUnknown(LookupError):
    """No calendar of this year: neither chinese-calendar nor the administrators' table has it."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no working-day calendar for {year}: enter it in the console, or update chinese-calendar")
        self.year = year


class LimitUnit(StrEnum):
    HOURS = "hours"  # by the clock, nights and holidays included
    WORKING_DAYS = "working_days"


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may take, and who says so."""

    amount: int
    unit: LimitUnit
    source: str = ""

    def within(self, other: "Limit") -> bool:
        """Whether it is surely no longer than another one, whatever holidays come: a working day has 24 hours or more."""
        if self.unit is other.unit:
            return self.amount <= other.amount
        return self.unit is LimitUnit.HOURS and self.amount <= 24 * other.amount


@dataclass(frozen=True)
class Calendar:
    """Which days are worked.  `overrides` are the administrators': true for a working day."""

    overrides: Mapping[date, bool] = field(default_factory=dict)
    years: frozenset[int] = frozenset()  # years the administrators have entered as a whole

    def is_working(self, day: date) -> bool:
        """Raises YearUnknown."""
        if (known := self.overrides.get(day)) is not None:
            return known
        if day.year in self.years:
            return day.weekday() < 5
        try:
            return _is_workday(day)
        except NotImplementedError:
            raise YearUnknown(day.year) from None

    def knows(self, year: int) -> bool:
        """Whether the days of a year are known as a whole."""
        return year in self.years or is_published(year)

    def due(self, start: datetime, limit: Limit) -> datetime:
        """When a limit that begins at `start` ends.

        Working days count from the day after the start, and the last one ends at midnight, China time.
        Raises YearUnknown.
        """
        if limit.unit is LimitUnit.HOURS:
            return start + timedelta(hours=limit.amount)
        day, left = start.astimezone(ZONE).date(), limit.amount
        while left > 0:
            day += DAY
            left -= self.is_working(day)
        return datetime.combine(day + DAY, time(), ZONE)

    def working_days_in(self, begin: datetime, end: datetime) -> int:
        """How many working days a stretch of time spans, each counted from the hour at which it begins.

        None within 24 hours, so that a few seconds around midnight are no day.  Raises YearUnknown.
        """
        first, last = begin.astimezone(ZONE), end.astimezone(ZONE)
        days = (last.date() - first.date()).days - (last.time() < first.time())
        return sum(self.is_working(first.date() + DAY * number) for number in range(1, days + 1))

    def working_days_after(self, moment: datetime, days: int) -> datetime:
        """The same time of day, so many working days later.  Raises YearUnknown."""
        local = moment.astimezone(ZONE)
        day, left = local.date(), days
        while left > 0:
            day += DAY
            left -= self.is_working(day)
        return datetime.combine(day, local.time(), ZONE)


@lru_cache(maxsize=4_000)  # days, of some ten years; asked for dozens of times with each case
def _is_workday(day: date) -> bool:
    """Raises NotImplementedError."""
    return bool(chinese_calendar.is_workday(day))


@lru_cache
def is_published(year: int) -> bool:
    """Whether chinese-calendar has a year."""
    try:
        _is_workday(date(year, 12, 31))
    except NotImplementedError:
        return False
    return True


def china_date(moment: datetime) -> date:
    """The day it is in China."""
    return moment.astimezone(ZONE).date()


def is_midnight(moment: datetime) -> bool:
    """Whether a day ends at this moment, in China."""
    return moment.astimezone(ZONE).time() == time()


def shown(due: datetime) -> date:
    """The last day on which something is still in time, China time: what people are told."""
    return (due.astimezone(ZONE) - TICK).date()
