"""Which rows lie in a district."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlalchemy.orm import InstrumentedAttribute

DIGITS = 6  # of the longest GB/T 2260 code


def inside(column: InstrumentedAttribute[Any], district: str) -> ColumnElement[bool]:
    """The condition that a column's code begins with a district's; "" is the whole country and every row.

    A range instead of LIKE: an index can use it, whatever the database sorts by.
    """
    return column.between(district, district.ljust(DIGITS, "9")) if district else true()


def apart(
    column: InstrumentedAttribute[Any], districts: Iterable[str]
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Rows without a district, and rows within one of these: each is a stretch of an index, both together are none."""
    return column == "", and_(column > "", or_(false(), *(inside(column, each) for each in districts)))
