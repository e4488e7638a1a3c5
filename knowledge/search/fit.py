"""Fits the decision to questions as people ask them: `python -m bot knowledge fit`, in seconds.

`asked.jsonl` holds questions with the entries that answer them, none for what is nobody's.  Each is judged by odds that
were fitted without it (cross-validation), and from those the limits follow: how sure is sure enough.  Phrasings are no
such questions: they are worded to be unlike each other, and what is fitted to them misjudges what people ask.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.search import decide
from knowledge.search.cache import Cache
from knowledge.search.decide import OFFERED, Odds
from knowledge.search.ranking import Asker, Evidence, Ranking, Tier
from knowledge.search.text import clean

ASKED = Path(__file__).parent / "asked.jsonl"
FOLDS = 10
OUTSIDE = 0.12  # the share of questions that are nobody's
PRECISION = 0.987  # of direct answers, those to nobody's questions counted as wrong
LEAKS = 0.015  # share of nobody's questions that may be answered
PRESENT = 0.40  # offered from this probability on that one of the three is right
SURE = 0.99  # precision of answers by words from which the model is not asked
LOST = 0.002  # share of answerable questions that the model would have answered, and that words give up
RIDGE = 1.0
DRAWS = 301  # of the questions, for each limit

Numbers = NDArray[np.float64]
Truths = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the entries that answer it; none for what is nobody's."""

    text: str
    topics: frozenset[str]


@dataclass(frozen=True, slots=True)
class Judged:
    """What one depth makes of all questions: features, and whether the best topic, and one of the best three, is right."""

    known: Numbers
    first: Truths
    offered: Truths


def asked(path: Path = ASKED) -> list[Asked]:
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Asked(row["q"], frozenset(row["topics"])) for row in rows]


def fit(ranking: Ranking, questions: Sequence[Asked], cache: Cache) -> dict[str, dict[str, object]]:
    """The decision, tier by tier, ready to be written as TOML; questions of entries that are not there are left out."""
    here = [each for each in questions if not each.topics or each.topics & set(ranking.topics)]
    outside = np.array([not each.topics for each in here])
    seen = list(looks(ranking, [each.text for each in here], cache))
    judged = [_judged(ranking, here, [each[tier] for each in seen]) for tier in range(len(seen[0]))]
    weights = np.where(outside, OUTSIDE / outside.sum(), (1 - OUTSIDE) / (~outside).sum()) * len(outside)
    by_words, with_model = judged[0], judged[-1]
    first = _crossed(by_words.known, by_words.first, weights)
    sure, lost = _limit(first, by_words.first, outside, weights, SURE), 0.0
    answer = _limit(first, by_words.first, outside, weights, PRECISION)
    if len(judged) == 1:
        return {Tier.LEXICAL.name.lower(): _rule(by_words, weights, answer, sure, lost)}
    deep = _crossed(with_model.known, with_model.first, weights)

    def best() -> float:
        by_model = (first < sure) & (first > lost)
        settled = np.where(by_model, deep, np.where(first >= sure, 1.0, 0.0))
        return _limit(settled, np.where(by_model, with_model.first, by_words.first), outside, weights, PRECISION)

    gained = np.sort(first[(deep >= best()) & with_model.first & ~outside])
    lost = float(next(iter(gained[int(LOST * (~outside).sum()) :]), 0.0))
    rules = {
        Tier.LEXICAL: _rule(by_words, weights, answer, sure, lost),
        Tier.FULL: _rule(with_model, weights, best(), sure, lost),
    }
    return {tier.name.lower(): rule for tier, rule in rules.items()}


def looks(ranking: Ranking, texts: Sequence[str], cache: Cache) -> Iterator[list[Evidence]]:
    """The evidence for each question, shallow to deep."""
    cleaned = [clean(text) for text in texts]
    found = [[ranking.lexical(text, Asker())] for text in cleaned]
    if (space := ranking.space) is not None:
        vectors = space.centred(cache.embed(space.model, [ranking.plain(text) for text in cleaned]))
        for each, vector in zip(found, vectors, strict=True):
            each.append(ranking.deeper(space, each[0], vector))
    yield from found


def _judged(ranking: Ranking, questions: Sequence[Asked], seen: Sequence[Evidence]) -> Judged:
    known = [decide.features(each, clean(question.text)) for question, each in zip(questions, seen, strict=True)]
    best = [[ranking.topics[at] for at in np.argsort(-each.scores)[:OFFERED]] for each in seen]
    first = [ids[0] in question.topics for question, ids in zip(questions, best, strict=True)]
    offered = [not question.topics.isdisjoint(ids) for question, ids in zip(questions, best, strict=True)]
    return Judged(np.array(known), np.array(first), np.array(offered))


def _rule(judged: Judged, weights: Numbers, answer: float, sure: float, lost: float) -> dict[str, object]:
    odds = {
        "first": _listed(logistic(judged.known, judged.first, weights)),
        "offered": _listed(logistic(judged.known, judged.offered, weights)),
    }
    return {**odds, "answer": round(answer, 3), "choose": PRESENT, "sure": round(sure, 3), "lost": round(lost, 3)}


def _crossed(known: Numbers, truth: Truths, weights: Numbers) -> Numbers:
    """Each question's probability by odds that were fitted without its fold."""
    found, folds = np.zeros(len(truth)), np.arange(len(truth)) % FOLDS
    for number in range(FOLDS):
        out = folds == number
        odds = logistic(known[~out], truth[~out], weights[~out])
        found[out] = [odds.of(row) for row in known[out]]
    return found


def _limit(odds: Numbers, truth: Truths, outside: Truths, weights: Numbers, precision: float) -> float:
    """The probability from which answers are right often enough, and nobody's questions seldom get one.

    A handful of wrong answers decides it: so the middle one of many draws of the questions, always the same draws.
    """
    dice = np.random.default_rng(len(odds))
    draws = (dice.integers(0, len(odds), len(odds)) for _ in range(DRAWS))
    return float(np.median([_lowest(odds[at], truth[at], outside[at], weights[at], precision) for at in draws]))


def _lowest(odds: Numbers, truth: Truths, outside: Truths, weights: Numbers, precision: float) -> float:
    order = np.argsort(-odds)
    right = np.cumsum(truth[order] * weights[order]) / np.cumsum(weights[order])
    leaks = np.cumsum(outside[order]) / max(int(outside.sum()), 1)
    enough = np.flatnonzero((right >= precision) & (leaks <= LEAKS))
    return float(odds[order][enough[-1]]) if len(enough) else 1.0


def logistic(known: Numbers, truth: Truths, weights: Numbers) -> Odds:
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
