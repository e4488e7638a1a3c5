"""What files of outlets, of contacts and of compounds have in common: what their rows may name, and how a file is read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from knowledge import tables
from knowledge.geo import DATUMS, Datum, Point
from knowledge.places import Places
from knowledge.tables import Columns, FileRefused, Problem, Problems, Record, RowFault, Sheet, fields

FOLDER = Path(__file__).parent
PROBLEMS = Problems.load(FOLDER / "problems.toml")
SHOWN = 5  # rows of the preview

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Named:
    """Something a row may name.  region: a GB/T 2260 prefix."""

    id: int
    region: str
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What rows may name, by the words they may use."""

    places: Places
    platforms: Mapping[str, str]  # words -> code
    platform_names: Sequence[str] = ()
    units: Mapping[str, Sequence[Named]] = field(default_factory=dict)  # by name and by code
    duties: Mapping[str, str] = field(default_factory=dict)
    duty_names: Sequence[str] = ()
    jobs: Mapping[str, str] = field(default_factory=dict)
    outlets: Mapping[str, Sequence[Named]] = field(default_factory=dict)
    accounts: Mapping[str, Mapping[int, int]] = field(default_factory=dict)  # name to sign in with -> unit -> person

    def platform(self, text: str, *, needed: bool = False) -> str:
        """The code of a platform; "" for none.  Raises RowFault."""
        names = "、".join(self.platform_names)
        if not text and needed:
            raise RowFault("no_platform", known=names)
        if text and text not in self.platforms:
            raise RowFault("bad_platform", text=text[:20], known=names)
        return self.platforms.get(text, "")

    def unit(self, text: str, region: str) -> int | None:
        """The unit of this name around a region, the one for the smallest region; None for no name.  Raises RowFault."""
        if not text:
            return None
        near = [each for each in self.units.get(text, ()) if region.startswith(each.region)]
        near = near or [each for each in self.units.get(text, ()) if each.region.startswith(region)]
        if not near:
            raise RowFault("unknown_unit", text=text[:40])
        longest = max(len(each.region) for each in near)
        found = [each for each in near if len(each.region) == longest]
        if len(found) > 1:
            raise RowFault("several_units", text=text[:40])
        return found[0].id

    def district(self, text: str) -> str:
        """The code of the one division that a text means, 2 to 6 digits.  Raises RowFault."""
        if text.isascii() and text.isdecimal() and self.places.get(text):
            return text[:6]
        codes = {place.code[:6] for place in self.places.find(text)}
        if len(codes) != 1:
            raise RowFault("bad_district", text=text[:20])
        return codes.pop()


@dataclass(frozen=True, slots=True)
class Import(Generic[Entry]):
    """What a file holds.  No entries when there is a fault."""

    entries: tuple[Entry, ...]
    preview: tuple[tuple[int, Entry], ...]  # with the numbers of their rows
    problems: tuple[Problem, ...]

    @property
    def refused(self) -> bool:
        return any(problem.fault for problem in self.problems)


def read(
    data: bytes,
    name: str,
    columns: Columns,
    check: Callable[[Sheet], None],
    entry: Callable[[Record], Entry],
    same: Callable[[Entry], object],
) -> Import[Entry]:
    """The entries of a file's bytes, each once.  Never raises for what is in the file: problems are in the result.

    check: raises FileRefused for a sheet that lacks a column.  same: equal for entries about the same thing.
    """
    try:
        sheet = tables.read(data, name, columns)
        check(sheet)
    except FileRefused as refusal:
        return Import((), (), (PROBLEMS.refusal(refusal),))
    found: list[tuple[int, Entry]] = []
    problems = sheet.broken(PROBLEMS)
    for record in sheet.records():
        made = entry(record)
        if not record.faults:
            found.append((record.number, made))
        problems += PROBLEMS.of(record)
    problems += _twice(found, same)
    if not found and not problems:
        problems.append(PROBLEMS.refusal(FileRefused("empty")))
    entries = () if any(problem.fault for problem in problems) else tuple(made for _, made in found)
    return Import(entries, tuple(found[:SHOWN]), tuple(sorted(problems, key=lambda problem: problem.row)))


def _twice(found: Iterable[tuple[int, Entry]], same: Callable[[Entry], object]) -> Iterable[Problem]:
    """The later of two rows about the same thing is the faulty one."""
    first: dict[object, int] = {}
    for number, entry in found:
        row = first.setdefault(same(entry), number)
        if row != number:
            yield Problem(number, PROBLEMS.said(RowFault("same_row", row=row)))


def place(record: Record, datum: str, known: Known) -> tuple[Point | None, str]:
    """Where it is, and its district: by its position, where it has one, else as somebody wrote it.  Raises RowFault."""
    stated = known.district(record["district"]) if record["district"] else ""
    if not (record["lat"] or record["lon"] or record["point"]):
        if not stated:
            raise RowFault("no_district")
        if len(stated) != 6:
            raise RowFault("bad_district", text=record["district"][:20])
        return None, stated
    if datum not in DATUMS:
        raise RowFault("no_datum")
    point, district = fields.position(record, _known_datum(datum), known.places)
    if not district.code.startswith(stated):
        record.doubts.append(RowFault("moved", stated=record["district"], found=district.full))
    return point, district.code[:6]


def _known_datum(datum: str) -> Datum:
    return next(each for each in DATUMS if each == datum)


__all__ = ["PROBLEMS", "Datum", "Import", "Known", "Named", "place", "read"]
