"""Which column of a file holds what: the line with the names is found, and the names are guessed by a columns.toml."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from knowledge.tables.cell import clean
from knowledge.tables.rows import FileRefused, Row

HEADED = 10  # rows at the top among which the line with the names of the columns is looked for

Words = Mapping[str, Sequence[str]]  # by the column's name among ours


@dataclass(frozen=True, slots=True)
class Columns:
    """What a kind of file calls its columns: whole names, and parts of names."""

    whole: Words
    parts: Words

    @classmethod
    def load(cls, file: Path) -> Self:
        """From the tables [columns] and [parts] of a file."""
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        return cls(content["columns"], content.get("parts", {}))

    def title(self, column: str) -> str:
        """What people call a column: the first of its names in Chinese."""
        return next((word for word in self.whole.get(column, ()) if not word.isascii()), column)

    @property
    def titles(self) -> list[str]:
        """What people call all the columns there may be."""
        return [self.title(column) for column in self.whole]

    def header(self, rows: Sequence[Row]) -> tuple[int, dict[str, int]]:
        """The place of the line with the names, and where each of our columns is.  Raises FileRefused for no rows."""
        if not rows:
            raise FileRefused("empty")
        found = ((place, self.found(row.cells)) for place, row in enumerate(rows[:HEADED]))
        return max(found, key=lambda each: len(each[1]))

    def found(self, cells: Sequence[str]) -> dict[str, int]:
        """Whole names win over parts, long parts over short ones, and columns on the left over those on the right."""
        names = [_plain(cell) for cell in cells]
        same = [
            (-100, place, column)
            for column, words in self.whole.items()
            for place, name in enumerate(names)
            if name in map(_plain, words)
        ]
        inside = [
            (-len(part), place, column)
            for column, words in self.parts.items()
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
    return re.sub(r"[\s():*_\"“”]", "", unicodedata.normalize("NFKC", clean(name))).lower()
