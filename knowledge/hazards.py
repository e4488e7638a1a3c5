"""Types of hazards with their limits and numbers to call, and what is no hazard but a report about somebody."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from knowledge.appeals import Office

FILE = Path(__file__).parent / "hazards.toml"
PROPOSED = 3  # types offered at once
NEAR = 6  # characters between somebody and what they did


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something an Open311 client may, or has to, say about a type.  With `values` it is one of them."""

    code: str
    label: str
    required: bool = False
    hint: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HazardKind:
    code: str
    label: str
    group: str
    desk: str  # the kind of agency that takes it, where no rule names one
    limit: int  # how long handling may take
    unit: str  # "working_days" or "hours"
    source: str  # who says so
    words: tuple[str, ...] = ()  # that propose it
    urgent: tuple[str, ...] = ()  # numbers to call first
    say: str = ""  # what to do before and while calling
    local: str = ""  # a value of knowledge.local with one more number to call
    batch: bool = False  # A person looks before an Open311 client is given the number.
    attributes: tuple[Attribute, ...] = ()
    decreed: Mapping[str, tuple[int, str]] = field(
        default_factory=dict
    )  # no province has limits of its own for hazards


@dataclass(frozen=True, slots=True)
class People:
    """What makes a text a report about somebody."""

    crimes: tuple[str, ...]
    acts: tuple[str, ...]
    channels: Mapping[str, tuple[str, ...]]  # where to go -> people named

    def channel(self, text: str) -> str:
        """Where a report about somebody belongs: "police", "platform" or "appeal"; "" when it is about no one."""
        if any(word in text for word in self.crimes):
            return "police"
        acts = "|".join(map(re.escape, self.acts))
        for channel, people in self.channels.items():
            named = "|".join(map(re.escape, people))
            if re.search(rf"(?:{named})[^，。！？\n]{{0,{NEAR}}}(?:{acts})", text):
                return channel
        return ""


@dataclass(frozen=True, slots=True)
class Hazards:
    kinds: Mapping[str, HazardKind]
    offices: tuple[Office, ...]
    people: People

    def proposed(self, text: str) -> list[str]:
        """The types a text most likely means, most likely first, filled up with the everyday ones."""
        scores = {code: sum(len(word) for word in kind.words if word in text) for code, kind in self.kinds.items()}
        said = sorted((code for code in scores if scores[code]), key=lambda code: -scores[code])
        everyday = [code for code, kind in self.kinds.items() if not kind.urgent and code not in said]
        return [*said, *everyday][:PROPOSED]

    def surely(self, text: str) -> str:
        """The type whose words stand in a text; "" when none does."""
        first = self.proposed(text)[0]
        return first if any(word in text for word in self.kinds[first].words) else ""


def load(path: Path = FILE) -> Hazards:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    people = dict(raw["people"])
    crimes, acts = tuple(people.pop("crimes")), tuple(people.pop("acts"))
    return Hazards(
        kinds={entry["code"]: _kind(entry) for entry in raw["kinds"]},
        offices=tuple(Office(**entry) for entry in raw["agencies"]),
        people=People(crimes, acts, {name: tuple(words) for name, words in people.items()}),
    )


def _kind(entry: Mapping[str, Any]) -> HazardKind:
    lists = {name: tuple(entry.get(name, ())) for name in ("words", "urgent")}
    attributes = tuple(Attribute(**each) for each in entry.get("attributes", ()))
    return HazardKind(**{**entry, **lists, "attributes": attributes})
