"""Lists a page at a time, by where the last page ended: the thousandth page costs what the first one does.

A list is one part or several, one after another, each with its own order.  Where a page begins or ends is a cursor: the
number of the part and the values of the row's keys.  It means the same place whatever was moved meanwhile.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.store.base import Moment, at_most

Values = tuple[Any, ...]

FAR = datetime(9999, 1, 1, tzinfo=UTC)  # in place of a moment that is not there: it comes last
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = re.compile(r"[0-9](_(t?-?[0-9]{1,18}|d[0-9]{1,7}|s[0-9a-f]{0,192})){1,6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Key:
    """What rows go by: a whole number, yes or no, a moment, a day or a short text; never NULL."""

    value: ColumnElement[Any] | InstrumentedAttribute[Any]
    falling: bool = False

    def turned(self, *, backwards: bool) -> "Key":
        return Key(self.value, self.falling != backwards)

    @property
    def order(self) -> ColumnElement[Any]:
        return self.value.desc() if self.falling else self.value.asc()

    def beyond(self, value: Any, *, bound: bool = False) -> ColumnElement[bool]:
        """Behind this value in the order; with `bound`, or at it."""
        given = literal(value, self.value.type)
        if self.falling:
            return self.value <= given if bound else self.value < given
        return self.value >= given if bound else self.value > given


@dataclass(frozen=True, slots=True)
class Part:
    """Which rows, and by which keys; no two rows have all keys in common."""

    rows: ColumnElement[bool]
    keys: Sequence[Key]

    def turned(self, *, backwards: bool) -> "Part":
        return Part(self.rows, [key.turned(backwards=backwards) for key in self.keys])

    def beyond(self, values: Values) -> ColumnElement[bool]:
        """The rows after a place.  The first key has a bound of its own, which an index can use."""
        ways: list[ColumnElement[bool]] = []
        same: list[ColumnElement[bool]] = []
        for key, value in zip(self.keys, values, strict=True):
            ways.append(and_(*same, key.beyond(value)))
            same.append(key.value == literal(value, key.value.type))
        return and_(self.keys[0].beyond(values[0], bound=True), or_(*ways))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after a cursor, ending before one, or, without any, at the beginning."""

    after: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as the query gives them, and the cursors to go on with; "" where there is nothing further."""

    rows: Sequence[Values]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class _Found:
    part: int
    keys: Values
    row: Values

    @property
    def cursor(self) -> str:
        return cursor(self.part, self.keys)


def cursor(part: int, values: Values) -> str:
    """Where a row with these keys stands."""
    return "_".join([str(part), *map(_token, values)])


async def page(
    session: AsyncSession,
    query: Select[*tuple[Any, ...]],
    number: InstrumentedAttribute[Any],
    parts: Sequence[Part],
    place: Place,
    size: int,
) -> Page:
    """The rows of a query from a place on, `number` being the primary key of what is listed.

    By two statements, however many parts there are: which rows, and what of them.  A cursor that is none means the
    beginning.
    """
    start = _read(place.after or place.before, parts)
    backwards = start is not None and not place.after
    turned = [part.turned(backwards=backwards) for part in parts]
    ids = _ids(query, number, turned, start, size, backwards=backwards)
    stands = {row.id: (-row.part if backwards else row.part, row.place) for row in await session.execute(ids)}
    keys = [key.value for part in parts for key in part.keys]
    loaded = query.add_columns(number, *keys).where(number.in_(list(stands)))
    found = list(_found(await session.execute(loaded), parts, stands))
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    earlier, later = (more, True) if backwards else (start is not None, more)
    before = found[0].cursor if found and earlier else ""
    return Page([each.row for each in found], before, found[-1].cursor if found and later else "")


def _ids(
    query: Select[Any],
    number: InstrumentedAttribute[Any],
    parts: Sequence[Part],
    start: tuple[int, Values] | None,
    size: int,
    *,
    backwards: bool,
) -> Select[Any]:
    """Of each part that counts its first rows, one more than a page, with the part's number and their places in it.

    The database says the order: Python sorts texts in another one than most databases do.
    """
    narrow = query.with_only_columns(number.label("id"), maintain_column_froms=True)
    selected = []
    for at, part in enumerate(parts):
        if start is not None and (at > start[0] if backwards else at < start[0]):
            continue
        beyond = [part.beyond(start[1])] if start is not None and at == start[0] else []
        keys = [key.value.label(f"key{place}") for place, key in enumerate(part.keys)]
        rows = narrow.add_columns(*keys).where(part.rows, *beyond).order_by(*(key.order for key in part.keys))
        first = rows.limit(at_most(size + 1)).subquery()
        order = [replace(key, value=first.c[f"key{place}"]).order for place, key in enumerate(part.keys)]
        place = func.row_number().over(order_by=order).label("place")
        selected.append(select(first.c.id, literal(at).label("part"), place))
    return select(union_all(*selected).subquery())


def _found(
    rows: Iterable[Sequence[Any]], parts: Sequence[Part], stands: Mapping[Any, tuple[int, int]]
) -> Iterator[_Found]:
    """Rows of the query with all keys of all parts behind them, taken apart, in the order in which they stand."""
    firsts = [sum(len(part.keys) for part in parts[:at]) for at in range(len(parts) + 1)]
    for row in sorted(rows, key=lambda row: stands[row[-firsts[-1] - 1]]):
        plain, (number, *keys) = row[: -firsts[-1] - 1], row[-firsts[-1] - 1 :]
        at = abs(stands[number][0])
        yield _Found(at, tuple(keys[firsts[at] : firsts[at + 1]]), tuple(plain))


def _token(value: Any) -> str:
    match value:
        case datetime():
            return f"t{(value - EPOCH) // timedelta(microseconds=1)}"
        case date():
            return f"d{value.toordinal()}"
        case str():
            return f"s{value.encode().hex()}"
    return str(int(value))


def _read(cursor: str, parts: Sequence[Part]) -> tuple[int, Values] | None:
    """What a cursor says; None for one that is no cursor of this list."""
    if not CURSOR.fullmatch(cursor):
        return None
    at, *tokens = cursor.split("_")
    if int(at) >= len(parts) or len(tokens) != len(parts[int(at)].keys):
        return None
    try:
        values = tuple(_value(token, key) for token, key in zip(tokens, parts[int(at)].keys, strict=True))
    except (ValueError, OverflowError):
        return None
    return int(at), values


def _value(token: str, key: Key) -> Any:
    """Raises ValueError, OverflowError."""
    if isinstance(key.value.type, Moment):
        return EPOCH + timedelta(microseconds=int(token.removeprefix("t")))
    sort: type = key.value.type.python_type
    if sort is str:
        return bytes.fromhex(token.removeprefix("s")).decode()
    if sort is date:
        return date.fromordinal(int(token.removeprefix("d")))
    return sort(int(token))
