"""BM25 over one document per topic, divided by what the query could have scored at best."""

import math
from array import array
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

K1, B = 1.2, 0.75

Scores = NDArray[np.float32]


class Bm25:
    """Okapi BM25.  Source: S. Robertson, H. Zaragoza, "The Probabilistic Relevance Framework", 2009.

    The score of a document is divided by the sum of the idf of the query's terms (terms nobody wrote count
    as the rarest), so that scores of short and long questions compare.
    """

    def __init__(self, terms: Callable[[str], list[str]], documents: Sequence[str]) -> None:
        self._terms = terms
        self._count = len(documents)
        self._rows: dict[str, int] = {}
        rows, columns, times, lengths = array("i"), array("h"), array("i"), array("i")
        for column, document in enumerate(documents):
            counted = Counter(terms(document))
            lengths.append(counted.total())
            for term, count in counted.items():
                rows.append(self._rows.setdefault(term, len(self._rows)))
                columns.append(column)
                times.append(count)
        # Each term's documents lie one after another, because most terms are in one or two of them.
        order = np.argsort(rows, kind="stable")
        self._columns = np.array(columns)[order]
        seen = np.bincount(rows, minlength=len(self._rows)) if rows else np.zeros(0, dtype=np.intp)
        self._starts = array("i", np.concatenate(([0], np.cumsum(seen))).astype(np.int32).tobytes())
        self._idf = np.array([self._rarity(int(each)) for each in seen], dtype=np.float32)
        self._weights = self._weighed(
            np.array(times, dtype=np.float32)[order], np.array(lengths, dtype=np.float32), seen
        )

    def scores(self, query: str) -> Scores:
        """One score per document, 0 for nothing in common, around 1 for most of the query found."""
        terms = set(self._terms(query))
        rows = [row for term in terms if (row := self._rows.get(term)) is not None]
        if not rows:
            return np.zeros(self._count, dtype=np.float32)
        best = float(self._idf[rows].sum()) + self._rarity(0) * (len(terms) - len(rows)) + 1e-6
        spans = [(self._starts[row], self._starts[row + 1]) for row in rows]
        columns = np.concatenate([self._columns[a:b] for a, b in spans])
        weights = np.concatenate([self._weights[a:b] for a, b in spans])
        return (np.bincount(columns, weights, self._count) / best).astype(np.float32)

    def _weighed(self, times: Scores, lengths: Scores, seen: NDArray[np.intp]) -> Scores:
        """What each term adds to the score of each document that has it."""
        norms = K1 * (1 - B + B * lengths / max(float(lengths.mean()) if self._count else 0.0, 1.0))
        weights: Scores = np.repeat(self._idf, seen) * (K1 + 1) * times / (times + norms[self._columns])
        return weights.astype(np.float32)

    def _rarity(self, seen: int) -> float:
        """The idf of a term that stands in so many documents."""
        return math.log(1 + (self._count - seen + 0.5) / (seen + 0.5))
