"""Finds the topics a question is about, and knows when it does not know.

Two depths: by words and what they mean, and with a model of language, which is asked only where it may gain an answer.
A model that is missing or damaged makes the search shallower, never silent.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from knowledge.policies import Policy
from knowledge.regions import Region
from knowledge.search import decide, emergencies
from knowledge.search.cache import Cache
from knowledge.search.decide import Decision, Rule
from knowledge.search.followups import FollowUps
from knowledge.search.head import Head
from knowledge.search.heard import Heard
from knowledge.search.meaning import E5, Endpoint, Model, Unfit
from knowledge.search.ranking import Asker, Evidence, Ranking, Tier
from knowledge.search.talk import clauses, follows, parts, talk_of
from knowledge.search.text import clean
from knowledge.words import Words

__all__ = ["Asker", "Decision", "Endpoint", "Found", "Match", "Search", "Tier", "model"]

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
    follows: bool = False  # it goes on from the last answer


class Search:
    """An index over the entries; replaced as a whole.  `deepen` makes it look deeper, `learn` rank better."""

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
        self._exact = {clean(text): at for at, said in enumerate(self.ranking.phrasings) for text in said}
        self._known: OrderedDict[tuple[str, Asker, str], Found] = OrderedDict()
        self._follow_ups = FollowUps(self.ranking, words)
        self._heard = Heard(words)

    @property
    def tier(self) -> Tier:
        return Tier.LEXICAL if self.ranking.space is None else Tier.FULL

    @property
    def head(self) -> Head | None:
        """What was learned so far."""
        return None if self.ranking.space is None else self.ranking.space.head

    def deepen(self, model: Model, cache: Cache, before: Head | None = None) -> None:
        """Look deeper from now on, by what was learned last.  Slow without a cache: call it in a thread."""
        self.ranking.deepen(model, cache, before)
        self._known.clear()

    def learn(self, cache: Cache) -> None:
        """Learn from the phrasings as they stand, unless that was done.  Takes seconds: call it in a thread."""
        self.ranking.learn(cache)
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
        emergency, cleaned = self._emergencies.numbers(cleaned), self._read(cleaned)
        found = await self._find(cleaned, asker)
        if previous and not emergency and self._goes_on(cleaned, found, previous):
            found = self._follow(cleaned, asker, previous) or found
        elif emergency:
            found = await self._beside(text, asker, found)
        elif cleaned not in self._exact and len(asked := parts(text, self._words)) > 1:
            found = await self._several(asked, asker, found)
        found = replace(found, emergency=emergency)
        self._known[key] = found
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found

    def by_words(self, text: str, *, exact: bool = True) -> tuple[Decision, str]:
        """What a question would get without any model, and the first entry; `exact`: known phrasings count as such."""
        cleaned = self._read(clean(text))
        if exact and (known := self._exact.get(cleaned)) is not None:
            return Decision.ANSWER, self.ranking.entries[known].id
        if talk_of(cleaned, self._words):
            return Decision.NONE, ""
        evidence = self.ranking.lexical(cleaned, Asker())
        decision, _ = decide.decide(self._rules[Tier.LEXICAL], evidence, cleaned)
        return decision, self.ranking.entries[int(np.argmax(evidence.scores))].id

    async def is_follow_up(self, text: str, previous: str) -> bool:
        """Whether a text is taken for a line that goes on from the entry `previous`."""
        cleaned = self._read(clean(text))
        return self._goes_on(cleaned, await self._find(cleaned, Asker()), previous)

    def emergency(self, text: str) -> tuple[str, ...]:
        """The hotlines to call, first number first, whatever else a text says; empty for none."""
        return self._emergencies.of(text)

    def _read(self, cleaned: str) -> str:
        """A question with the words that were meant; what somebody wrote into an entry is meant as it stands."""
        return cleaned if cleaned in self._exact else self._heard(cleaned)

    def _goes_on(self, cleaned: str, found: Found, previous: str) -> bool:
        """Whether a line goes on from the last answer: it says nothing by itself, or looks so, we are unsure and it fits."""
        if self._follow_ups.goes_on(cleaned):
            return True
        unsure = found.decision is not Decision.ANSWER
        return unsure and follows(cleaned, self._words) and self._follow_ups.fits(cleaned, previous)

    def _follow(self, cleaned: str, asker: Asker, previous: str) -> Found | None:
        if (meant := self._follow_ups.meant(cleaned, asker, previous)) is None:
            return None
        return replace(self._found(meant[0], Decision.ANSWER, FOLLOWED, first=meant[1]), follows=True)

    async def _beside(self, text: str, asker: Asker, whole: Found) -> Found:
        """The answer to what is asked beside a danger: to the whole, else to a clause that tells of none."""
        calm = [clean(part) for part in clauses(text) if not self._emergencies.of(part)]
        found = [whole, *[await self._find(part, asker) for part in calm if whole.decision is not Decision.ANSWER]]
        return next((each for each in found if each.decision is Decision.ANSWER), whole)

    async def _several(self, asked: Sequence[str], asker: Asker, whole: Found) -> Found:
        """The answers to the parts of a message: both when two are sure, else a choice that holds each one's best."""
        found = [await self._find(self._read(clean(part)), asker) for part in asked]
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
        rule = self._rules[Tier.LEXICAL]
        decision, first = decide.decide(rule, evidence, cleaned)
        if rule.lost < first < rule.sure:
            evidence = await self._deeper(cleaned, evidence)
            decision, first = decide.decide(self._rules[evidence.tier], evidence, cleaned)
        return self._found(evidence, decision, first)

    async def _deeper(self, cleaned: str, evidence: Evidence) -> Evidence:
        space = self.ranking.space
        if space is None:
            return evidence
        try:
            vector = await space.waiting.vector(self.ranking.plain(cleaned))
        except (OSError, ValueError) as error:  # An endpoint that is away, or talks nonsense.
            self.why_shallow = [f"{type(error).__name__}: {error}"]
            return evidence
        return self.ranking.deeper(space, evidence, vector)

    def _found(self, evidence: Evidence, decision: Decision, score: float, first: int | None = None) -> Found:
        scores = evidence.scores
        if first is not None:
            scores = scores.copy()
            scores[first] = scores.max() + 1  # A phrasing an editor wrote never loses its own question.
        best = np.argsort(-scores)[:TOPICS]
        matches = tuple(Match(self.ranking.entries[at].id, round(float(scores[at]), 4)) for at in best)
        return Found(decision, matches, round(score, 4), tier=evidence.tier)


def model(deepest: Tier = Tier.FULL, endpoint: Endpoint | None = None) -> tuple[Model | None, list[str]]:
    """The model to look deeper with, an endpoint before any, and why there is none."""
    try:
        return (endpoint or E5()) if deepest is Tier.FULL else None, []
    except Unfit as reason:
        return None, [str(reason)]


def deepen(search: Search, folder: Path | None, deepest: Tier = Tier.FULL, endpoint: Endpoint | None = None) -> None:
    """Load the model and let the search use it; `folder` keeps what had to be embedded and learned."""
    able, search.why_shallow = model(deepest, endpoint)
    if able is not None:
        search.deepen(able, Cache(folder))
    search.learn(Cache(folder))


def strangers(path: Path = Path(__file__).parents[1] / "strangers.txt") -> list[str]:
    """Questions that are nobody's, one a line; lines beginning with # are headings."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
