"""Compounds as lists have them: a line for each gate, with what is true of the whole compound on each of its lines."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from knowledge.contacts import files
from knowledge.contacts.files import PROBLEMS, Import, Known
from knowledge.geo import Point
from knowledge.tables import Columns, FileRefused, Record, RowFault, Sheet, fields

COLUMNS = Columns.load(Path(__file__).parent / "compound_columns.toml")
LONGEST = {"name": 60, "address": 200, "rules": 300, "gate": 30}  # characters
LONGEST_HOURS = 200  # characters


@dataclass(frozen=True, slots=True)
class GateEntry:
    """A gate as somebody wrote it.  hours: as knowledge.hours writes them; "" when nobody wrote them down."""

    name: str
    hours: str = ""
    open_to_riders: bool = True


@dataclass(frozen=True, slots=True)
class CompoundEntry:
    """A compound as somebody wrote it.  region: six digits.  unit: its property management.  vehicles: None for unknown."""

    name: str
    region: str
    address: str = ""
    point: Point | None = None  # WGS-84
    unit: int | None = None
    rules: str = ""
    vehicles: bool | None = None
    active: bool = True
    checked: date | None = None
    gate: GateEntry | None = None  # of this line

    @property
    def key(self) -> tuple[str, str]:
        """What tells a compound from all others."""
        return self.region, self.name

    @property
    def line(self) -> tuple[str, ...]:
        """What tells a line of a list from all others."""
        return *self.key, self.gate.name if self.gate else ""


def read(data: bytes, name: str, datum: str, known: Known) -> Import[CompoundEntry]:
    """datum: of the coordinates; "" where the file has none.  Lines of one compound say the same about it."""
    first: dict[tuple[str, str], tuple[int, CompoundEntry]] = {}

    def entry(record: Record) -> CompoundEntry:
        made = _entry(record, datum, known)
        if not record.faults:
            _compare(record, made, *first.setdefault(made.key, (record.number, made)))
        return made

    return files.read(data, name, COLUMNS, _whole, entry, lambda made: made.line)


def read_one(record: Record, datum: str, known: Known) -> tuple[CompoundEntry, Sequence[str]]:
    """One compound of a form, and what is wrong with it, for who typed it."""
    made = _entry(record, datum, known)
    return made, [PROBLEMS.said(fault) for fault in record.faults]


def read_gate(record: Record) -> tuple[GateEntry | None, Sequence[str]]:
    """A gate of a form; None where it has no name."""
    return _gate(record), [PROBLEMS.said(fault) for fault in record.faults]


def _whole(sheet: Sheet) -> None:
    """Raises FileRefused for a sheet without what a compound cannot be without."""
    if "name" not in sheet:
        raise FileRefused("no_compound_name")
    if "district" not in sheet and "point" not in sheet and not ("lat" in sheet and "lon" in sheet):
        raise FileRefused("no_place")


def _compare(record: Record, made: CompoundEntry, row: int, first: CompoundEntry) -> None:
    """A later line that says something else of the compound is a slip, and nobody knows which one is right."""
    names = ("address", "unit", "rules", "vehicles")
    for column in (name for name in names if getattr(made, name) != getattr(first, name)):
        record.faults.append(RowFault("other_lines", row=row, column=record.title(column)))


def _entry(record: Record, datum: str, known: Known) -> CompoundEntry:
    """The compound of a row; not to be used when the record has faults."""
    nowhere: tuple[Point | None, str] = (None, "")
    point, region = record.tried(lambda: files.place(record, datum, known), nowhere)
    checked = record.span("checked")
    return CompoundEntry(
        name=record.line("name", LONGEST["name"], missing="no_compound"),
        region=region,
        address=record.line("address", LONGEST["address"]),
        point=point,
        unit=record.tried(lambda: known.unit(record["unit"], region), None),
        rules=record.line("rules", LONGEST["rules"]),
        vehicles=record.answer("vehicles") if record["vehicles"] else None,
        active=not record.answer("closed"),
        checked=checked.first if checked else None,
        gate=_gate(record),
    )


def _gate(record: Record) -> GateEntry | None:
    name = record.line("gate", LONGEST["gate"])
    made = GateEntry(name, record.tried(lambda: _hours(record), ""))
    if record["riders"]:
        made = replace(made, open_to_riders=record.answer("riders"))
    return made if name else None


def _hours(record: Record) -> str:
    found = fields.hours(record)
    text = found.text() if found else ""
    if len(text) > LONGEST_HOURS:
        raise RowFault("too_long", column=record.title("hours"), most=LONGEST_HOURS)
    return text
