"""Outlets as lists have them: where riders and couriers belong."""

from dataclasses import dataclass
from datetime import date

from knowledge.contacts import files
from knowledge.contacts.files import FOLDER, PROBLEMS, Import, Known
from knowledge.geo import Point
from knowledge.tables import Columns, FileRefused, Record, RowFault, Sheet

COLUMNS = Columns.load(FOLDER / "outlet_columns.toml")
LONGEST = {"name": 60, "address": 200}  # characters
MOST = 100_000  # people of one outlet


@dataclass(frozen=True, slots=True)
class OutletEntry:
    """An outlet as somebody wrote it.  platform, region: codes.  community, police: numbers of units."""

    name: str
    platform: str
    region: str
    address: str = ""
    point: Point | None = None  # WGS-84
    size: int | None = None  # people who belong there
    community: int | None = None
    police: int | None = None
    active: bool = True
    checked: date | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from all others."""
        return self.platform, self.region, self.name


def read(data: bytes, name: str, datum: str, known: Known) -> Import[OutletEntry]:
    """datum: of the coordinates; "" where the file has none."""
    return files.read(data, name, COLUMNS, _whole, lambda record: _entry(record, datum, known), lambda made: made.key)


def read_one(record: Record, datum: str, known: Known) -> tuple[OutletEntry, tuple[str, ...]]:
    """One outlet of a form, and what is wrong with it, for who typed it."""
    entry = _entry(record, datum, known)
    return entry, tuple(PROBLEMS.said(fault) for fault in record.faults)


def _whole(sheet: Sheet) -> None:
    """Raises FileRefused for a sheet without what an outlet cannot be without."""
    if "name" not in sheet:
        raise FileRefused("no_outlet_name")
    if "district" not in sheet and "point" not in sheet and not ("lat" in sheet and "lon" in sheet):
        raise FileRefused("no_place")


def _entry(record: Record, datum: str, known: Known) -> OutletEntry:
    """The outlet of a row; not to be used when the record has faults."""
    nowhere: tuple[Point | None, str] = (None, "")
    point, region = record.tried(lambda: files.place(record, datum, known), nowhere)
    checked = record.span("checked")
    return OutletEntry(
        name=record.line("name", LONGEST["name"], missing="no_outlet"),
        platform=record.tried(lambda: known.platform(record["platform"], needed=True), ""),
        region=region,
        address=record.line("address", LONGEST["address"]),
        point=point,
        size=record.tried(lambda: _size(record), None),
        community=record.tried(lambda: known.unit(record["community"], region), None),
        police=record.tried(lambda: known.unit(record["police"], region), None),
        active=not record.answer("closed"),
        checked=checked.first if checked else None,
    )


def _size(record: Record) -> int | None:
    text = record["size"].removesuffix("人").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text) <= MOST):
        raise RowFault("bad_size", text=text[:20])
    return int(text)
