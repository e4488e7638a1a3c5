"""Station files: everything is read, or nothing is and every problem is listed with its row.

The datum has to be said; a guess would put every pin half a kilometre off.  What columns are called is in columns.toml,
what problems are called in problems.toml.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.geo import Datum, Point, to_wgs
from knowledge.places import Places
from knowledge.stations.header import header
from knowledge.stations.row import Record, RowReader
from knowledge.stations.station import Station
from knowledge.stations.tables import FileRefused, table
from knowledge.stations.vocabulary import Vocabulary

FOLDER = Path(__file__).parent
SHOWN = 5  # rows of the preview


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file, for the person who made it."""

    row: int  # as the table program numbers them; 0 is the file as a whole
    text: str  # plain Chinese: what is wrong and what to do
    fault: bool = True  # a fault stops the import; a warning asks for a look


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
    texts, columns = _content("problems.toml"), _content("columns.toml")
    answers = columns["answers"]
    reader = RowReader(datum, places, vocabulary, frozenset(answers["yes"]), frozenset(answers["no"]))
    try:
        rows = table(data, name)
        begin, where = header(rows, columns["columns"], columns["parts"])
    except FileRefused as refusal:
        return Import((), (), (Problem(0, texts["file"][refusal.key].format(**refusal.values)),))
    found: list[tuple[int, Station]] = []
    problems: list[Problem] = []
    for number, line in rows[begin + 1 :]:
        cells = Record({column: line[place] for column, place in where.items() if place < len(line)})
        station = reader.station(cells)
        problems += [Problem(number, texts["row"][fault.key].format(**fault.values)) for fault in cells.faults]
        if not cells.faults:
            found.append((number, station))
            problems += [Problem(number, text, fault=False) for text in _doubts(cells, station, places, texts["row"])]
    problems += _twice(found, texts["row"])
    if not found and not problems:
        problems.append(Problem(0, texts["file"]["empty"]))
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
    texts, answers = _content("problems.toml")["row"], _content("columns.toml")["answers"]
    cells = Record(values)
    reader = RowReader(datum, places, vocabulary, frozenset(answers["yes"]), frozenset(answers["no"]))
    station = reader.station(cells)
    return station, tuple(texts[fault.key].format(**fault.values) for fault in cells.faults)


def sample(places: Places, vocabulary: Vocabulary) -> tuple[Station, ...]:
    """The sample stations that come with the program; none of them is a real place."""
    return read((FOLDER / "sample.csv").read_bytes(), "sample.csv", "wgs84", places, vocabulary).stations


def _content(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _doubts(cells: Record, station: Station, places: Places, texts: Mapping[str, str]) -> Iterator[str]:
    if station.hours is None and not station.closed:
        yield texts["no_hours"]
    stated, found = cells["district"], places.get(station.region)
    if stated and found:
        meant = places.find(stated)
        if meant and not any(found.code.startswith(place.code[:6]) for place in meant):
            yield texts["other_district"].format(stated=stated, found=found.full)


def _twice(found: list[tuple[int, Station]], texts: Mapping[str, str]) -> Iterator[Problem]:
    """Every id has to come once; the later of two rows is the faulty one."""
    first: dict[str, tuple[int, Station]] = {}
    for number, station in found:
        row, earlier = first.setdefault(station.id, (number, station))
        if row != number:
            same = (earlier.name, earlier.point) == (station.name, station.point)
            key = "same_place" if same else "same_id"
            yield Problem(number, texts[key].format(id=station.id, row=row))


def _shown(row: int, station: Station, places: Places) -> Shown:
    district = places.get(station.region)
    hours = station.hours.text() if station.hours else ""
    return Shown(row, station.name, station.point, district.full if district else "", hours)
