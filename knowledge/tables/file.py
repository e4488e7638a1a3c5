"""A file as a sheet: its format told by name and content, its columns by their names, large and hostile ones refused."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from knowledge.tables import delimited, geojson, workbook
from knowledge.tables.cell import clean
from knowledge.tables.columns import Columns
from knowledge.tables.problems import Problem, Problems
from knowledge.tables.record import Record
from knowledge.tables.rows import FileRefused, Row, RowFault

BYTES = 20 << 20  # of a file
ROWS = 200_000
PATIENCE = 30.0  # seconds for all rows of a file
COLUMNS = 100


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows below the line of names."""

    columns: Columns
    where: dict[str, int]  # the place of each of our columns that is there
    rows: Sequence[Row]

    def __contains__(self, column: str) -> bool:
        return column in self.where

    def records(self) -> Iterator[Record]:
        """Every row that can be told apart from its neighbours."""
        for row in self.rows:
            if row.fault is None:
                values = {column: row.cells[place] for column, place in self.where.items() if place < len(row.cells)}
                yield Record(values, self.columns.title, row.number)

    def broken(self, problems: Problems) -> list[Problem]:
        """The rows that cannot."""
        return [Problem(row.number, problems.said(row.fault)) for row in self.rows if row.fault is not None]


def read(data: bytes, name: str, columns: Columns) -> Sheet:
    """The sheet of a file's bytes; `name` tells CSV, XLSX and GeoJSON apart.  Raises FileRefused."""
    found, delimited_by_signs = _rows(data, name, columns)
    begin, where = columns.header(found)
    width = len(found[begin].cells)
    below = found[begin + 1 :]
    return Sheet(columns, where, [_fitting(row, width) for row in below] if delimited_by_signs else below)


def _rows(data: bytes, name: str, columns: Columns) -> tuple[list[Row], bool]:
    """All rows that hold anything, and whether signs told their cells apart."""
    if len(data) > BYTES:
        raise FileRefused("too_large", size=len(data) >> 20, most=BYTES >> 20)
    suffix, signs = PurePath(name).suffix.lower(), False
    if suffix == ".xls" or data.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileRefused("old_excel")
    if suffix == ".xlsx" or data.startswith(b"PK\x03\x04"):
        rows = workbook.rows(data)
    elif suffix in (".geojson", ".json"):
        rows = geojson.rows(data)
    elif suffix in (".csv", ".txt", ".tsv"):
        rows, signs = delimited.rows(data, columns), True
    else:
        raise FileRefused("unknown", suffix=clean(suffix)[:20])
    filled = (row for row in bounded(rows, ROWS) if row.fault is not None or any(map(clean, row.cells)))
    return [Row(row.number, row.cells[:COLUMNS], row.fault) for row in filled], signs


def bounded(rows: Iterator[Row], most: int) -> Iterator[Row]:
    """At most so many rows, within PATIENCE.  Raises FileRefused."""
    until = time.monotonic() + PATIENCE
    for count, row in enumerate(rows):  # Empty ones count: a file of 5 KB can say that it has a thousand million.
        if count > most:
            raise FileRefused("too_many", most=most)
        if time.monotonic() > until:
            raise FileRefused("too_slow")
        yield row


def _fitting(row: Row, width: int) -> Row:
    """A row with more cells than there are names has a sign inside a cell, and every cell behind it is shifted."""
    beyond = sum(bool(clean(each)) for each in row.cells[width:])
    return Row(row.number, [], RowFault("too_wide", count=beyond)) if beyond else row
