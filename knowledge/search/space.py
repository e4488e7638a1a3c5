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
from knowledge.search.meaning import Model, Vectors, to_unit, unit

# Found on phrasings that were held out; the optimum is flat (docs/measurements.md).
ROUNDNESS = 3.0  # of the cloud of phrasings, before a head is learned: 0 makes it a ball, more leaves it as it is
RIDGE = 0.3
CONSTANT = 0.3  # the value that stands beside those of a vector


NOBODYS = ""  # the topic of questions that no entry answers, beside those of the entries


@dataclass(frozen=True, slots=True)
class Leaning:
    """How much a question leans to each topic: log odds, 0 on average over the topics."""

    topics: Scores
    nobodys: float


@dataclass(frozen=True, slots=True)
class Near:
    """What the model says of the best topic; cosines are of vectors centred on all phrasings."""

    closest: float  # to the nearest phrasing of the topic
    stranger: float  # to the nearest question that is nobody's
    lead: float  # log odds of the topic over being nobody's
    agrees: bool  # the question leans to no other topic more


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
        self.content = heads.content_of(model.name, (*topics, NOBODYS), (*phrasings, strangers))
        flat = [text for each in phrasings for text in each]
        raw = cache.embed(model, [*flat, *strangers])
        self._centre = raw[: len(flat)].mean(axis=0)
        raw -= self._centre
        to_unit(raw)
        self._phrasings, self._strangers = raw[: len(flat)], raw[len(flat) :]
        self._ends = np.cumsum([len(each) for each in phrasings])
        self._rounding = _rounding(self._phrasings)
        self.head = Head("", (), np.zeros((0, raw.shape[1] + 1), dtype=np.float32))
        self._weights = self.head.rows((*topics, NOBODYS))

    def take(self, head: Head) -> None:
        """Rank by a head, also by one that knew other topics, from now on."""
        weights = head.rows((*self._topics, NOBODYS))
        self._weights = weights - weights[:-1].mean(axis=0)
        self.head = head

    def learn(self) -> Head:
        """The head of these phrasings and strangers.  Takes seconds; the same ones give the same head."""
        sizes = np.append(np.diff(self._ends, prepend=0), len(self._strangers))
        topics = np.repeat(np.arange(len(sizes)), sizes)
        rows = self._rounded(np.vstack((self._phrasings, self._strangers)))
        return Head(self.content, (*self._topics, NOBODYS), softmax.learn(rows, topics, len(sizes), RIDGE))

    def embed(self, questions: Sequence[str]) -> Vectors:
        """Unit vectors of plain questions, centred: near ones have a cosine near 1, others one near 0."""
        return self.centred(unit(self.model.embed(questions)))

    def centred(self, vectors: Vectors) -> Vectors:
        return unit(vectors - self._centre)

    def leaning(self, vector: Vectors) -> Leaning:
        odds = self._weights @ self._rounded(vector[None])[0]
        return Leaning(odds[:-1], float(odds[-1]))

    def near(self, vector: Vectors, leaning: Leaning, topic: int) -> Near:
        start = int(self._ends[topic - 1]) if topic else 0
        closest = float((self._phrasings[start : int(self._ends[topic])] @ vector).max())
        stranger = float((self._strangers @ vector).max()) if len(self._strangers) else -1.0
        own = float(leaning.topics[topic])
        return Near(closest, stranger, own - leaning.nobodys, own >= float(leaning.topics.max()))

    def _rounded(self, centred: Vectors) -> Vectors:
        rows = unit(centred @ self._rounding)
        return np.hstack((rows, np.full((len(rows), 1), CONSTANT, dtype=np.float32)))


def _rounding(centred: Vectors) -> Vectors:
    """The matrix that makes the cloud of some vectors rounder: what they all share says little."""
    spread, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    shrunk = axes / np.sqrt(np.maximum(spread, 0) + ROUNDNESS * spread.mean())
    return np.asarray(shrunk @ axes.T, dtype=np.float32)
