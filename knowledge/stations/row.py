"""One row of a station file: its cells to the fields of a station, or what is wrong with them."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TypeVar

from knowledge.geo import Datum, Point, in_china, swapped, to_wgs
from knowledge.hours import Hours, UnreadableHours
from knowledge.hours import read as read_hours
from knowledge.places import Place, Places
from knowledge.stations.station import Station, station_id
from knowledge.stations.vocabulary import Vocabulary

LONGEST = {"name": 60, "address": 200, "offer": 300, "phone": 60, "photo": 300}  # characters
_DATE = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T].*)?")
_PAIR = re.compile(r"\s*[(\[]?\s*(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)\s*[)\]]?\s*")
_Value = TypeVar("_Value")


class RowFault(Exception):
    """One cell is wrong: a key of [row] in problems.toml, and its values."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(slots=True)
class Record:
    """The texts of one row by our columns, and the faults found in them so far."""

    values: Mapping[str, str]
    faults: list[RowFault] = field(default_factory=list)

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")

    def tried(self, read: Callable[[], _Value], default: _Value) -> _Value:
        try:
            return read()
        except RowFault as fault:
            self.faults.append(fault)
            return default

    def line(self, column: str) -> str:
        return self.tried(lambda: _line(self, column), "")

    def day(self, column: str) -> date | None:
        return self.tried(lambda: _date(self, column), None)


@dataclass(frozen=True, slots=True)
class RowReader:
    """What rows are read with."""

    datum: Datum
    places: Places
    vocabulary: Vocabulary
    yes: frozenset[str]
    no: frozenset[str]

    def station(self, cells: Record) -> Station:
        """The station of a row; not to be used when the cells have faults, all of which are found at once."""
        nowhere: tuple[Point, Place | None] = (Point(0, 0), None)
        point, district = cells.tried(lambda: self._place(cells), nowhere)
        name = cells.line("name")
        return Station(
            id=station_id(cells["id"], name, point),
            name=name,
            kind=cells.tried(lambda: self._kind(cells), ""),
            point=point,
            datum=self.datum,
            address=cells.line("address"),
            region=district.code if district else "",
            services=cells.tried(lambda: self._services(cells), frozenset()),
            hours=cells.tried(lambda: _hours(cells), None),
            phone=cells.line("phone"),
            checked=cells.day("checked"),
            closed=cells.tried(lambda: self._answer(cells, "closed"), False),
            sample=cells.tried(lambda: self._answer(cells, "sample"), False),
            photo=cells.line("photo"),
            offer=cells.line("offer"),
            offer_from=cells.day("offer_from"),
            offer_until=cells.day("offer_until"),
        )

    def _place(self, cells: Record) -> tuple[Point, Place | None]:
        lat, lon = _degrees(cells)
        if not in_china(lat, lon):
            raise RowFault("swapped" if swapped(lat, lon) else "abroad", lat=f"{lat:g}", lon=f"{lon:g}")
        point = to_wgs(lat, lon, self.datum)
        if district := self.places.district_of(point):
            return point, district
        raise RowFault("abroad", lat=f"{lat:g}", lon=f"{lon:g}")

    def _kind(self, cells: Record) -> str:
        """As the file says, else as the name says (沈河货车司机之家), else `other`."""
        if not cells["kind"]:
            return self.vocabulary.kind(cells["name"]) or "other"
        if code := self.vocabulary.kind(cells["kind"]):
            return code
        known = "、".join(kind.name for kind in self.vocabulary.kinds.values())
        raise RowFault("bad_kind", text=cells["kind"], known=known)

    def _services(self, cells: Record) -> frozenset[str]:
        codes, unknown = self.vocabulary.listed(cells["services"])
        if unknown:
            known = "、".join(service.label for service in self.vocabulary.services.values())
            raise RowFault("bad_services", text="、".join(unknown), known=known)
        return codes

    def _answer(self, cells: Record, column: str) -> bool:
        text = cells[column].lower()
        if text not in self.yes | self.no:
            raise RowFault("bad_answer", column=column, text=text)
        return text in self.yes


def _degrees(cells: Record) -> tuple[float, float]:
    """(lat, lon) of two columns, or of one that holds both; there either order is clear from the numbers."""
    lat, lon, both = (unicodedata.normalize("NFKC", cells[column]) for column in ("lat", "lon", "point"))
    if lat or lon:
        try:
            return float(lat.rstrip("°NnSs ")), float(lon.rstrip("°EeWw "))
        except ValueError:
            raise RowFault("bad_point", text=f"{lat} {lon}".strip()) from None
    if not both:
        raise RowFault("no_point")
    if not (match := _PAIR.fullmatch(both)):
        raise RowFault("bad_point", text=both)
    first, second = float(match[1]), float(match[2])
    return (first, second) if in_china(first, second) else (second, first)


def _hours(cells: Record) -> Hours | None:
    text = cells["hours"]
    try:
        return _known_hours(text) if text else None
    except UnreadableHours as error:
        raise RowFault("bad_hours", text=text[:40], rest=error.rest) from error


@lru_cache(maxsize=4096)
def _known_hours(text: str) -> Hours:
    # Thousands of rows say one of a few dozen hours, and one value for all of them keeps the index small.
    return read_hours(text)


def _line(cells: Record, column: str) -> str:
    text = " ".join(cells[column].split())
    if column == "name" and not text:
        raise RowFault("no_name")
    if len(text) > LONGEST[column]:
        raise RowFault("too_long", column=column, most=LONGEST[column])
    return text


def _date(cells: Record, column: str) -> date | None:
    text = cells[column]
    if not text:
        return None
    try:
        if match := _DATE.fullmatch(text):
            return date(*map(int, match.groups()))
    except ValueError:
        pass
    raise RowFault("bad_date", column=column, text=text)
