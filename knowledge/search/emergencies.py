"""Whom to call first when a line tells of somebody hurt or in danger: signs from knowledge/emergencies.toml.

A missed emergency costs more than a number too many, so a sign is enough unless the line is plainly about what
was, or about what it pays; tests/data/emergencies.tsv and tests/data/calm.txt hold what that reaches.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).parents[1] / "emergencies.toml"
MOST = 3  # numbers that are named; who reads more at such a moment calls none


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of danger, with whom to call, first number first."""

    name: str
    numbers: tuple[str, ...]
    signs: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Emergencies:
    """The kinds, most urgent first, and what tells that a line is about something else."""

    kinds: tuple[Kind, ...]
    past: re.Pattern[str]
    asked: re.Pattern[str]
    now: re.Pattern[str]
    unhurt: re.Pattern[str]
    harmless: re.Pattern[str]

    def numbers(self, cleaned: str) -> tuple[str, ...]:
        """The hotlines to call, first number first; empty when a line tells of no danger."""
        told = self.harmless.sub("", cleaned.replace(" ", ""))
        kinds = [kind for kind in self.kinds if kind.signs.search(told)]
        if not kinds or self._is_about_something_else(told):
            return ()
        if self.unhurt.search(told):
            kinds = [kind for kind in kinds if "120" not in kind.numbers] or kinds
        return tuple(dict.fromkeys(number for kind in _by_urgency(kinds) for number in kind.numbers))[:MOST]

    def _is_about_something_else(self, told: str) -> bool:
        if self.past.search(told):
            return True
        return bool(self.asked.search(told)) and not self.now.search(told)


def _by_urgency(kinds: Sequence[Kind]) -> list[Kind]:
    """The kinds as they stand, but for despair: with an act beside it, who talks comes after who comes."""
    return sorted(kinds, key=lambda kind: kind.name == "despair")


@lru_cache(maxsize=2)
def load(path: Path = FILE) -> Emergencies:
    """The signs of the file; read once, because every new index asks.  Raises re.error for a sign that is no regular expression."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    parts = raw["parts"]

    def any_of(signs: Iterable[str]) -> re.Pattern[str]:
        filled = (sign.replace("{body}", parts["body"]).replace("{who}", parts["who"]) for sign in signs)
        return re.compile("|".join(filled))

    kinds = (Kind(kind["name"], tuple(kind["numbers"]), any_of(kind["signs"])) for kind in raw["kinds"])
    doubt = {name: any_of(signs) for name, signs in raw["doubt"].items()}
    return Emergencies(tuple(kinds), **doubt)
