"""Rows of a CSV, XLSX or GeoJSON file as texts, with their row numbers; large and hostile files are refused.

Refusals carry a key of problems.toml and its values, because the person with the file reads Chinese.
"""

import csv
import io
import json
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import PurePath
from typing import Any, TypeAlias

import openpyxl  # type: ignore[import-untyped,unused-ignore]

BYTES = 20 << 20  # of a file
UNPACKED = 300 << 20  # bytes of an XLSX file in all
ROWS = 200_000
COLUMNS = 100

Row: TypeAlias = tuple[int, list[str]]  # its number in the file, from 1, and its cells
Table: TypeAlias = list[Row]


class FileRefused(Exception):
    """The file as a whole cannot be read: a key of [file] in problems.toml, and its values."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key} {values}")
        self.key, self.values = key, values


def table(data: bytes, name: str) -> Table:
    """All rows of a file that hold anything; of GeoJSON the first row, number 0, names the columns.  Raises Refused."""
    if len(data) > BYTES:
        raise FileRefused("too_large", size=len(data) >> 20, most=BYTES >> 20)
    suffix = PurePath(name).suffix.lower()
    if suffix == ".xls" or data.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileRefused("old_excel")
    if suffix == ".xlsx" or data.startswith(b"PK\x03\x04"):
        rows = _xlsx(data)
    elif suffix in (".geojson", ".json"):
        rows = _geojson(data)
    elif suffix in (".csv", ".txt", ".tsv"):
        rows = _csv(data)
    else:
        raise FileRefused("unknown", suffix=suffix)
    found: Table = []
    for number, cells in rows:
        if len(found) > ROWS:
            raise FileRefused("too_many", most=ROWS)
        if any(cells):
            found.append((number, cells[:COLUMNS]))
    return found


def _csv(data: bytes) -> Iterator[Row]:
    text = _decoded(data)
    head = text[:4096]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, 1):
            yield number, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise FileRefused("broken", why=error) from error


def _decoded(data: bytes) -> str:
    """Excel in China saves GB18030, newer programs UTF-8 with or without a mark, and "Unicode text" UTF-16."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefused("broken", why="编码不是 UTF-8 或 GB18030")


def _xlsx(data: bytes) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _harmless(archive)
        with warnings.catch_warnings():
            # openpyxl warns about styles and validations, which do not matter here.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheet = next(sheet for sheet in book.worksheets if sheet.sheet_state == "visible")
            sheet.reset_dimensions()  # Some programs write a wrong size into the file.
            for number, cells in enumerate(sheet.iter_rows(max_col=COLUMNS, values_only=True), 1):
                yield number, [_text(cell) for cell in cells]
            book.close()
    except FileRefused:
        raise
    except Exception as error:  # openpyxl answers a broken file with whatever it stumbles over.
        raise FileRefused("broken", why=type(error).__name__) from error


def _harmless(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if sum(part.file_size for part in parts) > UNPACKED or len(parts) > 10_000:
        raise FileRefused("bomb", most=UNPACKED >> 20)
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            with archive.open(part) as file:
                if b"<!DOCTYPE" in file.read(2048):  # Office writes none; entities could grow without end.
                    raise FileRefused("bomb", most=UNPACKED >> 20)


def _geojson(data: bytes) -> Iterator[Row]:
    try:
        features = json.loads(_decoded(data))["features"]
        found = [(feature.get("properties") or {}, feature.get("geometry") or {}) for feature in features]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FileRefused("broken", why="不是 GeoJSON 的 FeatureCollection") from error
    names = list(dict.fromkeys(str(name) for properties, _ in found for name in properties))[: COLUMNS - 1]
    yield 0, [*names, "坐标"]
    for number, (properties, geometry) in enumerate(found, 1):
        yield number, [*(_text(properties.get(name)) for name in names), _position(geometry)]


def _position(geometry: Any) -> str:
    """lon,lat of a point; "" for another geometry, which the row is then refused for."""
    place = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    return ",".join(map(str, place[:2])) if isinstance(place, list) else ""


def _text(value: object) -> str:
    if value is None or value == []:  # Amap writes an empty text as [].
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return "、".join(map(_text, value))
    return str(value).strip()
