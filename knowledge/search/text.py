"""From what somebody typed to what can be compared: one writing, one case, no decoration."""

import os

os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # We ask for single characters; its phrases take 45 MB.

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal

from knowledge.folding import fold
from knowledge.words import Words

LONGEST = 120  # characters of a question that are looked at; the rest is a story
MOST_READ = 400  # characters cleaned before clipping

_PUNCTUATION = re.compile(r"[^\w\u4e00-\u9fff]+|_")
_SPACES = re.compile(r"\s+")
_REPEATED = re.compile(r"([^\d])\1{2,}")  # 急急急急; a hotline such as 12333 stays whole
_BETWEEN_HAN = re.compile(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")
_LATIN_RUN = re.compile(r"[a-z]+|[^a-z]")


def clean(text: str, longest: int | None = None) -> str:
    """Simplified, half-width, lower-case characters with single spaces for punctuation.

    Anything goes in: NUL, lone surrogates, emoji, 4,096 characters; at most `longest` characters come out,
    LONGEST of a question.
    """
    spaced = _SPACES.sub(" ", _PUNCTUATION.sub(" ", fold(text[:MOST_READ]))).strip()
    return _BETWEEN_HAN.sub("", _REPEATED.sub(r"\1\1", spaced))[: longest or LONGEST]


class Plain:
    """Takes dialect and filler out of a cleaned text."""

    def __init__(self, words: Words) -> None:
        self._dialect = tuple(words.dialect.items())
        longest_first = sorted(words.filler, key=len, reverse=True)
        self._filler = re.compile("|".join((*map(re.escape, longest_first), "[嗯呃啊哎唉]+")))

    def __call__(self, text: str) -> str:
        """The text in standard words; what would become too short to mean anything keeps its filler."""
        text = self.words(text)
        bare = self._filler.sub("", text)
        return bare if len(bare) >= 4 else text

    def words(self, text: str) -> str:
        """The text with standard words in place of dialect."""
        for said, meant in self._dialect:
            if said in text:
                text = text.replace(said, meant)
        return text

    def both(self, text: str) -> str:
        """The text as it is, followed by the standard words for its dialect."""
        meant = [standard for said, standard in self._dialect if said in text]
        return f"{text} {''.join(meant)}" if meant else text


def grams(text: str) -> list[str]:
    """Single characters and pairs of neighbours; a space counts as one character."""
    joined = text.replace(" ", "_")
    return [*joined, *(joined[at : at + 2] for at in range(len(joined) - 1))]


def sounds(text: str) -> list[str]:
    """Syllables and pairs of syllables as many people type or mishear them: zh=z, ng=n, l=n.

    Latin runs that split into syllables count as pinyin, so "tuoqian gongzi" sounds like 拖欠工资.
    """
    syllables = [sound for run in _LATIN_RUN.findall(text.replace(" ", "")) for sound in spoken(run)]
    return [*syllables, *(f"{a}-{b}" for a, b in pairwise(syllables))]


@lru_cache(maxsize=20_000)
def spoken(run: str) -> tuple[str, ...]:
    """The syllables of a character, or of a run of Latin letters, as people mishear them."""
    if len(run) == 1 or not run.isascii():
        return tuple(_blurred(each) for each in lazy_pinyin(run, style=Style.NORMAL))
    return tuple(_blurred(each) for each in split_syllables(run) or run)


def _blurred(syllable: str) -> str:
    if syllable[:2] in {"zh", "ch", "sh"}:
        syllable = syllable[0] + syllable[2:]
    if (len(syllable) > 3 and syllable.endswith("ng") and syllable[-3] in "aei") or syllable == "ang":
        syllable = syllable[:-1]
    return "n" + syllable[1:] if syllable.startswith("l") else syllable


_TOO_SHORT = {"n", "m", "ng", "hm", "hng", "o", "e", "a", "r", "er", "ei", "ai", "ao", "ou", "an", "en", "ang", "eng"}


@lru_cache(maxsize=1)
def _syllables() -> frozenset[str]:
    readings = {reading for each in PINYIN_DICT.values() for reading in each.split(",")}  # 1,500 of 53,000
    spelled = map(to_normal, readings)
    return frozenset(each for each in spelled if each.isascii() and each.isalpha()) - _TOO_SHORT


@lru_cache(maxsize=20_000)
def split_syllables(run: str) -> tuple[str, ...]:
    """A run of Latin letters as pinyin syllables, longest first; empty when it is none."""
    for length in range(min(6, len(run)), 1, -1):
        if run[:length] in _syllables():
            if length == len(run):
                return (run,)
            if rest := split_syllables(run[length:]):
                return (run[:length], *rest)
    return ()


def is_noise(text: str) -> bool:
    """Whether a cleaned text says nothing at all: empty, one key mashed, letters without sense."""
    bare = text.replace(" ", "")
    han = sum("\u4e00" <= char <= "\u9fff" for char in bare)
    if not bare or (len(bare) >= 4 and len(set(bare)) <= 2):
        return True
    return han == 0 and not re.search(r"1\d{2,4}", bare) and not _sounds_chinese(bare)


def _sounds_chinese(bare: str) -> bool:
    runs: Sequence[str] = re.findall(r"[a-z]{4,}", bare)
    return any(len(split_syllables(run)) >= 2 for run in runs)
