"""How long what is kept, and why: the policy as data."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

FILE = Path(__file__).parent / "retention.toml"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """What becomes of the rows of some tables."""

    name: str
    tables: tuple[str, ...]
    what: str
    why: str
    days: int | None = None  # None: as long as the installation lives


@dataclass(frozen=True, slots=True)
class Retention:
    """All rules, and the date of the privacy notice that people agree to."""

    notice: str
    rules: Mapping[str, RetentionRule]

    def keep(self, name: str) -> timedelta:
        """How long a rule keeps.  Raises KeyError for a rule without an end."""
        days = self.rules[name].days
        if days is None:
            raise KeyError(name)
        return timedelta(days=days)


def load(path: Path = FILE) -> Retention:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    rules = [RetentionRule(**{**entry, "tables": tuple(entry["tables"])}) for entry in raw["rules"]]
    return Retention(raw["notice"], {rule.name: rule for rule in rules})
