"""Where questions lie among the sentence vectors of one model, and which topics they lean to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.search.batches import Batches
from knowledge.search.cache import Cache
from knowledge.search.head import Head, Leaning, Learner
from knowledge.search.meaning import Model, Vectors, to_unit, unit

# Found on phrasings that were held out; the optimum is flat (docs/measurements.md).
ROUNDNESS = 3.0  # of the cloud of phrasings, before a head is learned: 0 makes it a ball, more leaves it as it is


@dataclass(frozen=True, slots=True)
class Near:
    """What the model says of the best topic; cosines are of vectors centred on all phrasings."""

    closest: float  # to the nearest phrasing of the topic
    stranger: float  # to the nearest question that is nobody's
    lead: float  # log odds of the topic over being nobody's
    agrees: bool  # the question leans to no other topic more


class Space(Learner):
    """The vectors of one snapshot's phrasings and strangers under one model, and the head over them."""

    def __init__(
        self,
        model: Model,
        topics: Sequence[str],
        phrasings: Sequence[Sequence[str]],
        strangers: Sequence[str],
        cache: Cache,
    ) -> None:
        super().__init__(model.name, topics, phrasings, strangers)
        self.model = model
        self.waiting = Batches(self.embed)
        flat = [text for each in phrasings for text in each]
        raw = cache.embed(model, [*flat, *strangers])
        self._centre = raw[: len(flat)].mean(axis=0)
        raw -= self._centre
        to_unit(raw)
        self._phrasings, self._strangers = raw[: len(flat)], raw[len(flat) :]
        self._ends = np.cumsum([len(each) for each in phrasings])
        self._rounding = rounding(self._phrasings, ROUNDNESS)

    def learn(self) -> Head:
        return self._learned(self._rounded(np.vstack((self._phrasings, self._strangers))))

    def embed(self, questions: Sequence[str]) -> Vectors:
        """Unit vectors of plain questions, centred: near ones have a cosine near 1, others one near 0."""
        return self.centred(unit(self.model.embed(questions)))

    def centred(self, vectors: Vectors) -> Vectors:
        return unit(vectors - self._centre)

    def leaning(self, vector: Vectors) -> Leaning:
        return super().leaning(self._rounded(vector))

    def near(self, vector: Vectors, leaning: Leaning, topic: int) -> Near:
        start = int(self._ends[topic - 1]) if topic else 0
        closest = float((self._phrasings[start : int(self._ends[topic])] @ vector).max())
        stranger = float((self._strangers @ vector).max()) if len(self._strangers) else -1.0
        agrees = float(leaning.topics[topic]) >= float(leaning.topics.max())
        return Near(closest, stranger, leaning.lead(topic), agrees)

    def _rounded(self, centred: Vectors) -> Vectors:
        return unit(centred @ self._rounding)


def rounding(centred: Vectors, roundness: float) -> Vectors:
    """The matrix that makes the cloud of some vectors rounder: what they all share says little."""
    spread, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    shrunk = axes / np.sqrt(np.maximum(spread, 0) + roundness * spread.mean())
    return np.asarray(shrunk @ axes.T, dtype=np.float32)
