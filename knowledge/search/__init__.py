"""Finds the topics a question is about, and knows when it does not know.

Three depths: by words, with a small model, with a larger one.  Each is asked only when the one before is
unsure; a model that is missing or damaged makes the search shallower, never silent.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from knowledge.policies import Policy
from knowledge.regions import Region
from knowledge.search import decide, emergencies
from knowledge.search.decide import Decision, Rule
from knowledge.search.followups import FollowUps
from knowledge.search.meaning import E5, Cache, Endpoint, Model, Unfit, Use
from knowledge.search.ranking import Asker, Evidence, Ranking, Tier
from knowledge.search.talk import follows, parts, talk_of
from knowledge.search.text import clean
from knowledge.words import Words

__all__ = ["Asker", "Decision", "Endpoint", "Found", "Match", "Search", "Tier", "models"]

TOPICS = 5  # matches that are kept
FOLLOWED = 0.75  # the probability given for a follow-up
REMEMBERED = 4_096  # answers kept: workers ask the same things


@dataclass(frozen=True, slots=True)
class Match:
    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """What the search makes of a question."""

    decision: Decision
    matches: tuple[Match, ...]  # best first
    score: float  # probability, 0 to 1, that the first match is the right one
    talk: str = ""  # "greeting", "thanks", ... when it is no question
    emergency: tuple[str, ...] = ()  # the hotlines to put on top, first number first, whatever else was found
    tier: Tier = Tier.LEXICAL  # how deep it looked
    also: str = ""  # the entry that answers a second question of the same message


class Search:
    """An index over the entries; replaced as a whole.  `deepen` makes it look deeper, in the background."""

    def __init__(
        self,
        entries: Sequence[Policy],
        words: Words,
        regions: Mapping[str, Region],
        strangers: Sequence[str],
        rules: Mapping[Tier, Rule] | None = None,
    ) -> None:
        self.ranking = Ranking(entries, words, regions, strangers)
        self.why_shallow: list[str] = []  # what keeps it from looking deeper
        self._words = words
        self._emergencies = emergencies.load()
        self._rules = rules or decide.load()
        self._exact = {clean(said): at for at, entry in enumerate(entries) for said in (entry.title, *entry.phrasings)}
        self._known: OrderedDict[tuple[str, Asker, str], Found] = OrderedDict()
        self._follow_ups = FollowUps(self.ranking, words)
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search")

    @property
    def models(self) -> list[Model]:
        """What it looks deeper with, shallow to deep."""
        return [space.model for space in self.ranking.spaces]

    @property
    def tier(self) -> Tier:
        return Tier(len(self.ranking.spaces))

    def deepen(self, able: Sequence[Model], cache: Cache) -> None:
        """Look deeper from now on, one model after the other.  Slow without a cache: call it in a thread."""
        for deep in range(len(able) + 1):
            self.ranking.deepen(able[:deep], cache)
            self._known.clear()

    async def find(self, text: str, asker: Asker = Asker(), previous: str = "") -> Found:  # noqa: B008 (frozen)
        """What a question asks for.  Any text goes; the time is bounded by clipping it.

        `previous` is the entry this person was answered with a moment ago: a line such as 要带什么材料 goes on from it.
        """
        cleaned = clean(text)
        if talk := talk_of(cleaned, self._words):
            return Found(Decision.NONE, (), 0.0, talk, self._emergencies.numbers(cleaned))
        key = (cleaned, asker, previous)
        if (known := self._known.get(key)) is not None:
            self._known.move_to_end(key)
            return known
        found = await self._find(cleaned, asker)
        if previous and self._goes_on(cleaned, found):
            found = self._follow(cleaned, asker, previous) or found
        elif cleaned not in self._exact and len(asked := parts(text, self._words)) > 1:
            found = await self._several(asked, asker, found)
        found = replace(found, emergency=self._emergencies.numbers(cleaned))
        self._known[key] = found
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found

    def by_words(self, text: str, *, exact: bool = True) -> tuple[Decision, str]:
        """What a question would get without any model, and the first entry; `exact`: known phrasings count as such."""
        cleaned = clean(text)
        if exact and (known := self._exact.get(cleaned)) is not None:
            return Decision.ANSWER, self.ranking.entries[known].id
        if talk_of(cleaned, self._words):
            return Decision.NONE, ""
        evidence = self.ranking.lexical(cleaned, Asker())
        decision, _, _ = decide.decide(self._rules[Tier.LEXICAL], evidence, cleaned)
        return decision, self.ranking.entries[int(np.argmax(evidence.scores))].id

    def emergency(self, text: str) -> tuple[str, ...]:
        """The hotlines to call, first number first, whatever else a text says; empty for none."""
        return self._emergencies.numbers(clean(text))

    def _goes_on(self, cleaned: str, found: Found) -> bool:
        """Whether a line goes on from the last answer: it says nothing by itself, or begins so and we are unsure."""
        unsure = found.decision is not Decision.ANSWER
        return self._follow_ups.goes_on(cleaned) or (unsure and follows(cleaned, self._words))

    def _follow(self, cleaned: str, asker: Asker, previous: str) -> Found | None:
        if (meant := self._follow_ups.meant(cleaned, asker, previous)) is None:
            return None
        return self._found(meant[0], Decision.ANSWER, FOLLOWED, first=meant[1])

    async def _several(self, asked: Sequence[str], asker: Asker, whole: Found) -> Found:
        """The answers to the parts of a message: both when two are sure, else a choice that holds each one's best."""
        found = [await self._find(clean(part), asker) for part in asked]
        sure = list({each.matches[0].id: each for each in found if each.decision is Decision.ANSWER}.values())
        if len(sure) > 1:
            return replace(sure[0], also=sure[1].matches[0].id)
        if sure and all(each.decision is Decision.NONE or each is sure[0] for each in found):
            return whole if whole.decision is Decision.ANSWER else sure[0]
        open_ = [each for each in found if each.decision is not Decision.NONE]
        if len(open_) < 2:
            return whole
        best = dict.fromkeys(match for pair in zip(*(each.matches for each in open_), strict=False) for match in pair)
        first = {match.id: match for match in reversed(best)}
        mixed = tuple(first[each] for each in dict.fromkeys(match.id for match in best))[:TOPICS]
        return replace(open_[0], decision=Decision.CHOOSE, matches=mixed)

    async def _find(self, cleaned: str, asker: Asker) -> Found:
        evidence = self.ranking.lexical(cleaned, asker)
        if (exact := self._exact.get(cleaned)) is not None:
            return self._found(evidence, Decision.ANSWER, 1.0, first=exact)
        verdict = decide.decide(self._rules[Tier.LEXICAL], evidence, cleaned)
        loop = asyncio.get_running_loop()
        while evidence.tier < self.tier and not self._settled(evidence.tier, verdict):
            try:
                evidence = await loop.run_in_executor(self._worker, self.ranking.deeper, cleaned, evidence)
            except (OSError, ValueError) as error:  # An endpoint that is away, or talks nonsense.
                self.why_shallow = [f"{type(error).__name__}: {error}"]
                break
            verdict = decide.decide(self._rules[evidence.tier], evidence, cleaned)
        return self._found(evidence, verdict[0], verdict[1])

    def _settled(self, tier: Tier, verdict: tuple[Decision, float, float]) -> bool:
        rule = self._rules[tier]
        return verdict[1] >= rule.sure or verdict[2] <= rule.lost

    def _found(self, evidence: Evidence, decision: Decision, score: float, first: int | None = None) -> Found:
        scores = evidence.scores
        if first is not None:
            scores = scores.copy()
            scores[first] = scores.max() + 1  # A phrasing an editor wrote never loses its own question.
        best = np.argsort(-scores)[:TOPICS]
        matches = tuple(Match(self.ranking.entries[at].id, round(float(scores[at]), 4)) for at in best)
        return Found(decision, matches, round(score, 4), tier=evidence.tier)


def models(deepest: Tier = Tier.FULL, endpoint: Endpoint | None = None) -> tuple[list[Model], list[str]]:
    """The models that work here, shallow to deep, and why others do not.  The second needs the first.

    An endpoint takes the second one's place.
    """
    able: list[Model] = []
    try:
        if deepest >= Tier.FAST:
            able.append(Use())
        if deepest >= Tier.FULL:
            able.append(endpoint or E5())
    except Unfit as reason:
        return able, [str(reason)]
    return able, []


def deepen(search: Search, folder: Path | None, deepest: Tier = Tier.FULL, endpoint: Endpoint | None = None) -> None:
    """Load the models and let the search use them; `folder` keeps vectors.  Takes minutes the first time."""
    able, search.why_shallow = models(deepest, endpoint)
    search.deepen(able, Cache(folder))


def strangers(path: Path = Path(__file__).parents[1] / "strangers.txt") -> list[str]:
    """Questions that are nobody's, one a line; lines beginning with # are headings."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
