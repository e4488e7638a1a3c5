"""Station files: everything is read, or nothing is and every problem is listed with its row.

The datum has to be said; a guess would put every pin half a kilometre off.  What columns are called is in columns.toml,
what problems are called in problems.toml; what all tables have in common is in knowledge.tables.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge import tables
from knowledge.geo import Datum, Point, to_wgs
from knowledge.places import Places
from knowledge.stations.row import RowReader
from knowledge.stations.station import Station
from knowledge.stations.vocabulary import Vocabulary
from knowledge.tables import Columns, FileRefused, Problem, Problems, Record, RowFault, Sheet

FOLDER = Path(__file__).parent
COLUMNS = Columns.load(FOLDER / "columns.toml")
PROBLEMS = Problems.load(FOLDER / "problems.toml")
SHOWN = 5  # rows of the preview
EXAMPLE = "例子"  # the id of the row that the template begins with


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of the preview."""

    row: int
    name: str
    point: Point  # WGS-84
    district: str  # in which the point falls
    hours: str


@dataclass(frozen=True, slots=True)
class Import:
    """What a file holds.  No stations when there is a fault."""

    stations: tuple[Station, ...]
    preview: tuple[Shown, ...]
    problems: tuple[Problem, ...]

    @property
    def refused(self) -> bool:
        return any(problem.fault for problem in self.problems)


def read(data: bytes, name: str, datum: Datum, places: Places, vocabulary: Vocabulary) -> Import:
    """Stations of a file's bytes; `name` tells CSV, XLSX and GeoJSON apart.

    Never raises for what is in the file: problems are in the result.  ValueError for an unknown datum.
    """
    to_wgs(0, 0, datum)
    reader = RowReader(datum, places, vocabulary)
    try:
        sheet = _stations(tables.read(data, name, COLUMNS))
    except FileRefused as refusal:
        return Import((), (), (PROBLEMS.refusal(refusal),))
    found: list[tuple[int, Station]] = []
    problems = sheet.broken(PROBLEMS)
    for record in sheet.records():
        station = reader.station(record)
        if record["id"] == EXAMPLE:
            record.faults.append(RowFault("example"))
        if not record.faults:
            found.append((record.number, station))
            record.doubts += _doubts(record, station, places)
        problems += PROBLEMS.of(record)
    problems += _twice(found)
    if not found and not problems:
        problems.append(PROBLEMS.refusal(FileRefused("empty")))
    preview = tuple(_shown(number, station, places) for number, station in found[:SHOWN])
    refused = any(problem.fault for problem in problems)
    stations = () if refused else tuple(station for _, station in found)
    return Import(stations, preview, tuple(sorted(problems, key=lambda problem: problem.row)))


def read_one(
    values: Mapping[str, str], datum: Datum, places: Places, vocabulary: Vocabulary
) -> tuple[Station, tuple[str, ...]]:
    """One station from the texts of a form, by the columns' names, and what is wrong with them, for who typed them.

    The station is not to be used when anything is wrong.
    """
    record = Record(values, COLUMNS.title)
    station = RowReader(datum, places, vocabulary).station(record)
    return station, tuple(PROBLEMS.said(fault) for fault in (*record.faults, *record.doubts))


def template() -> list[list[str]]:
    """A sheet to fill in: the columns as people name them, and a row that shows what each holds.

    The row is never taken for a station: a file that still has it is refused, with its row.
    """
    with (FOLDER / "template.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def sample(places: Places, vocabulary: Vocabulary) -> tuple[Station, ...]:
    """The sample stations that come with the program; none of them is a real place."""
    return read((FOLDER / "sample.csv").read_bytes(), "sample.csv", "wgs84", places, vocabulary).stations


def _stations(sheet: Sheet) -> Sheet:
    """The sheet, when it has what a station cannot be without.  Raises FileRefused."""
    if "name" not in sheet:
        raise FileRefused("no_name")
    if "point" not in sheet and not ("lat" in sheet and "lon" in sheet):
        raise FileRefused("no_point")
    return sheet


def _doubts(record: Record, station: Station, places: Places) -> Iterator[RowFault]:
    if station.hours is None and not station.closed:
        yield RowFault("no_hours")
    stated, found = record["district"], places.get(station.region)
    if stated and found:
        meant = places.find(stated)
        if meant and not any(found.code.startswith(place.code[:6]) for place in meant):
            yield RowFault("other_district", stated=stated, found=found.full)


def _twice(found: list[tuple[int, Station]]) -> Iterator[Problem]:
    """Every id has to come once; the later of two rows is the faulty one."""
    first: dict[str, tuple[int, Station]] = {}
    for number, station in found:
        row, earlier = first.setdefault(station.id, (number, station))
        if row != number:
            same = (earlier.name, earlier.point) == (station.name, station.point)
            fault = RowFault("same_place", row=row) if same else RowFault("same_id", id=station.id, row=row)
            yield Problem(number, PROBLEMS.said(fault))


def _shown(row: int, station: Station, places: Places) -> Shown:
    district = places.get(station.region)
    hours = station.hours.text() if station.hours else ""
    return Shown(row, station.name, station.point, district.full if district else "", hours)
