"""What an edit would do: which questions would be answered by the changed entry now, and which no longer."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.policies import Policy
from knowledge.search import Decision, Search
from knowledge.search.ranking import Asker
from knowledge.search.text import clean

NEIGHBOURS = 12  # entries whose phrasings are asked: those that a change could take questions from, or give to
SECONDS = 4.0  # after which no further questions are asked


@dataclass(frozen=True, slots=True)
class Moved:
    """A question with another outcome.  `other`: what answered it before, or does now; "" for nothing surely."""

    question: str
    other: str


@dataclass(frozen=True, slots=True)
class Effect:
    """comes, leaves: to and from the changed entry.  asked: of how many questions (`of`) there was time to ask."""

    comes: tuple[Moved, ...]
    leaves: tuple[Moved, ...]
    asked: int
    of: int


def effect(old: Search, new: Search, changed: Policy, gaps: Sequence[str], seconds: float = SECONDS) -> Effect:
    """Ask everything that could move, by words, before and after.  Takes about a second: call it in a thread.

    `gaps` are questions without a good answer.  Phrasings of other entries are asked as if they were not known word
    for word, because people write nearly the same rather than the same.
    """
    before = next((entry for entry in old.ranking.entries if entry.id == changed.id), None)
    own = [*changed.phrasings, *(before.phrasings if before else ())]
    lines = [(line, True) for line in dict.fromkeys([*own, *gaps])]
    lines += [(line, False) for entry in _neighbours(old, changed) for line in entry.phrasings]
    comes, leaves, asked, end = [], [], 0, time.monotonic() + seconds
    for line, known in lines:
        if time.monotonic() > end:
            break
        was, now = (_answer(each, line, exact=known) for each in (old, new))
        if was != now and now == changed.id:
            comes.append(Moved(line, was))
        elif was != now and was == changed.id:
            leaves.append(Moved(line, now))
        asked += 1
    return Effect(tuple(comes), tuple(leaves), asked, len(lines))


def _answer(search: Search, question: str, *, exact: bool) -> str:
    decision, topic = search.by_words(question, exact=exact)
    return topic if decision is Decision.ANSWER else ""


def _neighbours(search: Search, entry: Policy) -> Iterable[Policy]:
    """The entries that the phrasings of this one are most like, nearest first."""
    votes: dict[str, float] = {}
    for line in (entry.title, *entry.phrasings):
        scores = search.ranking.lexical(clean(line), Asker()).scores
        for at in scores.argsort()[-4:]:
            other = search.ranking.entries[int(at)]
            votes[other.id] = votes.get(other.id, 0.0) + float(scores[at])
    votes.pop(entry.id, None)
    best = sorted(votes, key=lambda each: -votes[each])[:NEIGHBOURS]
    by_id = {each.id: each for each in search.ranking.entries}
    return [by_id[each] for each in best]
