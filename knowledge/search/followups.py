"""A line that goes on from the last answer: about the same matter, for other people, or in another place."""

from collections.abc import Mapping, Sequence

import numpy as np

from knowledge.policies import Policy
from knowledge.search.ranking import Asker, Evidence, Ranking
from knowledge.search.talk import names_nothing, turned_to, without_audience
from knowledge.search.text import clean
from knowledge.words import Words

OWN = 0.5  # share of what the line says by itself, beside what it says about the last title
FITS = 0.7  # share of the best entry's score that the last matter reaches when a line, taken alone, is about it
ELSEWHERE = 0.3  # share of the last entry's score from which another one is the same matter, for others or elsewhere


class FollowUps:
    """Which entry a follow-up means."""

    def __init__(self, ranking: Ranking, words: Words) -> None:
        self._ranking, self._words = ranking, words
        self._at: Mapping[str, int] = {entry.id: at for at, entry in enumerate(ranking.entries)}

    def goes_on(self, cleaned: str) -> bool:
        """Whether a line says nothing by itself but for whom, or where: 一个月多少钱, 那外卖骑手呢, 成都呢."""
        bare = without_audience(self._ranking.without_places(cleaned), self._words)
        return names_nothing(self._ranking.plain.words(bare), self._words)

    def fits(self, cleaned: str, previous: str) -> bool:
        """Whether a line, taken alone, fits the last matter about as well as anything: 手机丢了怎么办 is a new one."""
        last = self._at.get(previous)
        if last is None:
            return False
        scores = self._ranking.lexical(cleaned, Asker()).spelled
        return max(float(scores[at]) for at in self._near(last)) >= FITS * float(scores.max())

    def meant(self, cleaned: str, asker: Asker, previous: str) -> tuple[Evidence, int] | None:
        """The evidence and the place of the entry that a follow-up means; None when the last one is gone."""
        last = self._at.get(previous)
        if last is None:
            return None
        audience, place = turned_to(cleaned, self._words), self._ranking.place_named(cleaned)
        if audience or place:
            return self._turned(last, audience, place, asker)
        title = clean(self._entries[last].title)
        evidence, alone = (self._ranking.lexical(text, asker) for text in (f"{title} {cleaned}", cleaned))
        scores = evidence.scores + np.float32(OWN) * alone.scores
        return evidence, max(self._near(last), key=lambda at: float(scores[at]))

    def _near(self, last: int) -> set[int]:
        """The last entry, and those it leads to."""
        return {last, *(self._at[each] for each in self._entries[last].related if each in self._at)}

    @property
    def _entries(self) -> Sequence[Policy]:
        return self._ranking.entries

    def _turned(self, last: int, audience: str, place: str, asker: Asker) -> tuple[Evidence, int]:
        """The same matter for other people, or elsewhere: the last title asked anew without its own."""
        title = self._ranking.without_places(clean(self._entries[last].title))
        title = without_audience(title, self._words) if audience else title
        evidence = self._ranking.lexical(title, Asker(place or asker.region, audience or asker.job))
        stays = _fits(self._entries[last], audience, place)
        least = float(evidence.scores[last]) * (1.0 if stays else ELSEWHERE)
        for at in np.argsort(-evidence.scores).tolist():
            if float(evidence.scores[at]) < least:
                break
            if at != last and _is_for(self._entries[at], audience, place):
                return evidence, at
        return evidence, last


def _is_for(entry: Policy, audience: str, place: str) -> bool:
    """Whether an entry is for these people, or about this place, of all."""
    return (not audience or audience in entry.audience) and (not place or _covers(entry, place))


def _fits(entry: Policy, audience: str, place: str) -> bool:
    """Whether an entry holds for them as it stands; what holds in the whole nation may say more for one place."""
    return (not audience or audience in entry.audience or "all" in entry.audience) and (
        not place or _covers(entry, place)
    )


def _covers(entry: Policy, place: str) -> bool:
    return entry.region != "cn" and (place.startswith(entry.region) or entry.region.startswith(place))
