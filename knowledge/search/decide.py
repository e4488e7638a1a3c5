"""What to do with the evidence: answer, offer a choice, or say that we do not know."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.search.lexical import Scores
from knowledge.search.ranking import Evidence, Tier

FILE = Path(__file__).parent / "decision.toml"  # written by `python -m bot knowledge fit`
SHARPNESS = 10.0  # of the softmax over the scores
LONG = 30  # characters of a question from which it counts as long
OFFERED = 3  # topics offered when it is a close call


class Decision(StrEnum):
    ANSWER = "answer"
    CHOOSE = "choose"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Odds:
    """A logistic model: the probability of something from the features of the evidence."""

    weights: tuple[float, ...]
    bias: float

    def of(self, features: NDArray[np.float64]) -> float:
        return 1 / (1 + math.exp(-min(max(float(features @ np.array(self.weights)) + self.bias, -30.0), 30.0)))


@dataclass(frozen=True, slots=True)
class Rule:
    """How to decide at one depth.  `first`: the best topic is right.  `offered`: one of the best three is."""

    first: Odds
    offered: Odds
    answer: float  # answer from this probability on
    choose: float  # offer a choice from this probability on
    sure: float  # from this probability on, or up to `lost`, looking deeper is not worth its time
    lost: float


def load(path: Path = FILE) -> dict[Tier, Rule]:
    fitted = tomllib.loads(path.read_text(encoding="utf-8"))
    return {tier: _rule(fitted[tier.name.lower()]) for tier in Tier}


def _rule(raw: Mapping[str, Any]) -> Rule:
    limits = {name: float(raw[name]) for name in ("answer", "choose", "sure", "lost")}
    return Rule(_odds(raw["first"]), _odds(raw["offered"]), **limits)


def _odds(values: Sequence[float]) -> Odds:
    *weights, bias = map(float, values)
    return Odds(tuple(weights), bias)


def features(evidence: Evidence, cleaned: str) -> NDArray[np.float64]:
    """What the odds are made from: how far ahead the best topic is, how much of the question it explains,
    and whether a question that is nobody's explains it better.
    """
    scores, near = evidence.scores, evidence.near
    best, second = np.argsort(-scores)[:2].tolist()
    told = [
        -math.log(float(np.exp(SHARPNESS * (scores - scores[best])).sum())),
        float(scores[best] - scores[second]),
        _lead(evidence.letters, best),
        _lead(evidence.sounds, best),
        float(evidence.letters[best]) - evidence.stranger_words,
        min(len(cleaned), LONG) / LONG,
        evidence.wording.lead(best),
        _lead(evidence.wording.topics, best),
    ]
    if near is not None:
        told += [float(scores[best]), near.closest, near.stranger - near.closest, near.lead, near.agrees]
    return np.array(told)


def _lead(scores: Scores, best: int) -> float:
    """How far a topic is ahead of all others; below zero when one is ahead of it."""
    others = scores.copy()
    others[best] = -np.inf
    return float(scores[best] - others.max())


def decide(rule: Rule, evidence: Evidence, cleaned: str) -> tuple[Decision, float]:
    """The decision, and the probability that the best topic is right."""
    known = features(evidence, cleaned)
    first = rule.first.of(known)
    if first >= rule.answer:
        return Decision.ANSWER, first
    return (Decision.CHOOSE if rule.offered.of(known) >= rule.choose else Decision.NONE), first
