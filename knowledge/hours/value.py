"""Opening hours as a value: asked about a moment, shown as a short Chinese text."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from knowledge.hours.calendar import Day, day, moment_of, wall_time

Span = tuple[int, int]  # minutes from the day's midnight, 0 <= start < 1440, start < end <= start + 1440

DAY = 1440  # minutes
EVERY_DAY, WORKDAYS, WEEKEND = 0b1111111, 0b0011111, 0b1100000  # bit 0 is Monday
WHOLE_DAY: tuple[Span, ...] = ((0, DAY),)
HORIZON = 400  # days in which an opening or a closing is looked for

_SHORT = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEK = "一二三四五六日"
_LAST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class OpeningRule:
    """Which days, and when on them.  No spans: closed on those days.

    Monday to Friday means the country's working days, so 调休 weekends belong to it and public holidays do not; Saturday
    and Sunday means the days off.  Any other set of weekdays is taken by the calendar, as OpenStreetMap does.
    """

    spans: tuple[Span, ...]
    weekdays: int = EVERY_DAY  # bits
    holidays: bool = False  # also on public holidays, whatever weekday they are
    season: tuple[int, int] | None = (
        None  # month * 100 + day, both included; the first after the last runs over New Year
    )

    def __post_init__(self) -> None:
        for start, end in self.spans:
            if not (0 <= start < DAY and start < end <= start + DAY):
                raise ValueError(f"not a period of a day: {start} to {end} minutes")

    def covers(self, on: Day) -> bool:
        if self.season and not _within(on.season, *self.season):
            return False
        if self.holidays and on.holiday:
            return True
        if self.weekdays == WORKDAYS:
            return on.working
        if self.weekdays == WEEKEND:
            return not on.working
        return bool(self.weekdays >> on.weekday & 1)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a place is open.  Of the rules that cover a day the last decides; no rule, and the day is closed.

    A period past midnight belongs to the day on which it begins, and runs out whatever the next day is.
    """

    rules: tuple[OpeningRule, ...]

    @property
    def always(self) -> bool:
        """Open day and night, all year."""
        return all(rule.spans == WHOLE_DAY for rule in self.rules) and any(
            rule.weekdays == EVERY_DAY and not rule.season for rule in self.rules
        )

    def on(self, when: date) -> tuple[Span, ...]:
        """The periods that begin on a day."""
        kind = day(when)
        return next((rule.spans for rule in reversed(self.rules) if rule.covers(kind)), ())

    def open_at(self, moment: datetime) -> bool:
        """Whether the place is open.  Raises ValueError for a naive datetime, as all three questions do."""
        return bool(self._end(*wall_time(moment)))

    def closes_at(self, moment: datetime) -> datetime | None:
        """The first closed minute after a moment at which the place is open.

        None when it is closed already, and when it does not close within HORIZON days.
        """
        today, now = wall_time(moment)
        if self.always or not (until := self._end(today, now)):
            return None
        while until < HORIZON * DAY:
            days, minute = divmod(until, DAY)
            later = self._end(today + timedelta(days=days), minute)
            if not later:
                return moment_of(today, until)
            until = days * DAY + later
        return None

    def next_opening(self, moment: datetime) -> datetime | None:
        """The first open minute at a moment or after it; None when there is none within HORIZON days."""
        today, now = wall_time(moment)
        if self._end(today, now):
            return moment_of(today, now)
        for days in range(HORIZON):
            starts = [start for start, _ in self.on(today + timedelta(days=days)) if days or start > now]
            if starts:
                return moment_of(today, days * DAY + min(starts))
        return None

    def text(self) -> str:
        """What people read: 周一至周五 08:00–20:00；周末 10:00–次日02:00；节假日休息.  `read` reads it back."""
        if self == Hours((OpeningRule(()),)):
            return "暂停开放"
        return "；".join(_chinese(rule) for rule in self.rules)

    def __str__(self) -> str:
        """In OpenStreetMap's syntax; `read` gives an equal value back."""
        return "; ".join(_osm(rule) for rule in self.rules)

    def _end(self, today: date, now: int) -> int:
        """When the period that holds a minute ends, in minutes of the same day; 0 when no period holds it."""
        ends = [end for start, end in self.on(today) if start <= now < end]
        evening = self.on(today - timedelta(days=1))
        return max([*ends, *(end - DAY for _, end in evening if now < end - DAY)], default=0)


def _within(season: int, first: int, last: int) -> bool:
    return first <= season <= last if first <= last else season >= first or season <= last


def _chinese(rule: OpeningRule) -> str:
    season = _season(rule.season) if rule.season else ""
    days = _days(rule)
    if not season and not days and rule.spans != WHOLE_DAY:
        days = "每天"
    head = " ".join(filter(None, (season, days)))
    times = "、".join(_span(span) for span in rule.spans) or "休息"
    return f"{head}{' ' if head and rule.spans else ''}{times}"


def _days(rule: OpeningRule) -> str:
    named = {EVERY_DAY: ["每天"] if rule.holidays else [], WORKDAYS: ["周一至周五"], WEEKEND: ["周末"]}
    words = named[rule.weekdays] if rule.weekdays in named else list(_runs(rule.weekdays))
    return "、".join(words + ["节假日"] * rule.holidays)


def _runs(weekdays: int) -> Iterator[str]:
    """周一至周三, 周五: runs of three and more days are drawn together."""
    for first, last in _stretches(weekdays):
        if last - first >= 2:
            yield f"周{_WEEK[first]}至周{_WEEK[last]}"
        else:
            yield from (f"周{_WEEK[number]}" for number in range(first, last + 1))


def _stretches(weekdays: int) -> Iterator[tuple[int, int]]:
    first = None
    for number in range(8):
        inside = bool(weekdays >> number & 1)
        if inside and first is None:
            first = number
        elif not inside and first is not None:
            yield first, number - 1
            first = None


def _season(season: tuple[int, int]) -> str:
    (first, first_day), (last, last_day) = divmod(season[0], 100), divmod(season[1], 100)
    if first_day == 1 and last_day == _LAST[last - 1]:
        return f"{first}月" if first == last else f"{first}月至{last}月"
    return f"{first}月{first_day}日至{last}月{last_day}日"


def _span(span: Span) -> str:
    start, end = span
    if span == (0, DAY):
        return "24 小时"
    return f"{clock(start)}–{'次日' if end > DAY else ''}{clock(end if end <= DAY else end - DAY)}"


def _osm(rule: OpeningRule) -> str:
    season = ""
    if rule.season:
        ends = [f"{_MONTHS[number // 100 - 1]} {number % 100:02}" for number in rule.season]
        season = "-".join(ends)
    days = [
        _SHORT[first] if first == last else f"{_SHORT[first]}-{_SHORT[last]}"
        for first, last in _stretches(rule.weekdays)
        if rule.weekdays != EVERY_DAY or rule.holidays
    ]
    selector = " ".join(filter(None, (season, ",".join(days + ["PH"] * rule.holidays))))
    if rule.spans == WHOLE_DAY:
        return f"{selector} 00:00-24:00" if selector else "24/7"
    return f"{selector} {','.join(f'{clock(start)}-{clock(end)}' for start, end in rule.spans) or 'off'}".lstrip()


def clock(minute: int) -> str:
    """08:00 for 480; past 24:00 the hours go on."""
    return f"{minute // 60:02}:{minute % 60:02}"
