"""Which column of a file holds what: the line with the names is found, and the names are guessed by columns.toml."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from knowledge.stations.tables import FileRefused, Table

HEADED = 10  # rows at the top among which the line with the names of the columns is looked for

Words = Mapping[str, Sequence[str]]  # by the column's name among ours


def header(rows: Table, whole: Words, parts: Words) -> tuple[int, dict[str, int]]:
    """The place of the line with the names, and where each of our columns is.  Raises Refused without name or position."""
    if not rows:
        raise FileRefused("empty")
    place, where = max(
        ((place, columns(cells, whole, parts)) for place, (_, cells) in enumerate(rows[:HEADED])),
        key=lambda found: len(found[1]),
    )
    if "name" not in where:
        raise FileRefused("no_name")
    if "point" not in where and not {"lat", "lon"} <= where.keys():
        raise FileRefused("no_point")
    return place, where


def columns(cells: Sequence[str], whole: Words, parts: Words) -> dict[str, int]:
    """Whole names win over parts, long parts over short ones, and columns on the left over those on the right."""
    names = [_plain(cell) for cell in cells]
    same = [
        (-100, place, column)
        for column, words in whole.items()
        for place, name in enumerate(names)
        if name in map(_plain, words)
    ]
    inside = [
        (-len(part), place, column)
        for column, words in parts.items()
        for part in words
        for place, name in enumerate(names)
        if part in name
    ]
    where: dict[str, int] = {}
    for _, place, column in sorted(same) + sorted(inside):
        if column not in where and place not in where.values():
            where[column] = place
    return where


def _plain(name: str) -> str:
    return re.sub(r"[\s():*_\"“”]", "", unicodedata.normalize("NFKC", name)).lower()
