"""What was learned from the phrasings: a linear head, one row of weights a topic, kept with the hash of what it learned from."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.search import arrays
from knowledge.search.softmax import Matrix


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
