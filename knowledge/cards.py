"""Policy entries as people see them in chat: the card, the details, lists of buttons."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

from knowledge.hotlines import Hotline
from knowledge.policies import LOCAL, Policy, Source
from knowledge.regions import Region, covers
from knowledge.texts import Texts

Button = dict[str, str]

SOURCES = 2  # named on the card; the details name all
CALLS = 3  # hotlines named on the card


class Cards:
    """Makes cards of one snapshot.  What does not depend on the person is made once per entry."""

    def __init__(
        self,
        texts: Texts,
        policies: Mapping[str, Policy],
        hotlines: Mapping[str, Hotline],
        regions: Mapping[str, Region],
    ) -> None:
        self._texts = texts
        self._policies = policies
        self._hotlines = hotlines
        self._regions = regions
        self._made: dict[tuple[str, str], str] = {}

    def with_entry(self, entry: Policy) -> "Cards":
        """Cards of the same snapshot with one entry changed or added."""
        return Cards(self._texts, {**self._policies, entry.id: entry}, self._hotlines, self._regions)

    def card(self, entry: Policy, language: str, region: str, said: str | None = None) -> dict[str, Any]:
        """The reply that answers a question: at most a screen, with its source, its date and a way on.

        `said` is the answer in a writer's words; it is marked as such.
        """
        text = self._made.get((entry.id, language))
        if said is not None:
            text = self._text(
                entry, language, f"{escape(said, quote=False)}\n{self._texts.say(language, 'card.written')}"
            )
        elif text is None:
            text = self._made[entry.id, language] = self._text(entry, language, escape(entry.answer, quote=False))
        return {
            "do": "say",
            "text": text + self._scope(entry, language, region),
            "choices": self._choices(entry, language),
        }

    def details(self, entry: Policy, language: str) -> str:
        """The whole entry: every fact with its references, every source."""
        facts = "\n".join(f"· {escape(fact, quote=False)}" for fact in entry.details)
        numbered = "\n".join(
            f"[{number}] {_source(source)}"
            for number, source in enumerate(entry.sources, 1)
            if source in entry.shown_sources
        )
        say = self._texts.say
        heading = say(language, "card.checked", date=entry.checked)
        return f"<b>{escape(entry.title, quote=False)}</b>\n{facts}\n\n{numbered}\n{heading}"

    def buttons(self, ids: Iterable[str]) -> list[Sequence[Button]]:
        """One button a row for each entry, in the words a worker recognises."""
        return [[{"label": self._policies[each].label, "press": f"p:{each}"}] for each in ids if each in self._policies]

    def _text(self, entry: Policy, language: str, answer: str) -> str:
        say = self._texts.say
        steps = "\n".join(f"· {escape(step, quote=False)}" for step in entry.steps)
        parts = [
            f"<b>{escape(entry.title, quote=False)}</b>\n{answer}",
            f"{say(language, 'card.next')}\n{steps}",
        ]
        if entry.hotlines:
            numbers = "　".join(self._hotline(number) for number in entry.hotlines[:CALLS])
            parts.append(say(language, "card.call", numbers=numbers))
        shown = "；".join(_documents(entry.shown_sources)[:SOURCES])
        named = say(language, "card.sources", sources=shown) if shown else say(language, "card.no_source")
        parts.append(f"{named}\n{say(language, 'card.checked', date=entry.checked)}")
        return "\n\n".join(parts)

    def _hotline(self, number: str) -> str:
        known = self._hotlines.get(number)
        return f"{number} {known.name}" if known else number

    def _scope(self, entry: Policy, language: str, region: str) -> str:
        """Which place the entry speaks of, when that is not plainly the worker's own."""
        if entry.region == "cn":
            city = self._regions.get(region[:4])
            if city is None or LOCAL in entry.answer:
                return ""
            return "\n" + self._texts.say(language, "card.national", city=city.short)
        if region and covers(entry.region, region):
            return ""
        return "\n" + self._texts.say(language, "card.elsewhere", region=self._regions[entry.region].name)

    def _choices(self, entry: Policy, language: str) -> list[Sequence[Button]]:
        say = self._texts.say
        first = [{"label": say(language, "card.details"), "press": f"d:{entry.id}"}]
        if entry.action:
            first.append({"label": say(language, f"menu.{ACTIONS[entry.action]}"), "press": f"go:{entry.action}"})
        verdict = [
            {"label": say(language, f"card.{name}"), "press": f"v:{sign}:{entry.id}"}
            for name, sign in (("useful", "1"), ("useless", "0"))
        ]
        return [first, *self.buttons(entry.related[:2]), verdict]


ACTIONS = {
    "appeal": "appeal",
    "station": "station",
    "volunteer": "volunteer",
    "hazard": "hazard",
    "legal": "rights",
    "track": "appeal",
    "training": "training",
}


def _documents(sources: Sequence[Source]) -> list[str]:
    """Each document once, with all its articles that are cited."""
    articles: dict[str, list[str]] = {}
    for source in sources:
        cited = articles.setdefault(_plain_source(replace(source, article="")), [])
        if source.article and source.article not in source.name:
            cited.append(source.article)
    return [f"{name}{'，' if cited else ''}{'、'.join(cited)}" for name, cited in articles.items()]


def _plain_source(source: Source) -> str:
    """A source as a line of text: name, number, article, date, without what the name already says."""
    parts = [source.name]
    parts += [part for part in (source.number, source.article) if part and part not in source.name]
    if source.date and source.date not in source.name:
        parts.append(source.date)
    return "，".join(parts)


def _source(source: Source) -> str:
    line = escape(_plain_source(source), quote=False)
    return f'<a href="{escape(source.url)}">{line}</a>' if source.url else line
