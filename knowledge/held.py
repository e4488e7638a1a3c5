"""What we hold about somebody, as they read it: everything that `data.json` has, in words and in their hours."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from knowledge import appeals, hazards, volunteers
from knowledge.hours import SHANGHAI

FILE = Path(__file__).parent / "held.toml"
INDENT = "　"
PLATFORM = "platform:"  # before the code of one among the tags of a person
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*")


def told(held: Mapping[str, Any]) -> str:
    """The whole as plain text.  What is empty is left out, and so is what a form keeps for itself, `~` before its name."""
    return "\n".join((_content()["title"], *_lines(held), ""))


def caption() -> str:
    """What is said under the archive that they take along."""
    return str(_content()["caption"])


def file() -> str:
    """What the file in it is called that is read by people."""
    return str(_content()["file"])


@cache
def _content() -> dict[str, Any]:
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))
    kinds = {code: kind.label for code, kind in appeals.load().kinds.items()}
    kinds |= {code: kind.label for code, kind in hazards.load().kinds.items()}
    grid = volunteers.load()
    return {**raw, "values": {**grid.platforms, **grid.availabilities, **kinds, **raw["values"]}}


def _lines(held: Mapping[str, Any], of: str = "", before: str = "") -> Iterator[str]:
    names = _content()["names"]
    for name, value in held.items():
        if name.startswith("~") or value in (None, "", [], {}):
            continue
        label = names.get(f"{of}.{name}") or names.get(name, name)
        if isinstance(value, Mapping):
            yield from ("", f"{before}【{label}】", *_lines(value, name, before + INDENT))
        elif isinstance(value, list | tuple) and isinstance(value[0], Mapping):
            for at, each in enumerate(value, 1):
                yield from ("", f"{before}【{label} {at}】", *_lines(each, name, before + INDENT))
        else:
            yield f"{before}{label}：{_said(value)}"


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list | tuple):
        return "、".join(map(_said, value))
    text = str(value)
    if isinstance(value, datetime) or _MOMENT.fullmatch(text):
        return f"{datetime.fromisoformat(text).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return str(_content()["values"].get(text.removeprefix(PLATFORM), text))
