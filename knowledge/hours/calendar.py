"""What kind of day it is in China: weekday, public holiday, or a weekend day on which the country works (调休)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

import chinese_calendar  # type: ignore[import-untyped,unused-ignore]

# China has one time and no summer time since 1991, so no tz database has to be on the machine.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Day:
    weekday: int  # Monday is 0
    season: int  # month * 100 + day: 1001 is 1 October
    holiday: bool  # a day of a public holiday's break, its weekends included
    working: bool  # the country works: Monday to Friday less holidays, and the weekends of 调休


@lru_cache(maxsize=2048)
def day(on: date) -> Day:
    """The kind of a day.

    A year that chinese-calendar does not cover yet (the State Council publishes each in the autumn before) has no known
    holidays: opening hours must not stop working on 1 January.  Deadlines elsewhere are strict about it.
    """
    weekday = on.weekday()
    try:
        free, name = chinese_calendar.get_holiday_detail(on)
    except NotImplementedError:
        free, name = weekday >= 5, None
    return Day(weekday, on.month * 100 + on.day, holiday=free and name is not None, working=not free)


def wall_time(moment: datetime) -> tuple[date, int]:
    """The day and the minute of the day in China.  Raises ValueError for a datetime that does not say its zone."""
    if moment.tzinfo is None:
        raise ValueError(f"a moment without a time zone: {moment.isoformat()}")
    local = moment.astimezone(SHANGHAI)
    return local.date(), local.hour * 60 + local.minute


def moment_of(on: date, minute: int) -> datetime:
    """The moment of a minute counted from a day's midnight in China; minutes past 1440 are the days after."""
    return datetime(on.year, on.month, on.day, tzinfo=SHANGHAI) + timedelta(minutes=minute)
