"""Whom to call first when a line tells of somebody hurt or in danger: signs from knowledge/emergencies*.toml.

A missed emergency costs more than a number too many, so a sign is enough unless the line is plainly about what
was, or about what it pays; tests/data/emergencies.tsv, calm.txt and english_danger.tsv hold what that reaches.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from knowledge.search.text import MOST_READ, clean

FOLDER = Path(__file__).parents[1]
MOST = 3  # numbers that are named; who reads more at such a moment calls none
_SIGN = re.compile(r"\{(\w+)\}")
_LETTERS = re.compile(r"[a-z]{2}")
_SHORTENED = re.compile(r" (?=(?:m|s|t|d|re|ve|ll)\b)")  # what an apostrophe stood before: can't, I'm


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of danger, with whom to call, first number first."""

    name: str
    numbers: tuple[str, ...]
    firm: bool = False  # To ask for money in the same breath takes nothing from it: wages unpaid, and no wish to live.


@dataclass(frozen=True, slots=True)
class Signs:
    """What tells of each kind in one language, and what tells that a line is about something else."""

    kinds: Mapping[str, re.Pattern[str]]
    past: re.Pattern[str]
    asked: re.Pattern[str]
    pays: re.Pattern[str]  # the part of what is asked that silences a firm kind too
    now: re.Pattern[str]
    unhurt: re.Pattern[str]
    harmless: re.Pattern[str]

    def told(self, line: str, firm: frozenset[str]) -> set[str]:
        """The kinds of danger that a line tells of."""
        bare = self.harmless.sub("", line)
        found = {name for name, signs in self.kinds.items() if signs.search(bare)}
        if not found or self.past.search(bare):
            return set()
        if self.now.search(bare) or not self.asked.search(bare):
            return found
        return set() if self.pays.search(bare) else found & firm


@dataclass(frozen=True, slots=True)
class Emergencies:
    """The kinds, most urgent first, and their signs in each language."""

    kinds: tuple[Kind, ...]
    chinese: Signs
    english: Signs

    def of(self, text: str) -> tuple[str, ...]:
        """The hotlines to call, first number first, of what somebody wrote; () when it tells of no danger."""
        return self.numbers(clean(text, MOST_READ if text.isascii() else None))

    def numbers(self, cleaned: str) -> tuple[str, ...]:
        """The same of a cleaned line."""
        firm = frozenset(kind.name for kind in self.kinds if kind.firm)
        unspaced = cleaned.replace(" ", "")
        told = self.chinese.told(unspaced, firm) | self._in_english(cleaned, firm)
        kinds = [kind for kind in self.kinds if kind.name in told]
        if self.chinese.unhurt.search(unspaced) or self.english.unhurt.search(cleaned):
            kinds = [kind for kind in kinds if "120" not in kind.numbers] or kinds
        # Despair comes last: with an act beside it, who talks comes after who comes.
        ordered = sorted(kinds, key=lambda kind: kind.name == "despair")
        return tuple(dict.fromkeys(number for kind in ordered for number in kind.numbers))[:MOST]

    def is_english(self, text: str) -> bool:
        """Whether it tells of danger in English words, however few: "Fire!" is no code and no name."""
        return bool(self._in_english(clean(text, MOST_READ), frozenset()))

    def _in_english(self, cleaned: str, firm: frozenset[str]) -> set[str]:
        if not _LETTERS.search(cleaned):
            return set()
        return self.english.told(_SHORTENED.sub("", cleaned), firm)


@lru_cache(maxsize=2)
def load(folder: Path = FOLDER) -> Emergencies:
    """The signs of the files; read once, because every new index asks.  Raises re.error for a sign that is no regular expression."""
    raw, english = (
        tomllib.loads((folder / name).read_text("utf-8")) for name in ("emergencies.toml", "emergencies_en.toml")
    )
    kinds = tuple(Kind(kind["name"], tuple(kind["numbers"]), kind.get("firm", False)) for kind in raw["kinds"])
    chinese = {kind["name"]: kind["signs"] for kind in raw["kinds"]}
    if unknown := english["signs"].keys() - chinese.keys():
        raise ValueError(f"signs of kinds that emergencies.toml does not have: {', '.join(sorted(unknown))}")
    return Emergencies(kinds, _signs(raw, chinese), _signs(english, english["signs"]))


def _signs(raw: Mapping[str, Any], kinds: Mapping[str, Iterable[str]]) -> Signs:
    parts = raw["parts"]

    def any_of(signs: Iterable[str]) -> re.Pattern[str]:
        return re.compile("|".join(_SIGN.sub(lambda named: parts.get(named[1], named[0]), sign) for sign in signs))

    doubt = {name: any_of(signs) for name, signs in raw["doubt"].items()}
    return Signs({name: any_of(signs) for name, signs in kinds.items() if signs}, **doubt)
