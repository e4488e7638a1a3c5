"""What is counted of the appeals, in words and as data."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "measures.toml"


@dataclass(frozen=True, slots=True)
class Measure:
    """One number: what it is called, what it means, and which cases it counts.  See measures.toml."""

    name: str
    title: str
    meaning: str
    steps: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    rating: str | None = None  # None: whatever it is
    key: str = ""  # how the keys of the steps begin
    ahead: int = 0  # days after the period


@dataclass(frozen=True, slots=True)
class Share:
    """One number by another: of the measures of `whole`, those of `part`."""

    name: str
    title: str
    meaning: str
    part: tuple[str, ...]
    whole: tuple[str, ...]

    def of(self, totals: Mapping[str, int]) -> float | None:
        """0 to 1; None of nothing."""
        whole = sum(totals[each] for each in self.whole)
        return sum(totals[each] for each in self.part) / whole if whole else None


@dataclass(frozen=True, slots=True)
class Measures:
    """All of them, and which ones stand in which table, in order."""

    every: Mapping[str, Measure]
    lists: Mapping[str, tuple[Measure, ...]]
    shares: tuple[Share, ...]
    words: Mapping[str, str]  # of ledgers

    @property
    def counted(self) -> tuple[Measure, ...]:
        """Those that go by steps, and so can be counted day by day."""
        return tuple(each for each in self.every.values() if not each.ahead)


def load(path: Path = FILE) -> Measures:
    """Raises KeyError for a list that names no measure."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    every = {entry["name"]: Measure(**_fixed(entry)) for entry in raw["measures"]}
    lists = {name: tuple(every[each] for each in names) for name, names in raw["lists"].items()}
    return Measures(every, lists, tuple(Share(**_fixed(entry)) for entry in raw["shares"]), raw["words"])


def _fixed(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
