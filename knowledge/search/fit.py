"""Refits the decision from the content itself: `python -m bot knowledge fit`.

Three kinds of questions teach it: phrasings that were held out of the index (somebody's, worded anew),
phrasings typed badly (somebody's, worded as known), and questions that no entry answers - phrasings of
entries that were hidden, and strangers.  No test question is looked at.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.policies import Policy
from knowledge.regions import Region
from knowledge.search import decide
from knowledge.search.cache import Cache
from knowledge.search.decide import OFFERED, Odds
from knowledge.search.meaning import Model
from knowledge.search.ranking import Asker, Evidence, Ranking, Tier
from knowledge.search.text import clean
from knowledge.words import Words

FOLDS = 5
OUTSIDE = 0.12  # the share of questions that are nobody's
# Of direct answers to these questions, which are worded to be unlike the known ones; real ones are easier, and most so
# for the model: as many of them are answered rightly from here on as should be (docs/measurements.md).
PRECISION = {Tier.LEXICAL: 0.88, Tier.FULL: 0.82}
PRESENT = 0.40  # offered from this probability on that one of the three is right
SURE = 0.945  # precision from which looking deeper is not worth the time
LOST = 0.035  # share of answerable questions that may be given up without looking deeper
RIDGE = 1.0
TYPOS = 900  # phrasings that are typed badly

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A question with the entry that answers it, or None."""

    text: str
    topic: int | None
    fold: int


@dataclass
class Seen:
    """What one depth saw of all examples."""

    features: list[Numbers]
    first: list[bool]  # the best topic was right
    offered: list[bool]  # one of the best three was


