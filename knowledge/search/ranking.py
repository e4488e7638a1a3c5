"""From a cleaned question to one score per topic, and the evidence a decision is made from."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from knowledge.claims import unmarked
from knowledge.policies import Policy
from knowledge.regions import Region
from knowledge.search.cache import Cache
from knowledge.search.head import Head, Leaning
from knowledge.search.lexical import Bm25, Scores
from knowledge.search.meaning import Model, Vectors
from knowledge.search.space import Near, Space
from knowledge.search.text import Plain, clean, grams, sounds
from knowledge.search.wording import Wording
from knowledge.words import Words

# Weights of the channels, found on phrasings that were held out; the optimum is flat (docs/measurements.md).
SOUNDS = 0.5
WORDING, WORDING_BESIDE = 0.08, 0.04  # alone, and once the model was asked
LEANING = 0.08
HERE, ELSEWHERE, UNPLACED = 0.1, -0.2, -0.12  # for entries of a region
FITS, MISFITS = 0.03, -0.05  # for entries of an audience


class Tier(IntEnum):
    """How deep the search looks: by words only, or with a model too."""

    LEXICAL = 0
    FULL = 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about a question after a look of some depth."""

    scores: Scores  # one per topic
    letters: Scores
    sounds: Scores
    stranger_words: float
    wording: Leaning
    near: Near | None = None  # once the model was asked

    @property
    def spelled(self) -> Scores:
        """The scores by letters and sounds alone."""
        return self.letters + np.float32(SOUNDS) * self.sounds

    @property
    def tier(self) -> Tier:
        return Tier.LEXICAL if self.near is None else Tier.FULL


@dataclass(frozen=True, slots=True)
class Asker:
    """What we know of who asks: evidence, no filter."""

    region: str = ""  # GB/T 2260 prefix
    job: str = ""  # an audience


class Ranking:
    """The index over the entries."""

    def __init__(
        self,
        entries: Sequence[Policy],
        words: Words,
        regions: Mapping[str, Region],
        strangers: Sequence[str],
        phrasings: Sequence[Sequence[str]] | None = None,
    ) -> None:
        self.entries = entries
        self.topics = tuple(entry.id for entry in entries)
        self.plain = Plain(words)
        self.phrasings = phrasings or [(entry.title, entry.label, *entry.phrasings) for entry in entries]
        self.strangers = [clean(line) for line in strangers]
        written = [self._document(entry, said) for entry, said in zip(entries, self.phrasings, strict=True)]
        self._letters = Bm25(grams, [self.plain.both(document) for document in written])
        self._sounds = Bm25(sounds, written)
        self._strangers = Bm25(grams, self.strangers or ["-"])
        self._places = _places({entry.region for entry in entries}, words, regions)
        self._by_place: dict[tuple[str, float], Scores] = {}
        self._audience = {job: self._fits(job) for entry in entries for job in entry.audience}
        self.wording = Wording(self.topics, *self.texts())
        self.space: Space | None = None  # with a head that has learned something

    def deepen(self, model: Model, cache: Cache, before: Head | None = None) -> Space:
        """Embed what is not in the cache, and look deeper from now on by the head that fits best.

        That is the one learned from these very phrasings, else the one `before`, else any; with none, one is learned.
        """
        space = Space(model, self.topics, *self.texts(), cache)
        kept = cache.heads(model.name)
        fits = [each for each in kept if each.content == space.content]
        space.take(next(iter((*fits, *([before] if before else []), *kept)), None) or space.learn())
        self.space = space
        return space

    def learn(self, cache: Cache) -> None:
        """Learn anew from these phrasings, unless that was done.  Takes seconds: call it in a thread."""
        cache.learn(self.wording)
        if self.space is not None:
            cache.learn(self.space)

    def texts(self) -> tuple[list[list[str]], list[str]]:
        """What the model embeds: phrasings, by entry, and strangers."""
        said = [[self.plain(clean(text)) for text in each] for each in self.phrasings]
        return said, [self.plain(line) for line in self.strangers]

    def lexical(self, cleaned: str, asker: Asker) -> Evidence:
        letters = self._letters.scores(self.plain.both(cleaned))
        heard = self._sounds.scores(cleaned)
        wording = self.wording.of(self.plain(cleaned))
        scores = letters + np.float32(SOUNDS) * heard + np.float32(WORDING) * wording.topics
        scores += self._place(cleaned, asker.region) + self._job(asker.job)
        strange = float(self._strangers.scores(self.plain.both(cleaned)).max())
        return Evidence(scores, letters, heard, strange, wording)

    def deeper(self, space: Space, evidence: Evidence, vector: Vectors) -> Evidence:
        """The evidence with what a space says about the question's vector."""
        leaning = space.leaning(vector)
        scores = evidence.scores - np.float32(WORDING - WORDING_BESIDE) * evidence.wording.topics
        scores += np.float32(LEANING) * leaning.topics
        return replace(evidence, scores=scores, near=space.near(vector, leaning, int(np.argmax(scores))))

    def _document(self, entry: Policy, said: Sequence[str]) -> str:
        told = (unmarked(line) for part, line in entry.lines if part != "steps")
        return " ".join(_clean_all(text) for text in (*said, *told))

    def place_named(self, cleaned: str) -> str:
        """The code of the smallest place a text names, of those with entries of their own; "" for none."""
        named = [code for code, pattern in self._places if pattern.search(cleaned)]
        return max(named, key=len, default="")

    def without_places(self, cleaned: str) -> str:
        for _, pattern in self._places:
            cleaned = pattern.sub("", cleaned)
        return cleaned

    def _place(self, cleaned: str, region: str) -> Scores:
        """The places named decide; with none named, the asker's own city does, more softly."""
        named = self.place_named(cleaned)
        code, share = (named, 1.0) if named else (region, 0.5 if region else 1.0)
        if (code, share) not in self._by_place:
            distances = [_distance(entry.region, code) * share for entry in self.entries]
            self._by_place[code, share] = np.array(distances, dtype=np.float32)
        return self._by_place[code, share]

    def _fits(self, job: str) -> Scores:
        fits = [job in entry.audience or "all" in entry.audience for entry in self.entries]
        return np.where(fits, np.float32(FITS), np.float32(MISFITS))

    def _job(self, job: str) -> Scores | np.float32:
        return self._audience.get(job, np.float32(0))


def _distance(region: str, code: str) -> float:
    if region == "cn":
        return 0.0
    if not code:
        return UNPLACED
    return HERE if code.startswith(region) or region.startswith(code) else ELSEWHERE


def _places(codes: set[str], words: Words, regions: Mapping[str, Region]) -> list[tuple[str, re.Pattern[str]]]:
    """Patterns of the names of regions that have entries of their own, and of the cities below a province."""
    found = []
    for code in sorted(codes - {"cn"}):
        names = {regions[code].short, regions[code].name, *words.places.get(code, ())}
        if len(code) == 2:
            names |= {each.short for below, each in regions.items() if len(below) == 4 and below.startswith(code)}
        found.append((code, re.compile("|".join(sorted(map(re.escape, names), key=len, reverse=True)))))
    return found


def _clean_all(text: str) -> str:
    """A long text, cleaned piece by piece: a question is clipped, a document is not."""
    return "".join(clean(text[at : at + 100]) for at in range(0, len(text), 100))
