"""Reading which days are worked: the State Council's announcement as it is published, or a table of days.

Both may be pasted or come as a file.  What an announcement says twice - the weekday of a date, how many days a holiday
has - is compared: a slip of the pen, or the announcement of another year, is refused with the line it stands in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from bot.errors import Rejected
from bot.services.core.working_days import DAY

LONGEST = 20_000  # characters; an announcement has about 700
MOST = 400  # days
LEAST_OFF = 10  # days off that a whole year has at the least
WEEKDAYS = "一二三四五六日"

_NOTE = r"(?:[（(](?P<{0}note>[^）)]{{0,40}})[）)])?"
_DATE = r"(?:(?P<{0}year>\d{{4}})年)?(?:(?P<{0}month>\d{{1,2}})月)?(?P<{0}day>\d{{1,2}})日\s?" + _NOTE
_SPAN = re.compile(_DATE.format("a") + r"(?:\s?[至到—~-]{1,2}\s?" + _DATE.format("b") + ")?")
_ROW = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[\s,，;；]+(休息|休|放假|上班|班|照旧)(?:[\s,，;；]+(.{0,100}))?"
)
_TITLE = re.compile(r"(\d{4})年[^。\n]{0,30}(?:节假日|放假)")
_ITEM = re.compile(r"^\s*(?:[一二三四五六七八九十]+、\s*)?([一-鿿、]{2,12})[：:]")
_COUNT = re.compile(r"共\s?(\d{1,2})\s?天")
_WEEKDAY = re.compile(r"(?:周|星期)([一二三四五六日天])")
WORKED = {"休息": False, "休": False, "放假": False, "上班": True, "班": True, "照旧": None}


@dataclass(frozen=True, slots=True)
class Day:
    """worked: None for whatever it was before anybody entered it."""

    day: date
    worked: bool | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Announcement:
    """year: the one most of the days are of."""

    days: tuple[Day, ...]
    year: int = field(default=0)

    @property
    def off(self) -> int:
        return sum(each.worked is False for each in self.days)


def read(text: str) -> Announcement:
    """The days of an announcement, or of lines such as "2027-02-06 上班 春节".

    Raises Rejected: too long, no day in it, or a line that contradicts itself.
    """
    if len(text) > LONGEST:
        raise Rejected("calendar.long", most=LONGEST)
    title = _TITLE.search(text)
    found: dict[date, Day] = {}
    for line in text.splitlines():
        row = _ROW.match(line.strip())
        days = _row(row, line) if row else _sentences(line, int(title[1]) if title else 0)
        for each in days:
            if found.setdefault(each.day, each).worked != each.worked:
                raise Rejected("calendar.twice", day=each.day, line=line.strip()[:60])
    if not found or len(found) > MOST:
        raise Rejected("calendar.none")
    years = [day.year for day in found]
    return Announcement(tuple(found[day] for day in sorted(found)), max(set(years), key=years.count))


def _row(row: re.Match[str], line: str) -> Iterator[Day]:
    yield Day(_date(int(row[1]), int(row[2]), int(row[3]), line), WORKED[row[4]], (row[5] or "").strip())


def _sentences(line: str, year: int) -> Iterator[Day]:
    """The days of one item.  A date without a year or a month has those of the date before it."""
    item, month = _ITEM.match(line), 0
    for sentence in re.split("[。；;]", line):
        worked = True if "上班" in sentence else False if "放假" in sentence or "休息" in sentence else None
        if worked is None:
            continue
        count = _COUNT.search(sentence)
        for span in _SPAN.finditer(sentence):
            if not (span["amonth"] or month):
                continue
            first = _read(span, "a", year, month, line)
            last = _read(span, "b", first.year, first.month, line) if span["bday"] else first
            year, month = (year or first.year), last.month
            number = (last - first).days + 1
            if not 0 < number <= 31 or (span["bday"] and count and int(count[1]) != number):
                raise Rejected("calendar.count", line=line.strip()[:60])
            yield from (Day(first + DAY * each, worked, item[1] if item else "") for each in range(number))


def _read(span: re.Match[str], at: str, year: int, month: int, line: str) -> date:
    """One date of a span; the weekday beside it, where there is one, has to be its own."""
    year = int(span[f"{at}year"] or year)
    if not year:
        raise Rejected("calendar.no_year", line=line.strip()[:60])
    day = _date(year, int(span[f"{at}month"] or month), int(span[f"{at}day"]), line)
    weekday = _WEEKDAY.search(span[f"{at}note"] or "")
    if weekday and WEEKDAYS.index(weekday[1].replace("天", "日")) != day.weekday():
        raise Rejected("calendar.weekday", day=day, right=WEEKDAYS[day.weekday()], line=line.strip()[:60])
    return day


def _date(year: int, month: int, day: int, line: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Rejected("calendar.no_date", line=line.strip()[:60]) from None
