"""Names that several stories share: a gate, a compound, a depot that nobody typed into a field of its own.

Measured on short stories of one kind, two sentence models put stories about one gate no nearer to each other than to
those about others: what such stories have in common is the name of the place, not their meaning.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

from knowledge.folding import fold

READ = 400  # characters of a story that are looked at
LENGTHS = range(2, 9)  # characters of a name
ELSEWHERE = 5  # a name stands this many times as often in its group as in all other stories
_RUN = re.compile(r"[\u4e00-\u9fff]{2,}")
_ORDINARY = frozenset(
    "的了我你您他她们是在不就都也有没这那个么吗呢吧啊把被给又还再才只说要去来到上下里外天月年号点块钱元一二三四五六七八九十两几多少"
)


def ordinary(texts: Iterable[str]) -> frozenset[str]:
    """The pairs of characters that everybody writes: a name has at least one that is not among them."""
    return frozenset(pair for text in texts for pair in _pairs(fold(text)))


def shared(
    texts: Sequence[str], fewest: int, usual: Collection[str], others: Sequence[str] = ()
) -> list[tuple[str, list[int]]]:
    """Names with the indexes of the texts they stand in, at least `fewest`; a text belongs to one name only.

    usual: see `ordinary`.  others: stories about something else, in which a name is rare.
    """
    found = {name: sorted(which) for name, which in _frequent(texts, fewest).items() if _is_name(name, usual)}
    elsewhere = [fold(text[:READ]) for text in others]
    common = [
        (name, which)
        for name, which in found.items()
        if len(which) >= ELSEWHERE * sum(name in text for text in elsewhere)
    ]
    groups, taken = [], set[int]()
    for name, which in sorted(common, key=lambda each: (-len(each[1]), -len(each[0]), each[0])):
        left = [at for at in which if at not in taken]
        if len(left) >= fewest:
            groups.append((name, left))
            taken |= set(left)
    return groups


def _frequent(texts: Sequence[str], fewest: int) -> dict[str, set[int]]:
    """What stands in so many texts, with their indexes.  A longer name is looked for only where its beginning is one."""
    runs = [(at, run) for at, text in enumerate(texts) for run in _RUN.findall(fold(text[:READ]))]
    begun = [(at, run, start) for at, run in runs for start in range(len(run) - 1)]
    frequent: dict[str, set[int]] = {}
    for length in LENGTHS:
        found: dict[str, set[int]] = {}
        for at, run, start in begun:
            found.setdefault(run[start : start + length], set()).add(at)
        kept = {name: which for name, which in found.items() if len(which) >= fewest and _ORDINARY.isdisjoint(name)}
        begun = [(at, run, start) for at, run, start in begun if run[start : start + length] in kept]
        begun = [(at, run, start) for at, run, start in begun if start + length < len(run)]
        frequent |= kept
    return frequent


def _is_name(text: str, usual: Collection[str]) -> bool:
    return any(pair not in usual for pair in _pairs(text))


def _pairs(text: str) -> list[str]:
    return [before + after for before, after in pairwise(text)]
