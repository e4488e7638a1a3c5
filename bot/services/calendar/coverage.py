"""How far the calendar reaches: until when anybody can say which days are worked, and whose limits run past that."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.calendar import time_limits
from bot.services.calendar.time_limits import Limited, Rules
from bot.services.core.working_days import Calendar, Limit, YearUnknown, china_date
from bot.store.models import now

AHEAD = timedelta(days=60)  # how far it should always reach


@dataclass(frozen=True, slots=True)
class Coverage:
    """until: the last day that is known.  over: codes of kinds whose limit, begun now, has no end in the calendar."""

    until: date
    days: int  # from today until then
    over: tuple[str, ...] = ()

    @property
    def short(self) -> bool:
        """Whether the next year has to be entered by now."""
        return self.days < AHEAD.days

    @property
    def next_year(self) -> int:
        """The first year that is not known."""
        return self.until.year + 1


async def coverage(session: AsyncSession, kinds: Iterable[Limited] = ()) -> Coverage:
    """How far the calendar reaches today, and which of these kinds have a limit, anywhere, that runs past it."""
    return covered(await time_limits.rules(session), kinds, now())


def covered(rules: Rules, kinds: Iterable[Limited], at: datetime) -> Coverage:
    """The same by given rules, at a moment."""
    today = china_date(at)
    until = last_day(rules.calendar, today)
    over = (
        kind.code
        for kind in kinds
        if any(_runs_past(rules.calendar, at, limit) for limit in _limits(rules, kind, today))
    )
    return Coverage(until, (until - today).days, tuple(over))


def last_day(calendar: Calendar, today: date) -> date:
    """The end of the last year that is known without a gap from today's on; the day before it when today's is not."""
    year = today.year
    while calendar.knows(year):
        year += 1
    return date(year - 1, 12, 31)


def _limits(rules: Rules, kind: Limited, day: date) -> set[Limit]:
    """Every limit that holds for a kind somewhere."""
    districts = {"", *kind.decreed, *(each.district for each in rules.entries.get(kind.code, ()))}
    return {rules.limit(kind, district, day) for district in districts}


def _runs_past(calendar: Calendar, at: datetime, limit: Limit) -> bool:
    try:
        calendar.due(at, limit)
    except YearUnknown:
        return True
    return False
