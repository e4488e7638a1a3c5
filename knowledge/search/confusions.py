"""Which entries steal questions from which: every phrasing is asked of an index that does not know it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.policies import Policy
from knowledge.regions import Region
from knowledge.search.cache import Cache
from knowledge.search.fit import looks
from knowledge.search.meaning import Model
from knowledge.search.ranking import Ranking
from knowledge.words import Words

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Confusion:
    """Phrasings of one entry that lead to another one."""

    topic: str
    stolen_by: str
    phrasings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What an index is built from; without a model it goes by words."""

    entries: Sequence[Policy]
    words: Words
    regions: Mapping[str, Region]
    strangers: Sequence[str]
    model: Model | None
    cache: Cache

    def held_out(self, number: int) -> tuple[Ranking, list[tuple[int, str]]]:
        """An index without a fifth of the phrasings, and those, each with the place of its entry."""
        said = [(entry.title, *entry.phrasings) for entry in self.entries]
        out = [
            (topic, at)
            for topic, each in enumerate(said)
            for at in range(1, len(each))
            if (at + topic) % FOLDS == number
        ]
        gone = set(out)
        kept = [[text for at, text in enumerate(each) if (topic, at) not in gone] for topic, each in enumerate(said)]
        ranking = Ranking(self.entries, self.words, self.regions, self.strangers, kept)
        if self.model is not None:
            ranking.deepen(self.model, self.cache)
        ranking.learn(Cache(None))  # What stands on disk was learned from what is held out here.
        return ranking, [(topic, said[topic][at]) for topic, at in out]


def confusions(content: Content) -> tuple[list[Confusion], float]:
    """All confusions, the worst first, and the share of phrasings that find their own entry without themselves."""
    stolen: dict[tuple[str, str], list[str]] = {}
    total = 0
    for topic, text, best in _asked(content):
        total += 1
        if best != topic:
            stolen.setdefault((content.entries[topic].id, content.entries[best].id), []).append(text)
    found = [Confusion(topic, thief, tuple(lines)) for (topic, thief), lines in stolen.items()]
    return sorted(found, key=lambda each: -len(each.phrasings)), 1 - sum(map(len, stolen.values())) / max(total, 1)


def _asked(content: Content) -> Iterator[tuple[int, str, int]]:
    """Each phrasing with the places of its entry and of the one it leads to."""
    for number in range(FOLDS):
        ranking, asked = content.held_out(number)
        found = looks(ranking, [text for _, text in asked], content.cache)
        for (topic, text), seen in zip(asked, found, strict=True):
            yield topic, text, int(np.argmax(seen[-1].scores))


def thieves(found: Sequence[Confusion]) -> list[tuple[str, int]]:
    """The entries that take most questions away from others."""
    counts = Counter[str]()
    for each in found:
        counts[each.stolen_by] += len(each.phrasings)
    return counts.most_common()
