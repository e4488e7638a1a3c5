"""Which opening hours are open, for all different hours of an index at once.

Thousands of stations share a few dozen hours, so "open now" is one short table; it is made once a minute, from periods
laid out once a day.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from knowledge.hours import Hours
from knowledge.hours.calendar import wall_time
from knowledge.hours.value import DAY

_KEPT = 64  # tables and days that are remembered
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Minute(dict[int, "datetime | None"]):
    """What holds in one minute: `open`, a byte for each of the hours; and when those that are open close, by number."""

    def __init__(self, clock: "Clock", moment: datetime, table: bytes) -> None:
        super().__init__()
        self.open = table
        self._clock, self._moment = clock, moment

    def __missing__(self, number: int) -> datetime | None:
        closing = self[number] = self._clock.closes_at(number, self._moment)
        return closing


class Clock:
    """Answers for hours by their number.  None among them (nobody wrote them down, or closed for now) never opens."""

    def __init__(self, hours: Sequence[Hours | None]) -> None:
        self._hours = hours
        self.always = np.array([each is not None and each.always for each in hours], dtype=bool)
        self._opening = np.array(
            [each is not None and any(rule.spans for rule in each.rules) for each in hours], dtype=bool
        )
        self._days: dict[date, tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.intp]]] = {}
        self._minutes: dict[tuple[date, int], Minute] = {}
        self._closings: dict[int, tuple[datetime, datetime]] = {}

    def at(self, moment: datetime) -> Minute:
        """The minute of a moment.  Raises ValueError for a naive datetime."""
        key = wall_time(moment)
        if (minute := self._minutes.get(key)) is None:
            minute = Minute(self, moment, self._table(*key))
            _remember(self._minutes, key, minute)
        return minute

    def closed_at(self, moment: datetime) -> bytes:
        """A byte for each of the hours, 1 when closed at a moment and open at some other time."""
        closed: NDArray[np.bool_] = self._opening & ~np.frombuffer(self.at(moment).open, dtype=bool)
        return closed.tobytes()

    def closes_at(self, number: int, moment: datetime) -> datetime | None:
        """When hours that are open at a moment close; None when they do not for a year."""
        hours = self._hours[number]
        if hours is None or self.always[number]:
            return None
        # Open since a moment before this one, and until one after it: nothing has to be worked out again.
        if (known := self._closings.get(number)) and known[0] <= moment < known[1]:
            return known[1]
        if closing := hours.closes_at(moment):
            self._closings[number] = (moment, closing)
        return closing

    def next_opening(self, number: int, moment: datetime) -> datetime | None:
        hours = self._hours[number]
        return hours.next_opening(moment) if hours else None

    def _table(self, today: date, minute: int) -> bytes:
        starts, ends, owners = self._day(today)
        table = np.zeros(len(self._hours), dtype=bool)
        table[owners[(starts <= minute) & (minute < ends)]] = True
        return table.tobytes()

    def _day(self, today: date) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.intp]]:
        """The periods of a day and the rest of the night before: starts and ends in minutes, and whose they are."""
        if (periods := self._days.get(today)) is None:
            spans = [
                (start - back * DAY, end - back * DAY, number)
                for back in (0, 1)
                for number, hours in enumerate(self._hours)
                if hours
                for start, end in hours.on(today - timedelta(days=back))
            ]
            columns = np.array(spans, dtype=np.int32).reshape(-1, 3)
            periods = (columns[:, 0].copy(), columns[:, 1].copy(), columns[:, 2].astype(np.intp))
            _remember(self._days, today, periods)
        return periods


def _remember(known: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(known) >= _KEPT:
        known.pop(next(iter(known)))
    known[key] = value
