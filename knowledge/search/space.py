"""Where the topics lie among sentence vectors of one model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.search.lexical import Scores
from knowledge.search.meaning import Cache, Model, Vectors, unit

CLOSEST = 3  # phrasings of a topic that are averaged


@dataclass(frozen=True, slots=True)
class Near:
    """How near a question is to each topic, as cosines of vectors centred on all phrasings."""

    middle: Scores  # to the middle of its phrasings
    facts: Scores  # to the nearest of its facts
    closest: Scores  # to its CLOSEST phrasings; -1 for topics that were not looked at
    best: Scores  # to its one closest phrasing; -1 likewise
    stranger: float  # to the nearest question that is nobody's


class Space:
    """The vectors of one snapshot's phrasings, facts and strangers under one model."""

    def __init__(
        self,
        model: Model,
        phrasings: Sequence[Sequence[str]],
        facts: Sequence[Sequence[str]],
        strangers: Sequence[str],
        cache: Cache,
    ) -> None:
        self.model = model
        flat = [text for each in phrasings for text in each]
        raw = cache.embed(model, [*flat, *strangers])
        self._centre = raw[: len(flat)].mean(axis=0)
        raw -= self._centre
        raw /= np.linalg.norm(raw, axis=1, keepdims=True) + 1e-9
        self._phrasings, self._strangers = raw[: len(flat)], raw[len(flat) :]
        self._spans = spans(phrasings)
        self._middles = unit(np.array([self._phrasings[a:b].sum(axis=0) for a, b in self._spans]))
        raw_facts = cache.embed(model, [text for each in facts for text in each], passages=True)
        self._facts = unit(raw_facts - raw_facts.mean(axis=0))
        self._fact_starts = np.array([a for a, _ in spans(facts)])

    def embed(self, question: str) -> Vectors:
        """The raw vector of a plain question."""
        return unit(self.model.embed([question])[0])

    def near(self, vector: Vectors, lexical: Scores, looked_at: int) -> Near:
        """How near a question with this raw vector is.

        Phrasings are compared for the `looked_at` topics only that words, middles and facts put first:
        going through all of them would take longer than making the vector.
        """
        centred = unit(vector - self._centre)
        middle: Scores = self._middles @ centred
        facts: Scores = np.maximum.reduceat(self._facts @ centred, self._fact_starts)
        closest, best = np.full_like(middle, -1), np.full_like(middle, -1)
        for topic in candidates(lexical + middle + facts, looked_at):
            start, end = self._spans[topic]
            cosines = self._phrasings[start:end] @ centred
            best[topic] = cosines.max()
            closest[topic] = top_mean(cosines)
        stranger = float((self._strangers @ centred).max()) if len(self._strangers) else -1.0
        return Near(middle, facts, closest, best, stranger)


def spans(groups: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    """Where each group lies when all are put one after another."""
    ends = np.cumsum([len(each) for each in groups]).tolist()
    return list(zip([0, *ends[:-1]], ends, strict=True))


def candidates(scores: Scores, count: int) -> NDArray[np.intp]:
    if count >= len(scores):
        return np.arange(len(scores))
    return np.argpartition(-scores, count)[:count]


def top_mean(cosines: Scores) -> float:
    if len(cosines) <= CLOSEST:
        return float(cosines.mean())
    return float(np.partition(cosines, -CLOSEST)[-CLOSEST:].mean())
