"""One row by our columns: its cells as clean texts, days, numbers and answers, and what is wrong with them."""

import calendar
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeVar

from knowledge import phones
from knowledge.tables import cell
from knowledge.tables.rows import RowFault

LONGEST_PHONE = 60  # characters
YEARS = 2000, 2100  # a slip of the finger gives others, and so does a table program's day 0
_TIME = r"(?:[ T]\d{1,2}:\d\d.*)?"
_DAY = re.compile(rf"(\d{{4}})(?:([-/.])(\d\d?)\2(\d\d?)|年(\d\d?)月(\d\d?)[日号]?|(\d\d)(\d\d)){_TIME}")
_MONTH = re.compile(r"(\d{4})(?:[-/.](\d\d?)|年(\d\d?)月?份?|(\d\d))")
_ROUNDED = re.compile(r"\d(?:\.\d+)?E\+?\d{2}", re.IGNORECASE)  # 1.38E+10: most digits of a long number are lost
_Value = TypeVar("_Value")


class DaySpan(NamedTuple):
    """A day, or a whole month where nobody wrote the day: its first and its last day."""

    first: date
    last: date

    @property
    def is_month(self) -> bool:
        return self.first != self.last


@dataclass(slots=True)
class Record:
    """The cells of one row by our columns.  Reading notes what is wrong: faults stop the import, doubts ask for a look."""

    values: Mapping[str, str]  # as they stand in the file, by our columns
    title: Callable[[str], str]  # what people call a column
    number: int = 0  # of the row, as the table program numbers them
    faults: list[RowFault] = field(default_factory=list)
    doubts: list[RowFault] = field(default_factory=list)
    _read: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, column: str) -> str:
        """The clean text of a cell; "" for a column that is not there, and for what is no value."""
        if not (raw := self.values.get(column)):
            return ""
        if (text := self._read.get(column)) is None:
            text = cell.value(raw)
            if cell.is_broken(text):
                self.doubts.append(RowFault("error_cell", column=self.title(column), text=text[:20]))
                text = ""
            self._read[column] = text
        return text

    def tried(self, read: Callable[[], _Value], default: _Value) -> _Value:
        """What `read` gives, or the default and a fault."""
        try:
            return read()
        except RowFault as fault:
            self.faults.append(fault)
            return default

    def line(self, column: str, most: int, *, missing: str = "") -> str:
        """One line of at most `most` characters; `missing` is the fault when there is none."""
        return self.tried(lambda: self._line(column, most, missing), "")

    def phone(self, column: str) -> str:
        """One phone number, as `knowledge.phones` reads it; "" for none."""
        text = self.line(column, LONGEST_PHONE)
        if text and not phones.read(text):
            self.faults.append(RowFault("bad_phone", column=self.title(column), text=text))
        return phones.read(text)

    def span(self, column: str) -> DaySpan | None:
        """A day, or the month of one."""
        return self.tried(lambda: self._span(column), None)

    def day(self, column: str) -> date | None:
        """A day; a month alone is a fault."""
        span = self.span(column)
        if span is not None and span.is_month:
            self.faults.append(RowFault("month", column=self.title(column), text=self[column]))
            return None
        return span.first if span is not None else None

    def answer(self, column: str) -> bool:
        """Yes or no; nothing is no."""
        text = self[column].lower()
        if text not in cell.YES | cell.NO:
            self.faults.append(RowFault("bad_answer", column=self.title(column), text=text))
        return text in cell.YES

    def _line(self, column: str, most: int, missing: str) -> str:
        text = " ".join(self[column].split())
        if missing and not text:
            raise RowFault(missing)
        if _ROUNDED.fullmatch(text):
            raise RowFault("rounded", column=self.title(column), text=text)
        if len(text) > most:
            raise RowFault("too_long", column=self.title(column), most=most)
        return text

    def _span(self, column: str) -> DaySpan | None:
        span = self._written(column)
        if span is not None and not YEARS[0] <= span.first.year <= YEARS[1]:
            words = {"column": self.title(column), "text": self[column][:40]}
            raise RowFault("bad_year", **words, first=YEARS[0], last=YEARS[1])
        return span

    def _written(self, column: str) -> DaySpan | None:
        text = unicodedata.normalize("NFKC", self[column])
        if not text:
            return None
        try:
            if match := _DAY.fullmatch(text):
                year, _, *parts = match.groups()
                month, day = (int(part) for part in parts if part)
                return DaySpan(date(int(year), month, day), date(int(year), month, day))
            if match := _MONTH.fullmatch(text):
                year, month = (int(part) for part in match.groups() if part)
                return DaySpan(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
        except ValueError:
            pass
        raise RowFault("bad_date", column=self.title(column), text=text[:40])
