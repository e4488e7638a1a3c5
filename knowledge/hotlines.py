"""Hotlines: numbers a worker can call, what each is for, and when somebody answers."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "hotlines.toml"


@dataclass(frozen=True, slots=True)
class Hotline:
    number: str
    name: str
    use: str  # what it is for
    hours: str  # "" when nobody could say
    kind: str  # "emergency", "labour", "legal", ...


def load(path: Path = FILE) -> dict[str, Hotline]:
    """By number, in the file's order."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["hotlines"]
    return {entry["number"]: Hotline(**entry) for entry in entries}
