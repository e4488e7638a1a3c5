"""Stations by the words in their names and addresses: what people type when they know where they are."""

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator
from itertools import pairwise

LONGEST = 40  # characters of a typed text that are looked at
SHORTEST = 2  # characters of a word; parts of words have one more
COMMON = (12, 200)  # stations: a word in more of them does not say where; an eighth of all counts, between these two

_GAP = "\n"  # between two stations, in no word
_ANY = {"驿站", "站点", "服务站", "休息站", "爱心驿站", "最近驿站"}  # what all of them are
_ROADS = tuple("路街巷道桥站号里村")
_NOISE = re.compile(
    r"[^\w]|_|我现?在|这里|这边|这儿|那里|那边|哪里|哪儿|哪有|哪个|附近|旁边|对面|周边|周围|边上|门口|楼下|最近的?|怎么走|怎么去"
    r"|在哪|离我|地铁[站口]|公交站|路口|想找|找个|找|有没有|有吗|的|吗|呢|啊|呀|请问"
)


class Named:
    """All names and addresses in one long text, searched as they are.

    The pairs of characters that occur at all are kept apart, so that words nobody wrote cost nothing.
    """

    def __init__(self, texts: Iterable[str], divisions: Container[str] = ()) -> None:
        """One text for each station, in order; the names of provinces, cities and districts, which only narrow a search."""
        lines = [plain(text).replace(_GAP, "") for text in texts]
        self._text = _GAP.join(lines) + _GAP
        self._starts = array("i", [0])
        for line in lines[:-1]:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._pairs = {a + b for line in set(lines) for a, b in pairwise(line)}
        self._divisions = divisions
        self._common = min(max(len(lines) // 8, COMMON[0]), COMMON[1])

    def find(self, text: str) -> list[int]:
        """Numbers of the stations that hold the typed words, in order.

        沈阳太原街 finds what holds 太原街, of these the ones that hold 沈阳 when there are any.  When no word is found whole,
        the longest part of one will do.  Names of divisions alone find nothing: those are for the gazetteer.
        """
        words = [word for word in _NOISE.split(plain(text[:LONGEST])) if len(word) >= SHORTEST and word not in _ANY]
        around, rests = self._sorted_out(words)
        found = [hits for word in rests if (hits := self._holding(word))]
        if not found:
            parts = sorted((part for word in rests for part in _parts(word)), key=len, reverse=True)
            found = [next(filter(None, map(self._holding, parts)), set())]
        best = set.intersection(*found) or min(found, key=len)
        for division in around:
            best = {number for number in best if division in self._line(number)} or best
        return sorted(best)

    def _sorted_out(self, words: list[str]) -> tuple[list[str], list[str]]:
        """The divisions among the words, and what is left of these."""
        around, rests = [], []
        for word in words:
            first, rest = self._division(word), word
            names = []
            while first:
                names.append(first)
                rest = rest[len(first) :]
                first = self._division(rest)
            # 沈阳站 and 和平路3号 are one word each, and so is what a station is called.
            if rest and (len(rest) < 3 or rest.startswith(_ROADS) or self._holding(word)):
                rests.append(word)
            else:
                around += names
                rests += [rest] if rest else []
        return around, rests

    def _division(self, text: str) -> str:
        """The longest division with which a text begins, "" for none."""
        return next((text[:end] for end in range(min(len(text), 12), 1, -1) if text[:end] in self._divisions), "")

    def _holding(self, word: str) -> set[int]:
        if any(a + b not in self._pairs for a, b in pairwise(word)):
            return set()
        found: set[int] = set()
        at = self._text.find(word)
        while at >= 0 and len(found) <= self._common:
            number = bisect_right(self._starts, at) - 1
            found.add(number)
            after = self._starts[number + 1] if number + 1 < len(self._starts) else len(self._text)
            at = self._text.find(word, after)
        return found if len(found) <= self._common else set()

    def _line(self, number: int) -> str:
        start = self._starts[number]
        return self._text[start : self._text.index(_GAP, start)]


def plain(text: str) -> str:
    """Letters as they are compared: one width, one case, no blanks."""
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def _parts(word: str) -> Iterator[str]:
    """Beginnings and ends of a word, of three characters and more: 太原街 in 太原街地铁站."""
    for length in range(len(word) - 1, SHORTEST, -1):
        yield word[:length]
        yield word[-length:]
