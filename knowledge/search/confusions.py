"""Which entries steal questions from which: every phrasing is asked of an index that does not know it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.search.fit import FOLDS, Fitting


@dataclass(frozen=True, slots=True)
class Confusion:
    """Phrasings of one entry that lead to another one."""

    topic: str
    stolen_by: str
    phrasings: tuple[str, ...]


def confusions(fitting: Fitting) -> tuple[list[Confusion], float]:
    """All confusions, the worst first, and the share of phrasings that find their own entry without themselves."""
    entries = fitting.entries
    stolen: dict[tuple[str, str], list[str]] = {}
    right = total = 0
    for number in range(FOLDS):
        ranking, asked = fitting.held_out(number)
        for example, looks in zip(asked, fitting.looks(ranking, asked), strict=True):
            if example.topic is None:
                continue
            best = int(np.argmax(looks[-1].scores))
            total += 1
            right += best == example.topic
            if best != example.topic:
                pair = entries[example.topic].id, entries[best].id
                stolen.setdefault(pair, []).append(example.text)
    found = [Confusion(topic, thief, tuple(lines)) for (topic, thief), lines in stolen.items()]
    return sorted(found, key=lambda each: -len(each.phrasings)), right / max(total, 1)


def thieves(found: Sequence[Confusion]) -> list[tuple[str, int]]:
    """The entries that take most questions away from others."""
    counts = Counter[str]()
    for each in found:
        counts[each.stolen_by] += len(each.phrasings)
    return counts.most_common()
