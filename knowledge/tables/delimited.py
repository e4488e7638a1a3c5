"""CSV and its kin, row by row: a row that cannot be read costs that row, and never its neighbours.

The sign between cells is the one under which the line of names is understood.  Which sign comes most says nothing: opening
hours hold more semicolons than a table has commas.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from knowledge.tables.columns import HEADED, Columns
from knowledge.tables.encoding import decoded
from knowledge.tables.rows import FileRefused, Row, RowFault

SIGNS = ",;\t|"
SPAN = 30  # lines that one row may take: a longer one has a quotation mark that was never closed
BROKEN = 20  # rows; with more of them the file as a whole is no table
_HINT = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # Excel's first line that names the sign


def rows(data: bytes, columns: Columns) -> Iterator[Row]:
    """All rows of a file.  Raises FileRefused."""
    lines = list(io.StringIO(decoded(data), newline=""))
    hint = _HINT.fullmatch(lines[0]) if lines else None
    sign = hint[1] if hint else _sign(lines, columns)
    width = max((line.count(sign) for line in lines[: 2 * HEADED]), default=0)
    broken = 0
    for row in islice(_rows(lines, sign, width), 1 if hint else 0, None):
        broken += row.fault is not None
        if broken > BROKEN:
            raise FileRefused("quotes")
        yield row


def _sign(lines: Sequence[str], columns: Columns) -> str:
    """The sign under which most names of columns are found; of several, the one that comes most."""

    def understood(sign: str) -> tuple[int, int]:
        head = list(islice(_rows(lines, sign, 0), HEADED))
        return max((len(columns.found(row.cells)) for row in head), default=0), sum(len(row.cells) for row in head)

    return max(SIGNS, key=understood)


def _rows(lines: Sequence[str], sign: str, width: int) -> Iterator[Row]:
    at, number = 0, 0
    while at < len(lines):
        number += 1
        taken = _taken(lines, at, sign, width)
        if isinstance(taken, RowFault):
            yield Row(number, [], taken)
            at += 1
        else:
            cells, used = taken
            yield Row(number, cells)
            at += used


def _taken(lines: Sequence[str], at: int, sign: str, width: int) -> tuple[list[str], int] | RowFault:
    """The cells of the row that begins at a line, and how many lines it takes."""
    source = iter(lines[at : at + SPAN])
    reader = csv.reader(source, delimiter=sign, strict=True)
    try:
        cells = next(reader)
    except (csv.Error, StopIteration) as error:
        if "limit" in str(error):
            raise FileRefused("broken", why=f"有一格超过 {csv.field_size_limit()} 个字") from error
        return RowFault("quote")
    used = reader.line_num
    # Lines inside a cell that would each make a row are rows: another row's quotation mark ended the cell by accident.
    if used > 1 and any(line.count(sign) >= max(2, width) for line in lines[at + 1 : at + used]):
        return RowFault("quote")
    return cells, used
