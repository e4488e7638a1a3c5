"""Kinds of appeals with their limits, the desks that take them, and reasons for not taking one up."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "appeals.toml"


@dataclass(frozen=True, slots=True)
class AppealKind:
    code: str
    label: str
    desk: str  # the kind of agency that takes it
    limit: int  # how long an answer may take
    unit: str  # "working_days" or "hours"
    source: str  # who says so
    confidential: bool = False  # the desk in charge only
    refer: str = ""  # where to go where nobody here reads it; "" is the hotline for everything
    light: bool = (
        False  # a message to a contact: answered without a reviewer, counted apart, offered on their card only
    )
    about: bool = False  # It may be about a platform or a station: ask which.
    by_job: Mapping[str, str] = field(default_factory=dict)  # another desk for workers of a trade
    decreed: Mapping[str, tuple[int, str]] = field(default_factory=dict)  # working days and who says so, by province

    def desk_for(self, job: str) -> str:
        """The desk that takes it from a worker of a trade."""
        return self.by_job.get(job, self.desk)


@dataclass(frozen=True, slots=True)
class Office:
    """An agency by its general name, for districts that have not entered their own."""

    code: str
    name: str
    desk: str


@dataclass(frozen=True, slots=True)
class Rejection:
    code: str
    label: str
    refer: str  # where to go instead


@dataclass(frozen=True, slots=True)
class Template:
    """What staff may start a text from; 【…】 in it has to be filled in."""

    code: str
    use: str  # "answer", "ask" or "return"
    label: str
    text: str
    kinds: tuple[str, ...] = ()  # it is offered for these only


@dataclass(frozen=True, slots=True)
class Catalogue:
    kinds: Mapping[str, AppealKind]
    offices: tuple[Office, ...]
    rejections: Mapping[str, Rejection]
    templates: tuple[Template, ...] = ()

    @property
    def offered(self) -> Mapping[str, AppealKind]:
        """The kinds that somebody may choose."""
        return {code: each for code, each in self.kinds.items() if not each.light}


def load(path: Path = FILE) -> Catalogue:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return Catalogue(
        kinds={entry["code"]: AppealKind(**entry, decreed=_decreed(raw, entry["code"])) for entry in raw["kinds"]},
        offices=tuple(Office(**entry) for entry in raw["agencies"]),
        rejections={entry["code"]: Rejection(**entry) for entry in raw["rejections"]},
        templates=tuple(Template(**{**entry, "kinds": tuple(entry.get("kinds", ()))}) for entry in raw["templates"]),
    )


def _decreed(raw: Mapping[str, Any], code: str) -> dict[str, tuple[int, str]]:
    return {each["region"]: (each["days"][code], each["source"]) for each in raw["limits"] if code in each["days"]}