class Fitting:
    """Everything a fit needs, read once."""

    def __init__(
        self,
        entries: Sequence[Policy],
        words: Words,
        regions: Mapping[str, Region],
        strangers: Sequence[str],
        model: Model | None,
        cache: Cache,
    ) -> None:
        self.entries, self.words, self.regions = entries, words, regions
        self.strangers, self.model, self.cache = strangers, model, cache
        self._random = random.Random(20261122)

    def run(self) -> dict[str, dict[str, object]]:
        """The decision, tier by tier, ready to be written as TOML."""
        seen = {tier: Seen([], [], []) for tier in Tier}
        examples: list[Example] = []
        for number in range(FOLDS):
            for ranking, asked in self._rounds(number):
                self._look(ranking, asked, seen)
                examples += asked
        outside = np.array([example.topic is None for example in examples])
        folds = np.array([example.fold for example in examples])
        return {
            tier.name.lower(): _rule(each, outside, folds, PRECISION[tier])
            for tier, each in seen.items()
            if each.features
        }

    def held_out(self, number: int) -> tuple[Ranking, list[Example]]:
        """An index without a fifth of the phrasings and strangers, and those as questions to it."""
        said = self._said()
        out = [
            [at > 0 and (at + topic) % FOLDS == number for at in range(len(each))] for topic, each in enumerate(said)
        ]
        kept = [[text for text, gone in zip(a, b, strict=True) if not gone] for a, b in zip(said, out, strict=True)]
        asked = [
            Example(text, topic, number)
            for topic, (a, b) in enumerate(zip(said, out, strict=True))
            for text, gone in zip(a, b, strict=True)
            if gone
        ]
        asked += [Example(line, None, number) for line in self.strangers[number::FOLDS]]
        others = [line for at, line in enumerate(self.strangers) if at % FOLDS != number]
        return self._index(self.entries, others, kept), asked

    def _said(self) -> list[tuple[str, ...]]:
        return [(entry.title, *entry.phrasings) for entry in self.entries]

    def _rounds(self, number: int) -> Iterator[tuple[Ranking, list[Example]]]:
        """An index with some phrasings and strangers held out, one with some entries hidden, and a whole one."""
        yield self.held_out(number)
        said = self._said()
        shown = [at for at in range(len(self.entries)) if at % FOLDS != number]
        hidden = [at for at in range(len(self.entries)) if at % FOLDS == number]
        alone = [Example(text, None, number) for at in hidden for text in said[at][1::4]]
        yield self._index([self.entries[at] for at in shown], self.strangers, [said[at] for at in shown]), alone
        typed = [(topic, text) for topic, each in enumerate(said) for text in each[1:]]
        bad = self._random.sample(typed, min(TYPOS // FOLDS, len(typed)))
        yield (
            self._index(self.entries, self.strangers, said),
            [Example(self._mistyped(text), topic, number) for topic, text in bad],
        )

    def _index(
        self, entries: Sequence[Policy], strangers: Sequence[str], phrasings: Sequence[Sequence[str]]
    ) -> Ranking:
        ranking = Ranking(entries, self.words, self.regions, strangers, phrasings)
        if self.model is not None:
            ranking.deepen(self.model, self.cache)
            ranking.learn(Cache(None))  # What stands on disk was learned from what is held out here.
        return ranking

    def _look(self, ranking: Ranking, asked: Sequence[Example], seen: dict[Tier, Seen]) -> None:
        for example, looks in zip(asked, self.looks(ranking, asked), strict=True):
            for evidence in looks:
                _note(
                    seen[evidence.tier], decide.features(evidence, clean(example.text)), evidence.scores, example.topic
                )

    def looks(self, ranking: Ranking, asked: Sequence[Example]) -> Iterator[list[Evidence]]:
        """The evidence for each question, shallow to deep."""
        cleaned = [clean(example.text) for example in asked]
        found = [[ranking.lexical(text, Asker())] for text in cleaned]
        if self.model is not None and (space := ranking.space) is not None:
            vectors = space.centred(self.cache.embed(self.model, [ranking.plain(text) for text in cleaned]))
            for looks, vector in zip(found, vectors, strict=True):
                looks.append(ranking.deeper(space, looks[0], vector))
        yield from found

    def _mistyped(self, text: str) -> str:
        """One character lost, or two swapped."""
        at = self._random.randrange(max(len(text) - 1, 1))
        return (
            text[:at] + text[at + 1 :]
            if self._random.random() < 0.5
            else text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
        )


def _note(seen: Seen, features: Numbers, scores: NDArray[np.float32], topic: int | None) -> None:
    best = np.argsort(-scores)[:OFFERED].tolist()
    seen.features.append(features)
    seen.first.append(topic is not None and best[0] == topic)
    seen.offered.append(topic in best)


def _rule(seen: Seen, outside: NDArray[np.bool_], folds: NDArray[np.int64], precision: float) -> dict[str, object]:
    known = np.array(seen.features)
    weights = np.where(outside, OUTSIDE / outside.sum(), (1 - OUTSIDE) / (~outside).sum()) * len(outside)
    first, offered = np.array(seen.first), np.array(seen.offered)
    p_first, p_offered = (_crossed(known, truth, weights, folds) for truth in (first, offered))
    return {
        "first": _listed(logistic(known, first, weights)),
        "offered": _listed(logistic(known, offered, weights)),
        "answer": round(_from(p_first, first, weights, precision), 3),
        "choose": PRESENT,
        "sure": round(_from(p_first, first, weights, SURE), 3),
        "lost": round(float(np.quantile(p_offered[~outside], LOST)), 3),
    }


def _crossed(known: Numbers, truth: NDArray[np.bool_], weights: Numbers, folds: NDArray[np.int64]) -> Numbers:
    """Each example's probability from a model that did not see its fold."""
    found = np.zeros(len(truth))
    for number in range(FOLDS):
        out = folds == number
        odds = logistic(known[~out], truth[~out], weights[~out])
        found[out] = [odds.of(row) for row in known[out]]
    return found


def _from(odds: Numbers, truth: NDArray[np.bool_], weights: Numbers, precision: float) -> float:
    """The lowest probability from which so large a share of the answers given is right."""
    order = np.argsort(-odds)
    right = np.cumsum(truth[order] * weights[order]) / np.cumsum(weights[order])
    enough = np.flatnonzero(right >= precision)
    return float(odds[order][enough[-1]]) if len(enough) else 1.0


def logistic(known: Numbers, truth: NDArray[np.bool_], weights: Numbers) -> Odds:
    """Logistic regression with a ridge, by Newton's method; features are scaled inside."""
    middle, spread = known.mean(axis=0), known.std(axis=0) + 1e-9
    rows = np.c_[(known - middle) / spread, np.ones(len(known))]
    ridge = np.diag([RIDGE] * known.shape[1] + [0.0])
    beta = np.zeros(rows.shape[1])
    for _ in range(25):
        odds = 1 / (1 + np.exp(-np.clip(rows @ beta, -30, 30)))
        slope = rows.T @ (weights * (odds - truth)) + ridge @ beta
        curve = (rows * (weights * odds * (1 - odds))[:, None]).T @ rows + ridge
        step = np.linalg.solve(curve, slope)
        beta -= step
        if float(np.abs(step).max()) < 1e-8:
            break
    scaled = beta[:-1] / spread
    return Odds(tuple(scaled.tolist()), float(beta[-1] - scaled @ middle))


def _listed(odds: Odds) -> list[float]:
    return [round(value, 4) for value in (*odds.weights, odds.bias)]


def written(rules: Mapping[str, Mapping[str, object]]) -> str:
    """The rules as the TOML that `decide.load` reads."""
    lines = ["# Written by `python -m bot knowledge fit`; do not edit."]
    for tier, rule in rules.items():
        lines += ["", f"[{tier}]", *(f"{name} = {value}" for name, value in rule.items())]
    return "\n".join(lines) + "\n"
