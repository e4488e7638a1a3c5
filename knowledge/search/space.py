"""Where questions lie among the sentence vectors of one model, and which topics they lean to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.search import head as heads
from knowledge.search import softmax
from knowledge.search.batches import Batches
from knowledge.search.cache import Cache
from knowledge.search.head import Head
from knowledge.search.lexical import Scores
from knowledge.search.meaning import Model, Vectors, unit

# Found on phrasings that were held out; the optimum is flat (docs/measurements.md).
ROUNDNESS = 3.0  # of the cloud of phrasings, before a head is learned: 0 makes it a ball, more leaves it as it is
RIDGE = 0.3
CONSTANT = 0.3  # the value that stands beside those of a vector


@dataclass(frozen=True, slots=True)
class Near:
    """How near a question is to what was said before, as cosines of vectors centred on all phrasings."""

    closest: float  # to the nearest phrasing of the best topic
    stranger: float  # to the nearest question that is nobody's


class Space:
    """The vectors of one snapshot's phrasings and strangers under one model, and the head over them."""

    def __init__(
        self,
        model: Model,
        topics: Sequence[str],
        phrasings: Sequence[Sequence[str]],
        strangers: Sequence[str],
        cache: Cache,
    ) -> None:
        self.model, self._topics = model, topics
        self.waiting = Batches(self.embed)
        self.content = heads.content_of(model.name, topics, phrasings)
        flat = [text for each in phrasings for text in each]
        raw = cache.embed(model, [*flat, *strangers])
        self._centre = raw[: len(flat)].mean(axis=0)
        raw -= self._centre
        raw /= np.linalg.norm(raw, axis=1, keepdims=True) + 1e-9
        self._phrasings, self._strangers = raw[: len(flat)], raw[len(flat) :]
        self._ends = np.cumsum([len(each) for each in phrasings])
        self._rounding = _rounding(self._phrasings)
        self.head = Head("", (), np.zeros((0, raw.shape[1] + 1), dtype=np.float32))
        self._weights = self.head.rows(topics)

    def take(self, head: Head) -> None:
        """Rank by a head, also by one that knew other topics, from now on."""
        weights = head.rows(self._topics)
        self._weights = weights - weights.mean(axis=0)
        self.head = head

    def learn(self) -> Head:
        """The head of these phrasings.  Takes seconds; the same phrasings give the same one."""
        sizes = np.diff(self._ends, prepend=0)
        topics = np.repeat(np.arange(len(self._topics)), sizes)
        weights = softmax.learn(self._rounded(self._phrasings), topics, len(self._topics), RIDGE)
        return Head(self.content, tuple(self._topics), weights)

    def embed(self, questions: Sequence[str]) -> Vectors:
        """Unit vectors of plain questions, centred: near ones have a cosine near 1, others one near 0."""
        return self.centred(unit(self.model.embed(questions)))

    def centred(self, vectors: Vectors) -> Vectors:
        return unit(vectors - self._centre)

    def leaning(self, vector: Vectors) -> Scores:
        """How much a question leans to each topic: log odds, 0 on average."""
        scores: Scores = self._weights @ self._rounded(vector[None])[0]
        return scores

    def near(self, vector: Vectors, topic: int) -> Near:
        start = int(self._ends[topic - 1]) if topic else 0
        closest = float((self._phrasings[start : int(self._ends[topic])] @ vector).max())
        stranger = float((self._strangers @ vector).max()) if len(self._strangers) else -1.0
        return Near(closest, stranger)

    def _rounded(self, centred: Vectors) -> Vectors:
        rows = unit(centred @ self._rounding)
        return np.hstack((rows, np.full((len(rows), 1), CONSTANT, dtype=np.float32)))


def _rounding(centred: Vectors) -> Vectors:
    """The matrix that makes the cloud of some vectors rounder: what they all share says little."""
    spread, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    shrunk = axes / np.sqrt(np.maximum(spread, 0) + ROUNDNESS * spread.mean())
    return np.asarray(shrunk @ axes.T, dtype=np.float32)
