"""What the readers of all formats give: rows of texts with their numbers, or a refusal.

Refusals carry a key of problems.toml and its values, because the person with the file reads Chinese.
"""

from dataclasses import dataclass


class FileRefused(Exception):
    """The file as a whole cannot be read: a key of [file] in problems.toml, and its values."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key} {values}")
        self.key, self.values = key, values


class RowFault(Exception):
    """Something in one row is wrong: a key of [row] in problems.toml, and its values."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the file; a row that cannot be told apart from its neighbours has a fault and no cells."""

    number: int  # as the table program numbers them, from 1; 0 is the line of names that a GeoJSON file does not have
    cells: list[str]
    fault: RowFault | None = None
