"""What is wrong with a file, for the person who made it."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from knowledge.tables.record import Record
from knowledge.tables.rows import FileRefused, RowFault

COMMON = Path(__file__).parent / "problems.toml"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file."""

    row: int  # as the table program numbers them; 0 is the file as a whole
    text: str  # plain Chinese: what is wrong and what to do
    fault: bool = True  # a fault stops the import; a doubt asks for a look


class Problems:
    """The sentences of problems.toml: those of all tables, and those of one kind of them."""

    def __init__(self, texts: dict[str, dict[str, str]]) -> None:
        self.texts = texts

    @classmethod
    def load(cls, file: Path | None = None) -> Self:
        """`file` has the tables [file] and [row] of one kind of tables."""
        texts: dict[str, dict[str, str]] = {"file": {}, "row": {}}
        for each in (COMMON, file) if file else (COMMON,):
            content = tomllib.loads(each.read_text(encoding="utf-8"))
            for name in texts:
                texts[name] |= content.get(name, {})
        return cls(texts)

    def refusal(self, refused: FileRefused) -> Problem:
        return Problem(0, self.texts["file"][refused.key].format(**refused.values))

    def said(self, fault: RowFault) -> str:
        return self.texts["row"][fault.key].format(**fault.values)

    def of(self, record: Record) -> Iterator[Problem]:
        """Everything that reading a record has found."""
        for fault in record.faults:
            yield Problem(record.number, self.said(fault))
        for doubt in record.doubts:
            yield Problem(record.number, self.said(doubt), fault=False)
