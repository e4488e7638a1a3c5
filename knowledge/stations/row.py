"""One row of a station file: its cells to the fields of a station, or what is wrong with them."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from knowledge.geo import Datum, Point, in_china, swapped, to_wgs
from knowledge.hours import Hours, UnreadableHours
from knowledge.hours import read as read_hours
from knowledge.places import Place, Places
from knowledge.stations.station import Station, station_id
from knowledge.stations.vocabulary import Vocabulary
from knowledge.tables import Record, RowFault

LONGEST = {"name": 60, "address": 200, "offer": 300, "phone": 60, "photo": 300}  # characters
_PAIR = re.compile(r"\s*[(\[]?\s*(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)\s*[)\]]?\s*")


@dataclass(frozen=True, slots=True)
class RowReader:
    """What rows are read with."""

    datum: Datum
    places: Places
    vocabulary: Vocabulary

    def station(self, record: Record) -> Station:
        """The station of a row; not to be used when the record has faults, all of which are found at once."""
        nowhere: tuple[Point, Place | None] = (Point(0, 0), None)
        point, district = record.tried(lambda: self._place(record), nowhere)
        name = record.line("name", LONGEST["name"], missing="no_name")
        checked, offer_from, offer_until = (record.span(name) for name in ("checked", "offer_from", "offer_until"))
        return Station(
            id=station_id(record["id"], name, point),
            name=name,
            kind=record.tried(lambda: self._kind(record), ""),
            point=point,
            datum=self.datum,
            address=record.line("address", LONGEST["address"]),
            region=district.code if district else "",
            services=record.tried(lambda: self._services(record), frozenset()),
            hours=record.tried(lambda: _hours(record), None),
            phone=record.line("phone", LONGEST["phone"]),
            checked=checked.first if checked else None,
            checked_month=checked is not None and checked.is_month,
            closed=record.answer("closed"),
            sample=record.answer("sample"),
            photo=record.line("photo", LONGEST["photo"]),
            offer=record.line("offer", LONGEST["offer"]),
            offer_from=offer_from.first if offer_from else None,
            offer_until=offer_until.last if offer_until else None,
        )

    def _place(self, record: Record) -> tuple[Point, Place | None]:
        lat, lon = _degrees(record)
        if not in_china(lat, lon):
            raise RowFault("swapped" if swapped(lat, lon) else "abroad", lat=f"{lat:g}", lon=f"{lon:g}")
        point = to_wgs(lat, lon, self.datum)
        if district := self.places.district_of(point):
            return point, district
        raise RowFault("abroad", lat=f"{lat:g}", lon=f"{lon:g}")

    def _kind(self, record: Record) -> str:
        """As the file says, else as the name says (沈河货车司机之家), else `other`."""
        if not record["kind"]:
            return self.vocabulary.kind(record["name"]) or "other"
        if code := self.vocabulary.kind(record["kind"]):
            return code
        known = "、".join(kind.name for kind in self.vocabulary.kinds.values())
        raise RowFault("bad_kind", text=record["kind"], known=known)

    def _services(self, record: Record) -> frozenset[str]:
        codes, unknown = self.vocabulary.listed(record["services"])
        if unknown:
            known = "、".join(service.label for service in self.vocabulary.services.values())
            raise RowFault("bad_services", text="、".join(unknown), known=known)
        return codes


def _degrees(record: Record) -> tuple[float, float]:
    """(lat, lon) of two columns, or of one that holds both; there either order is clear from the numbers."""
    lat, lon, both = (unicodedata.normalize("NFKC", record[column]) for column in ("lat", "lon", "point"))
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


def _hours(record: Record) -> Hours | None:
    text = record["hours"]
    try:
        return _known_hours(text) if text else None
    except UnreadableHours as error:
        raise RowFault("bad_hours", text=text[:40], rest=error.rest) from error


@lru_cache(maxsize=4096)
def _known_hours(text: str) -> Hours:
    # Thousands of rows say one of a few dozen hours, and one value for all of them keeps the index small.
    return read_hours(text)
