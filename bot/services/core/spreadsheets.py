"""Ledgers as sheets: the same rows as CSV and as XLSX, byte for byte the same for the same ledger and watermark."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import openpyxl
from openpyxl.writer.excel import ExcelWriter

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # a spreadsheet may run what begins like this
_NEXT_CELL = re.compile(rf";(?=\s*[{re.escape(''.join(FORMULA))}])")  # where some countries' spreadsheets part cells
THEN = (1980, 1, 1, 0, 0, 0)  # the date of every file in an XLSX: the earliest that zip knows

Cell = str | int
Rows = Sequence[Sequence[Cell]]


def plain(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula, nor for two cells with one in the second; numbers stay numbers."""
    if not isinstance(cell, str):
        return cell
    whole = _NEXT_CELL.sub("；", cell)
    return f"'{whole}" if whole.startswith(FORMULA) else whole


def rows(content: Mapping[str, Any], stamp: str, watermark: str) -> list[list[Cell]]:
    """A ledger as lines of cells; the watermark says who took it out, and when."""
    words, measures = content["words"], content["measures"]
    titles = [title for _, title, _ in measures]
    numbered = zip(measures, content["totals"], strict=True)
    return [
        [words[content["kind"]], content["place"], content["first"], content["last"]],
        [watermark],
        [words["frozen"], content["at"], words["stamp"], stamp],
        *_correction(content),
        [],
        [words["measure"], words["count"], words["meaning"]],
        *([title, number, meaning] for (_, title, meaning), number in numbered),
        *_notices(words, content.get("notices")),
        [],
        [words["sort"], *titles],
        *content["kinds"],
        [],
        [words["agency"], *titles],
        *([name or words["nobody"], *numbers] for name, *numbers in content["agencies"]),
        [],
        [words["number"], words["sort"], words["district"], words["agency"], words["submitted"], *titles],
        *(_case(words, line) for line in content["cases"]),
    ]


def _notices(words: Mapping[str, str], numbers: Sequence[int] | None) -> list[list[Cell]]:
    """Two more lines of numbers; ledgers of the time before notices were counted have none."""
    names = ("notices_sent", "notices_reached")
    return [[words[name], number, words[f"{name}_meaning"]] for name, number in zip(names, numbers or (), strict=False)]


def _correction(content: Mapping[str, Any]) -> list[list[Cell]]:
    if not content["number"]:
        return []
    words = content["words"]
    return [[words["correction"], content["number"], content["why"], words["corrects"], content["corrects"]]]


def _case(words: Mapping[str, str], line: Sequence[Cell]) -> list[Cell]:
    number, kind, place, agency, *rest = line
    return [number or words["confidential"], kind, place or words["nowhere"], agency or words["nobody"], *rest]


def as_csv(lines: Rows) -> bytes:
    """UTF-8 with the mark that Excel wants."""
    text = io.StringIO()
    csv.writer(text).writerows([plain(cell) for cell in line] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(lines: Rows) -> bytes:
    """One sheet; text is text, whatever it looks like."""
    book = openpyxl.Workbook()
    sheet = book.active
    for at, line in enumerate(lines, 1):
        for column, value in enumerate(line, 1):
            cell = sheet.cell(at, column, plain(value))
            cell.data_type = "s" if isinstance(value, str) else "n"
    sheet.column_dimensions["A"].width = 22
    book.properties.created = book.properties.modified = datetime(*THEN)  # noqa: DTZ001  openpyxl takes no zone
    written = io.BytesIO()
    # Not book.save: it would put the present moment into the file.
    ExcelWriter(book, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED)).save()
    return _dateless(written)


def _dateless(written: io.BytesIO) -> bytes:
    """The same archive, its files dated alike."""
    again = io.BytesIO()
    with zipfile.ZipFile(written) as archive, zipfile.ZipFile(again, "w") as copy:
        for name in archive.namelist():
            entry = zipfile.ZipInfo(name, THEN)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            copy.writestr(entry, archive.read(name))
    return again.getvalue()


FORMS: Mapping[str, tuple[Callable[[Rows], bytes], str]] = {
    "csv": (as_csv, "text/csv"),
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
