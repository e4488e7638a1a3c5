"""Which source says what: the marks at the end of a line of an entry, and the claims they make.

    酒驾扣驾照 6 个月。[1]        source 1 says it
    2026 年起全国都有。[2?]      source 2 should say it, but nobody has compared the line with the original
    多数认不下来。[?]            nobody has found a document that says it
    先拍照，再打电话。[-]        a hint: what to do, which claims nothing
    每月 {minimum_wage_month}。  a value of the worker's place, with a source of its own (see knowledge.local)
    @21 辽宁：一共 158 天。[3]   shown to whoever works in 辽宁 only

Several marks may follow one another, and stand within a line; each group speaks of the words before it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

GROUP = re.compile(r"((?:\[(?:-|\?|\d+\??)\])+)")
VALUE = re.compile(r"\{([a-z_]+)\}")
_MARK = re.compile(r"\[(-|\?|(\d+)(\??))\]")
_PLACE = re.compile(r"@(\d{2}|\d{4}|\d{6}) ")


@dataclass(frozen=True, slots=True)
class Claim:
    """Some words of an entry, and what they rest on."""

    part: str  # "answer", "steps" or "details"
    text: str  # without marks
    place: str  # the region it is shown in; "" for everywhere
    sources: tuple[int, ...]  # numbers of the entry's sources, from 1
    doubtful: bool  # the original was not seen
    hint: bool  # says what to do and claims nothing
    values: tuple[str, ...]  # names of local values it tells

    @property
    def marked(self) -> bool:
        return bool(self.sources or self.doubtful or self.hint or self.values)


def place_of(line: str) -> tuple[str, str]:
    """The region a line is shown in ("" for everywhere), and the line without it."""
    found = _PLACE.match(line)
    return (found[1], line[found.end() :]) if found else ("", line)


def pieces(line: str) -> Iterator[tuple[str, str]]:
    """The words of a line and the group of marks behind them, piece by piece; the last group may be empty."""
    parts = GROUP.split(line)
    for at in range(0, len(parts), 2):
        words, marks = parts[at], parts[at + 1] if at + 1 < len(parts) else ""
        if words or marks:
            yield words, marks


def sources_of(marks: str) -> tuple[int, ...]:
    return tuple(int(number) for _, number, _ in _MARK.findall(marks) if number)


def doubtful(marks: str) -> bool:
    return "?" in marks


def claims(part: str, line: str) -> Iterator[Claim]:
    """What a line claims, in its order."""
    place, rest = place_of(line)
    for words, marks in pieces(rest):
        if not marks and not re.search(r"\w", words):  # A full stop behind the last mark.
            continue
        yield Claim(
            part=part,
            text=words.strip(),
            place=place,
            sources=sources_of(marks),
            doubtful=doubtful(marks),
            hint="[-]" in marks,
            values=tuple(VALUE.findall(words)),
        )


def unmarked(line: str) -> str:
    """A line as it is said: without marks and without the region it is meant for."""
    return GROUP.sub("", place_of(line)[1])
