"""BM25 over one document per topic, divided by what the query could have scored at best."""

import math
from collections import Counter, defaultdict
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
        counted = [Counter(terms(document)) for document in documents]
        lengths = np.array([sum(each.values()) for each in counted], dtype=np.float32)
        norms = K1 * (1 - B + B * lengths / max(float(lengths.mean()) if documents else 0.0, 1.0))
        # Each term's documents lie one after another, because most terms are in one or two of them.
        turned = _turned(counted)
        self._rows = {term: row for row, term in enumerate(turned)}
        ends = np.cumsum([len(found) for found in turned.values()]).tolist()
        self._spans = list(zip([0, *ends[:-1]], ends, strict=True)) if ends else []
        self._idf = np.array([self._rarity(len(found)) for found in turned.values()], dtype=np.float32)
        self._columns = np.array([column for found in turned.values() for column, _ in found], dtype=np.int16)
        times = np.array([times for found in turned.values() for _, times in found], dtype=np.float32)
        idf = np.repeat(self._idf, [len(found) for found in turned.values()])
        self._weights = (idf * (K1 + 1) * times / (times + norms[self._columns])).astype(np.float32)

    def scores(self, query: str) -> Scores:
        """One score per document, 0 for nothing in common, around 1 for most of the query found."""
        terms = set(self._terms(query))
        rows = [row for term in terms if (row := self._rows.get(term)) is not None]
        if not rows:
            return np.zeros(self._count, dtype=np.float32)
        best = float(self._idf[rows].sum()) + self._rarity(0) * (len(terms) - len(rows)) + 1e-6
        spans = [self._spans[row] for row in rows]
        columns = np.concatenate([self._columns[a:b] for a, b in spans])
        weights = np.concatenate([self._weights[a:b] for a, b in spans])
        return (np.bincount(columns, weights, self._count) / best).astype(np.float32)

    def _rarity(self, seen: int) -> float:
        """The idf of a term that stands in so many documents."""
        return math.log(1 + (self._count - seen + 0.5) / (seen + 0.5))


def _turned(counted: Sequence[Counter[str]]) -> dict[str, list[tuple[int, int]]]:
    """From the terms of documents to the documents of terms, with how often each has it."""
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for column, each in enumerate(counted):
        for term, times in each.items():
            found[term].append((column, times))
    return found
