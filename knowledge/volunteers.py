"""Joining the grid: what is asked, the training checklist, how long a certificate holds."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent / "volunteers.toml"


@dataclass(frozen=True, slots=True)
class TrainingItem:
    """One item of the checklist.  Without a question it is done on the spot, and staff ticks it off."""

    code: str
    label: str
    text: str
    question: str = ""
    answers: tuple[str, ...] = ()
    right: int = 0

    @property
    def in_chat(self) -> bool:
        return bool(self.question)


@dataclass(frozen=True, slots=True)
class Grid:
    """What joining the grid is about."""

    consent: str  # version of the text
    months: int  # a certificate holds
    remind: int  # days before its end
    reapply: int  # days after a rejection
    longest: int  # hours of one shift
    points: int  # for an approved hour
    platforms: Mapping[str, str]  # code -> label
    availabilities: Mapping[str, str]
    items: Mapping[str, TrainingItem]


def load(path: Path = FILE) -> Grid:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    items = [TrainingItem(**{**each, "answers": tuple(each.get("answers", ()))}) for each in raw["items"]]
    return Grid(
        consent=raw["consent"]["version"],
        **raw["term"],
        **raw["hours"],
        platforms=_labels(raw["platforms"]),
        availabilities=_labels(raw["availabilities"]),
        items={each.code: each for each in items},
    )


def _labels(entries: list[dict[str, str]]) -> dict[str, str]:
    return {each["code"]: each["label"] for each in entries}
