"""Policy entries: one Markdown file each, a TOML head and three parts below it.

+++
id = "deposit-and-id-card"      # the file's name
...                             # the fields of Policy
[[sources]]                     # the fields of Source
+++
The answer: at most five short lines, read at a red light, each with its marks (see knowledge.claims).[1]

## 下一步
- What to do next, one line each.

## 详细
- One fact each.[1][2]
"""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.claims import VALUE, Claim, claims, unmarked

FOLDER = Path(__file__).parent / "policies"
STEPS, DETAILS = "## 下一步", "## 详细"
LOCAL = "以当地主管部门公布为准"  # Says next to nothing: at most once in an entry, and in few of them.


class Fault(ValueError):
    """A content file cannot be read.  Carries where and why, for a person with an editor."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}")
        self.path, self.line, self.why = path, line, why


@dataclass(frozen=True, slots=True)
class Source:
    """A document that says something: who issued it, what it is called, where in it, and which version."""

    title: str
    issuer: str = ""
    number: str = ""  # such as 人社部发〔2021〕56号
    article: str = ""
    date: str = ""  # as precise as it is known, with what happened then: 2021-07-16, 约2025, 2018-12-29 修正
    url: str = ""
    read: str = ""  # the day somebody compared the entry with the original; "" when only reprints were seen
    figures: tuple[str, ...] = ()  # the figures it states, see knowledge.figures
    secondary: bool = False  # a lead, not the document: never shown, and never enough

    @property
    def link(self) -> str:
        """The address where it leads to a page; "" for anything else that a draft may hold, such as a script."""
        return self.url if self.url.startswith(("https://", "http://")) else ""


@dataclass(frozen=True, slots=True)
class Policy:
    """One thing workers ask about, with its answer."""

    id: str
    title: str  # the question, spelled out
    label: str  # a few words a worker recognises on a button
    category: str
    tier: str  # "core" or "extra"
    audience: tuple[str, ...]  # "all" or some of AUDIENCES
    region: str  # "cn" or a prefix of GB/T 2260
    hotlines: tuple[str, ...]
    action: str  # what the bot can do about it next, one of ACTIONS; "" for nothing
    related: tuple[str, ...]  # ids
    ask: tuple[str, ...]  # how workers ask
    lived: tuple[str, ...]  # the situation as lived, without the title's words
    sources: tuple[Source, ...]
    checked: date  # when somebody last gathered what it rests on
    review_by: date
    note: str  # for editors, never shown
    answer: str
    steps: tuple[str, ...]
    details: tuple[str, ...]
    path: Path

    @property
    def shown_sources(self) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if not source.secondary)

    @property
    def lines(self) -> Iterator[tuple[str, str]]:
        """Every line with the part it stands in, marks and all, in the order of the file."""
        for part, lines in (("answer", self.answer.splitlines()), ("steps", self.steps), ("details", self.details)):
            yield from ((part, line) for line in lines)

    @property
    def plain(self) -> tuple[str, ...]:
        """What it says to anybody: without marks, without lines for one place and values of one."""
        return tuple(unmarked(line) for _, line in self.lines if not line.startswith("@") and not VALUE.search(line))

    def claims(self) -> tuple[Claim, ...]:
        """What the entry claims, each with the numbers of the sources it rests on."""
        return tuple(claim for part, line in self.lines for claim in claims(part, line))

    @property
    def phrasings(self) -> tuple[str, ...]:
        return (*self.ask, *self.lived)


AUDIENCES = ("all", "courier", "rider", "ride_hail", "trucker", "livestreamer")
ACTIONS = ("", "appeal", "station", "volunteer", "hazard", "legal", "track", "training")
HEAD = {field.name for field in fields(Policy)} - {"answer", "steps", "details", "path"}
OPTIONAL = {"note", "action", "related", "lived", "sources"}
ORDER = [field.name for field in fields(Policy) if field.name in HEAD - {"sources"}]  # of the fields in a file
TALL = {"ask", "lived"}


def load(folder: Path = FOLDER) -> tuple[Policy, ...]:
    """Every entry, in the order of ids.  Raises Fault for the first file that cannot be read."""
    return tuple(read(path) for path in sorted(folder.glob("*.md")))


def read(path: Path) -> Policy:
    """One entry.  Raises Fault."""
    return parse(path.read_text(encoding="utf-8"), path)


def parse(text: str, path: Path) -> Policy:
    """The entry that a file's text describes.  Raises Fault, which names the path."""
    parts = text.split("+++\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise Fault(path, 1, "a head between two lines of +++ is missing")
    try:
        head = tomllib.loads(parts[1])
    except tomllib.TOMLDecodeError as error:
        line = int(match[1]) if (match := re.search(r"line (\d+)", str(error))) else 0
        raise Fault(path, line + 1, f"the head is not TOML: {error}") from None
    return _policy(path, head, parts[2])


def _policy(path: Path, head: dict[str, Any], body: str) -> Policy:
    missing, unknown = HEAD - OPTIONAL - set(head), set(head) - HEAD
    if missing:
        raise Fault(path, 1, f"missing in the head: {', '.join(sorted(missing))}")
    if unknown:
        raise Fault(path, 1, f"unknown in the head: {', '.join(sorted(unknown))}")
    answer, steps, details = _body(path, body)
    try:
        return Policy(
            **{**dict.fromkeys(OPTIONAL, ""), "related": (), "lived": ()}
            | {name: tuple(value) if isinstance(value, list) else value for name, value in head.items()}
            | {"sources": tuple(_source(entry) for entry in head.get("sources", ()))},
            answer=answer,
            steps=steps,
            details=details,
            path=path,
        )
    except TypeError as error:
        raise Fault(path, 1, f"a source has a field nobody knows: {error}") from None


def _source(entry: dict[str, Any]) -> Source:
    return Source(**entry | {"figures": tuple(entry.get("figures", ()))})


def _body(path: Path, body: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    answer, found, rest = body.partition(f"\n{STEPS}\n")
    steps, found_too, details = rest.partition(f"\n{DETAILS}\n")
    if not (found and found_too):
        raise Fault(path, 1, f"the parts {STEPS} and {DETAILS} are missing, or not in this order")
    return answer.strip(), tuple(_bullets(path, steps)), tuple(_bullets(path, details))


def _bullets(path: Path, text: str) -> Iterator[str]:
    for line in filter(None, map(str.strip, text.splitlines())):
        if not line.startswith("- "):
            raise Fault(path, 1, f"every line of this part begins with '- ': {line[:20]}")
        yield line.removeprefix("- ")


def written(entry: Policy) -> str:
    """The text of the file that `parse` reads this entry from."""
    head = [f"{name} = {_value(getattr(entry, name), tall=name in TALL)}" for name in ORDER]
    for source in entry.sources:
        stated = [(field.name, getattr(source, field.name)) for field in fields(Source)]
        head += ["", "[[sources]]", *(f"{name} = {_value(value)}" for name, value in stated if value)]
    top = "\n".join(head)
    steps, details = ("\n".join(f"- {line}" for line in each) for each in (entry.steps, entry.details))
    return f"+++\n{top}\n+++\n{entry.answer}\n\n{STEPS}\n{steps}\n\n{DETAILS}\n{details}\n"


def _value(value: object, *, tall: bool = False) -> str:
    """As TOML; a tall list has one line for each of its texts."""
    if isinstance(value, tuple):
        if tall and value:
            return "\n".join(("[", *(f"  {_value(each)}," for each in value), "]"))
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, date):
        return value.isoformat()
    # TOML writes texts and truth as JSON does, but for this one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
