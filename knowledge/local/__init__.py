"""What a city has to fill in: one sheet a region, `21.toml` for 辽宁, `2109.toml` for 阜新; `fields.toml` names the values.

    [minimum_wage_hour]
    value = "一档 21 元、二档 19 元、三档 17 元"
    issuer = "辽宁省人力资源和社会保障厅"     # and the other fields of a source, see knowledge.policies
    title = "关于调整全省最低工资标准的通知"
    date = "2024-05-01 施行"

A district without a value of its own has that of its city, a city that of its province.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from knowledge.policies import Fault, Source

FOLDER = Path(__file__).parent
FIELDS = "fields.toml"
SOURCE = {field.name for field in fields(Source)} - {"figures"}  # what a value tells of its source


@dataclass(frozen=True, slots=True)
class Field:
    """A value that differs from city to city."""

    name: str  # as entries write it: {minimum_wage_hour}
    label: str  # as people say it
    ask: tuple[str, ...]  # hotlines that know it
    look: str  # where an editor finds it; never shown to workers


@dataclass(frozen=True, slots=True)
class Value:
    """A field as one region fills it in."""

    text: str
    source: Source
    note: str = ""  # for editors, never shown

    @property
    def doubtful(self) -> bool:
        """Whether nobody has compared it with the original yet."""
        return not self.source.read


@dataclass(frozen=True)
class Sheets:
    """All regions that have filled something in."""

    fields: Mapping[str, Field]
    values: Mapping[str, Mapping[str, Value]]  # by region, then by name

    def value(self, name: str, region: str) -> Value | None:
        """What holds at a place: of the longest region that says it."""
        for end in (6, 4, 2):
            if end <= len(region) and (value := self.values.get(region[:end], {}).get(name)):
                return value
        return None

    def missing(self, region: str) -> tuple[Field, ...]:
        """What neither a region nor one around it has filled in."""
        return tuple(field for field in self.fields.values() if self.value(field.name, region) is None)

    @cached_property
    def unread(self) -> Mapping[str, tuple[Field, ...]]:
        """By region, what it filled in without having seen the original."""
        return {
            region: tuple(self.fields[name] for name, value in values.items() if value.doubtful)
            for region, values in self.values.items()
        }


def load(folder: Path = FOLDER) -> Sheets:
    """Raises policies.Fault for a sheet that cannot be read."""
    known = known_fields(folder)
    sheets = {path.stem: _sheet(path, known) for path in sorted(folder.glob("[0-9]*.toml"))}
    return Sheets(known, sheets)


def known_fields(folder: Path = FOLDER) -> dict[str, Field]:
    """What there is to fill in, by name.  Raises policies.Fault."""
    return {name: Field(name=name, **_tuples(entry)) for name, entry in _table(folder / FIELDS).items()}


def _sheet(path: Path, known: Mapping[str, Field]) -> dict[str, Value]:
    sheet = _table(path)
    if unknown := sheet.keys() - known.keys():
        raise Fault(path, 1, f"values that {FIELDS} does not name: {', '.join(sorted(unknown))}")
    return {name: _value(path, name, entry) for name, entry in sheet.items()}


def _value(path: Path, name: str, entry: dict[str, Any]) -> Value:
    given = dict(entry)
    text, note = given.pop("value", ""), given.pop("note", "")
    if unknown := given.keys() - SOURCE:
        raise Fault(path, 1, f"unknown in {name}: {', '.join(sorted(unknown))}")
    if not text or not given.get("title"):
        raise Fault(path, 1, f"{name} needs a value and the title of its source")
    return Value(text, Source(**given), note)


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise Fault(path, 1, f"not TOML: {error}") from None


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
