"""The clock of a case.  Its deadline is worked out from the clock and the calendar, and can be worked out anew at any time.

So a day that moves, a year that becomes known and a pause that ends are the same thing: the deadline is asked for again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.services.core.working_days import TICK, Calendar, Limit, LimitUnit, YearUnknown

Pause = tuple[datetime, datetime]  # from the question to the answer


@dataclass(frozen=True, slots=True)
class CaseClock:
    """start: when the time of the case began.  extension: working days added by decision."""

    start: datetime
    limit: Limit
    pauses: Sequence[Pause] = ()
    extension: int = 0

    def due(self, calendar: Calendar) -> datetime:
        """When the case is to be settled.  Raises YearUnknown.

        Hours stand still to the second.  Working days stand still for as many working days as a pause spans, so that a
        deadline stays a midnight and a pause within a day costs nothing.
        """
        if self.limit.unit is LimitUnit.HOURS:
            due = calendar.due(self.start, self.limit) + self._still(None)
        else:
            spanned = sum(calendar.working_days_in(*pause) for pause in self.pauses)
            due = calendar.due(self.start, replace(self.limit, amount=self.limit.amount + spanned))
        return calendar.working_days_after(due - TICK, self.extension) + TICK

    def used(self, due: datetime, share: float) -> datetime:
        """The moment at which a share, 0 to 1, of the time that ran is used up."""
        left = (due - self.start - self._still(due)) * share
        at = self.start
        for begin, end in self.pauses:
            if at + left <= begin:
                break
            left -= begin - at
            at = end
        return at + left

    def _still(self, before: datetime | None) -> timedelta:
        """How long it stood still, before a moment."""
        ends = [(begin, end if before is None else min(end, before)) for begin, end in self.pauses]
        return sum((end - begin for begin, end in ends if end > begin), timedelta())


def due_of(clock: CaseClock, calendar: Calendar) -> datetime | None:
    """The deadline; None while the calendar of a year is not known."""
    try:
        return clock.due(calendar)
    except YearUnknown:
        return None


def stored(pauses: Sequence[Pause]) -> list[Any]:
    """Pauses as a row keeps them."""
    return [[begin.isoformat(), end.isoformat()] for begin, end in pauses]


def read(pauses: Sequence[Any] | None) -> tuple[Pause, ...]:
    """The pauses of a row."""
    return tuple((datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in pauses or ())
