"""What was learned from the phrasings: a linear head, one row of weights a topic, kept with the hash of what it learned from."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.search import arrays, softmax
from knowledge.search.softmax import Matrix

# Found on phrasings that were held out; the optimum is flat (docs/measurements.md).
RIDGE = 0.3
CONSTANT = 0.3  # the value that stands beside those of a vector

NOBODYS = ""  # the topic of questions that no entry answers, beside those of the entries


@dataclass(frozen=True, slots=True)
class Head:
    """content: the hash of what it was learned from.  weights: topics x (values of a vector and a constant)."""

    content: str
    topics: tuple[str, ...]
    weights: Matrix

    def rows(self, topics: Sequence[str]) -> Matrix:
        """The weights of some topics; zeros for one that was not learned yet."""
        at = {topic: row for row, topic in enumerate(self.topics)}
        blank = np.zeros(self.weights.shape[1], dtype=np.float32)
        return np.array([self.weights[at[topic]] if topic in at else blank for topic in topics])


@dataclass(frozen=True, slots=True)
class Leaning:
    """How much a question leans to each topic: log odds, 0 on average over the topics."""

    topics: NDArray[np.float32]
    nobodys: float

    def lead(self, topic: int) -> float:
        """Log odds of a topic over being nobody's."""
        return float(self.topics[topic]) - self.nobodys


class Learner:
    """One snapshot's phrasings and strangers, and the head over their vectors: the last one learned, or one from before."""

    def __init__(
        self, name: str, topics: Sequence[str], phrasings: Sequence[Sequence[str]], strangers: Sequence[str]
    ) -> None:
        self.name, self._topics = name, (*topics, NOBODYS)
        self.content = content_of(name, self._topics, (*phrasings, strangers))
        self._sizes = [*map(len, phrasings), len(strangers)]
        self.head = Head("", (), np.zeros((0, 1), dtype=np.float32))
        self._weights = self.head.rows(self._topics)

    def take(self, head: Head) -> None:
        """Rank by a head, also by one that knew other topics, from now on."""
        weights = head.rows(self._topics)
        self._weights = weights - weights[:-1].mean(axis=0)
        self.head = head

    def learn(self) -> Head:
        """The head of these phrasings and strangers.  Takes seconds; the same ones give the same head."""
        raise NotImplementedError

    def leaning(self, vector: Matrix) -> Leaning:
        """How a question leans, by its vector; to nothing as long as nothing was learned."""
        known = self._weights[:, :-1]
        odds = (known @ vector if known.shape[1] else known.sum(axis=1)) + CONSTANT * self._weights[:, -1]
        return Leaning(odds[:-1], float(odds[-1]))

    def _learned(self, vectors: Matrix) -> Head:
        topics = np.repeat(np.arange(len(self._sizes)), self._sizes)
        rows = np.hstack((vectors, np.full((len(vectors), 1), CONSTANT, dtype=np.float32)))
        return Head(self.content, self._topics, softmax.learn(rows, topics, len(self._sizes), RIDGE))


def content_of(model: str, topics: Sequence[str], phrasings: Sequence[Sequence[str]]) -> str:
    """The hash of all that a head is learned from."""
    told = (model, *(part for topic, said in zip(topics, phrasings, strict=True) for part in ("", topic, *said)))
    return hashlib.blake2b("\n".join(told).encode(), digest_size=16).hexdigest()


def read(path: Path) -> Head | None:
    """The head in a file; None when there is none, or it is damaged."""
    kept = arrays.read(path)
    if kept.keys() != {"content", "topics", "weights"}:
        return None
    weights = kept["weights"].astype(np.float32)
    if weights.ndim != 2 or len(weights) != len(kept["topics"]) or not np.isfinite(weights).all():
        return None
    return Head(str(kept["content"]), tuple(kept["topics"].tolist()), weights)


def write(path: Path, head: Head) -> Path:
    kept = {"content": np.array(head.content), "topics": np.array(head.topics)}
    return arrays.write(path, {**kept, "weights": head.weights.astype(np.float16)})
