"""The first visible sheet of an XLSX file as rows; what unpacks to too much is not opened."""

import io
import warnings
import zipfile
from collections.abc import Iterator

import openpyxl  # type: ignore[import-untyped,unused-ignore]

from knowledge.tables.cell import text_of
from knowledge.tables.rows import FileRefused, Row

UNPACKED = 100 << 20  # bytes of a file in all
COLUMNS = 100


def rows(data: bytes) -> Iterator[Row]:
    """Raises FileRefused."""
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
                empty = cells.count(None) == len(cells)  # The rows of a gap come by the hundred thousand.
                yield Row(number, [] if empty else [text_of(cell) for cell in cells])
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
