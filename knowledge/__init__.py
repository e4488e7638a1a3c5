"""What the bot knows: content files and small pure readers for them.  Imports nothing of ours above this floor."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

from knowledge import (
    appeals,
    contacts,
    hazards,
    hotlines,
    local,
    measures,
    places,
    policies,
    regions,
    retention,
    search,
    texts,
    volunteers,
    words,
)
from knowledge.appeals import AppealKind, Catalogue, Office
from knowledge.cards import Cards
from knowledge.contacts import Duties
from knowledge.hazards import HazardKind, Hazards
from knowledge.hotlines import Hotline
from knowledge.local import Sheets
from knowledge.measures import Measures
from knowledge.places import Places
from knowledge.policies import Policy
from knowledge.regions import Region
from knowledge.retention import Retention
from knowledge.search import Search, names
from knowledge.stations import Station, Stations, Vocabulary, read, vocabulary
from knowledge.stations.shown import Shown
from knowledge.texts import Texts
from knowledge.volunteers import Grid
from knowledge.words import Words

__all__ = [
    "Hotline",
    "Knowledge",
    "Policy",
    "Region",
    "Search",
    "Station",
    "Texts",
    "Words",
    "load",
    "search_over",
    "with_policies",
    "with_stations",
]


@dataclass(frozen=True)
class Knowledge:
    """An immutable snapshot of all content with its indexes; swapped as a whole, never changed."""

    texts: Texts
    words: Words
    policies: Mapping[str, Policy]
    hotlines: Mapping[str, Hotline]
    regions: Mapping[str, Region]
    places: Places
    vocabulary: Vocabulary
    stations: Stations
    appeals: Catalogue
    hazards: Hazards
    retention: Retention
    contacts: Duties
    grid: Grid
    measures: Measures
    sheets: Sheets
    search: Search
    cards: Cards
    shown: Shown

    @property
    def kinds(self) -> Mapping[str, AppealKind | HazardKind]:
        """Every kind of case by its code: of appeals, then of hazards."""
        return {**self.appeals.kinds, **self.hazards.kinds}

    @property
    def offices(self) -> Sequence[Office]:
        """The general offices every installation begins with, those of appeals first."""
        return (*self.appeals.offices, *self.hazards.offices)

    @cached_property
    def ordinary(self) -> frozenset[str]:
        """What everybody writes, by pairs of characters: see knowledge.search.names.  Takes a third of a second once."""
        entries = self.policies.values()
        return names.ordinary(
            text for each in entries for text in (each.title, *each.phrasings, each.answer, *each.steps, *each.details)
        )

    @property
    def sample(self) -> bool:
        """Whether the stations are made up, for lack of imported ones."""
        return any(station.sample for station in self.stations)


def load(stations: Iterable[Station] | None = None) -> Knowledge:
    """Read everything from the files beside this one; without stations of one's own, the sample stands in.

    Raises policies.Fault for a file that cannot be read.
    """
    entries, spoken, known, sentences, lines = (
        policies.load(),
        words.load(),
        regions.load(),
        texts.load(),
        hotlines.load(),
    )
    gazetteer, terms, sheets = places.load(), vocabulary.load(), local.load()
    listed = read.sample(gazetteer, terms) if stations is None else stations
    index = Stations(listed, divisions=gazetteer.divisions)
    by_id = {entry.id: entry for entry in entries}
    return Knowledge(
        texts=sentences,
        words=spoken,
        policies=by_id,
        hotlines=lines,
        regions=known,
        places=gazetteer,
        vocabulary=terms,
        stations=index,
        appeals=appeals.load(),
        hazards=hazards.load(),
        retention=retention.load(),
        contacts=contacts.load(),
        grid=volunteers.load(),
        measures=measures.load(),
        sheets=sheets,
        search=Search(entries, spoken, known, search.strangers()),
        cards=Cards(sentences, by_id, lines, known, sheets),
        shown=Shown(index, terms, sentences, known),
    )


def with_stations(known: Knowledge, stations: Iterable[Station]) -> Knowledge:
    """The same snapshot with other stations."""
    index = Stations(stations, divisions=known.places.divisions)
    return replace(known, stations=index, shown=Shown(index, known.vocabulary, known.texts, known.regions))


def with_policies(known: Knowledge, entries: Iterable[Policy]) -> Knowledge:
    """The same snapshot with these entries in place of those with the same id, or beside them.

    Its search is still the old one: questions find what they found before, and read the new text.
    """
    by_id = dict(sorted({**known.policies, **{entry.id: entry for entry in entries}}.items()))
    cards = Cards(known.texts, by_id, known.hotlines, known.regions, known.sheets)
    return replace(known, policies=by_id, cards=cards)


def search_over(known: Knowledge) -> Search:
    """A new index over the snapshot's entries, by words only, and by what was learned last.  Takes a second: call it in a thread."""
    made = Search(tuple(known.policies.values()), known.words, known.regions, search.strangers())
    made.ranking.wording.take(known.search.ranking.wording.head)
    return made


@cache
def shipped() -> Knowledge:
    """What is shipped with the program, read once in a process."""
    return load()
