"""Cells that several kinds of tables have: where something is, and when it is open."""

import re
import unicodedata
from functools import lru_cache

from knowledge.geo import Datum, Point, in_china, swapped, to_wgs
from knowledge.hours import Hours, UnreadableHours
from knowledge.hours import read as read_hours
from knowledge.places import Place, Places
from knowledge.tables.record import Record
from knowledge.tables.rows import RowFault

_PAIR = re.compile(r"\s*[(\[]?\s*(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)\s*[)\]]?\s*")


def position(record: Record, datum: Datum, places: Places) -> tuple[Point, Place]:
    """Where the row says it is, in WGS-84, and the district there.  Raises RowFault."""
    lat, lon = _degrees(record)
    if not in_china(lat, lon):
        raise RowFault("swapped" if swapped(lat, lon) else "abroad", lat=f"{lat:g}", lon=f"{lon:g}")
    point = to_wgs(lat, lon, datum)
    if district := places.district_of(point):
        return point, district
    raise RowFault("abroad", lat=f"{lat:g}", lon=f"{lon:g}")


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


def hours(record: Record) -> Hours | None:
    """When it is open; None when nobody wrote it down.  Raises RowFault."""
    text = record["hours"]
    try:
        return _known_hours(text) if text else None
    except UnreadableHours as error:
        raise RowFault("bad_hours", text=text[:40], rest=error.rest) from error


@lru_cache(maxsize=4096)
def _known_hours(text: str) -> Hours:
    # Thousands of rows say one of a few dozen hours, and one value for all of them keeps the index small.
    return read_hours(text)
