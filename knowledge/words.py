"""Words of workers: dialect, filler, small talk and the places people name."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.folding import fold

LONGEST_TYPED = 24  # characters; what is longer tells of something
_AROUND = re.compile(r"[\s\W_]+")
_BEFORE = re.compile(
    r"^(?:你好|您好|请|麻烦|帮忙|帮我|给我|帮)*(?:我们?)?也?(?:想要|想|要|得|需要)?(?:看一?下|看看|查一?下|查查|查询|打开|进入|看|查|找)?"
)
_AFTER = re.compile(r"(?:一下)?[吧啦呀啊呢哈哦嘛]*$")
FILE = Path(__file__).parent / "words.toml"


@dataclass(frozen=True, slots=True)
class Follow:
    """How a line that continues the last topic begins or ends, and whom it may turn to."""

    begins: tuple[str, ...]
    ends: tuple[str, ...]
    longest: int  # characters; what is longer speaks for itself
    audience: Mapping[str, tuple[str, ...]]  # audience -> words
    bare: tuple[str, ...]  # words that name no topic; a line of these alone is about the last one
    parts: tuple[
        tuple[re.Pattern[str], re.Pattern[str]], ...
    ]  # how one thing is asked for, and what lines of an entry tell it

    def told(self, text: str) -> re.Pattern[str] | None:
        """What tells the one thing that a line asks about; None when it asks for all."""
        return next((told for asked, told in self.parts if asked.search(text)), None)


@dataclass(frozen=True, slots=True)
class Typed:
    """Whole lines that ask for something there is a way for, by what they ask for."""

    lines: Mapping[str, str]  # folded line -> "stop", "cancel"...
    patterns: tuple[tuple[re.Pattern[str], str], ...]
    read_as: Mapping[str, str]  # how a word is written by ear or in dialect -> the word

    def action(self, line: str) -> str:
        """What a line asks for; "" for any other line."""
        if len(line) > LONGEST_TYPED:
            return ""
        bare = _AROUND.sub("", fold(line))
        meant = bare
        for written, word in self.read_as.items():
            meant = meant.replace(written, word)
        said = dict.fromkeys((bare, meant, *(core for each in (bare, meant) for core in _cores(each))))
        return next((name for each in said if (name := self._named(each))), "")

    def _named(self, said: str) -> str:
        return self.lines.get(said) or next((name for pattern, name in self.patterns if pattern.fullmatch(said)), "")


def _cores(line: str) -> tuple[str, ...]:
    """A line without what it is wrapped in: 我想看看积分 is 积分, 转一下人工吧 is 转人工."""
    behind = _BEFORE.sub("", line)
    return tuple(core for each in (line, behind) for core in (_AFTER.sub("", each), each) if core)


@dataclass(frozen=True, slots=True)
class Words:
    dialect: Mapping[str, str]  # how people say it -> how the entries say it, in order of application
    heard: tuple[str, ...]  # words of the trade that are also found by their sound
    real: tuple[str, ...]  # words that sound like one of those, and are their own
    filler: tuple[str, ...]
    talk: Mapping[str, frozenset[str]]  # "greeting", "thanks", ... -> whole messages
    places: Mapping[str, tuple[str, ...]]  # region code -> names
    follow: Follow  # what continues the last topic
    second: tuple[str, ...]  # what begins a second question in the same message
    typed: Typed
    categories: tuple[str, ...]  # of entries, what most people need first


def load(path: Path = FILE) -> Words:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return Words(
        dialect=raw["dialect"],
        heard=tuple(raw["heard"]["words"]),
        real=tuple(raw["heard"]["real"]),
        filler=tuple(raw["filler"]["words"]),
        talk={name: frozenset(lines) for name, lines in raw["talk"].items()},
        places={code: tuple(names) for code, names in raw["places"].items()},
        follow=Follow(
            begins=tuple(raw["follow"]["begins"]),
            ends=tuple(raw["follow"]["ends"]),
            longest=raw["follow"]["longest"],
            bare=tuple(raw["follow"]["bare"]),
            parts=tuple((re.compile(each["asked"]), re.compile(each["told"])) for each in raw["follow"]["parts"]),
            audience={name: tuple(said) for name, said in raw["follow"]["audience"].items()},
        ),
        second=tuple(raw["second"]["words"]),
        typed=_typed(raw["typed"], raw["typed_as"]),
        categories=tuple(raw["categories"]["order"]),
    )


def _typed(raw: Mapping[str, Mapping[str, Any]], read_as: Mapping[str, str]) -> Typed:
    lines = {fold(line): name for name, said in raw.items() for line in said.get("lines", ())}
    patterns = ((re.compile(said["pattern"]), name) for name, said in raw.items() if "pattern" in said)
    return Typed(lines, tuple(patterns), read_as)
