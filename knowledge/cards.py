"""Policy entries as people see them in chat: the card, the details, lists of buttons."""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Literal

from markupsafe import Markup

from bot.messaging.callbacks import Go, JudgeAnswer, ShowDetails, ShowPolicy, button
from bot.messaging.reply import Press, Row, Say
from knowledge.claims import VALUE, unmarked
from knowledge.footnotes import Footnotes
from knowledge.hotlines import Hotline
from knowledge.local import Sheets
from knowledge.policies import LOCAL, Policy
from knowledge.regions import Region, covers
from knowledge.texts import Texts

TOLD = 3  # lines that tell the one thing a follow-up asks
CALLS = 3  # hotlines named on the card
ANYBODY = "12345"  # who is asked about an entry that names no hotline


class Cards:
    """Makes cards of one snapshot.  What does not depend on the person is made once per entry."""

    def __init__(
        self,
        texts: Texts,
        policies: Mapping[str, Policy],
        hotlines: Mapping[str, Hotline],
        regions: Mapping[str, Region],
        sheets: Sheets,
    ) -> None:
        self._texts = texts
        self._policies = policies
        self._hotlines = hotlines
        self._regions = regions
        self._sheets = sheets
        self._made: dict[tuple[str, str], str] = {}

    def with_entry(self, entry: Policy) -> "Cards":
        """Cards of the same snapshot with one entry changed or added."""
        return Cards(self._texts, {**self._policies, entry.id: entry}, self._hotlines, self._regions, self._sheets)

    def card(self, entry: Policy, language: str, region: str, said: str | None = None) -> Say:
        """The reply that answers a question: at most a screen, with its sources, how sure they are, and a way on.

        `said` is the answer in a writer's words; it is marked as such.
        """
        text = self._made.get((entry.id, language)) if said is None else None
        if text is None:
            text = self._text(entry, language, region, said)
            if said is None and not _placed(entry):
                self._made[entry.id, language] = text
        return {
            "do": "say",
            "text": text + self._scope(entry, language, region),
            "choices": self._choices(entry, language),
        }

    def part(self, entry: Policy, language: str, region: str, told: re.Pattern[str]) -> Say | None:
        """What an entry says of the one thing somebody asks about it, and no more; None when it says nothing of it."""
        said = (*entry.answer.splitlines(), *entry.steps)
        notes = Footnotes(entry, region, self._sheets, self._texts, language)
        lines = notes.lines([line for line in said if told.search(unmarked(line))][:TOLD])
        if not lines:
            return None
        text = "\n".join((f"<b>{escape(entry.title, quote=False)}</b>", *lines))
        return {
            "do": "say",
            "text": f"{text}\n\n{self._sources(entry, notes, language)}{self._scope(entry, language, region)}",
            "choices": self._choices(entry, language),
        }

    def details(self, entry: Policy, language: str, region: str) -> str:
        """The whole entry: every fact with its figures, every source."""
        notes = Footnotes(entry, region, self._sheets, self._texts, language)
        facts = "\n".join(f"· {line}" for line in notes.lines(entry.details))
        parts = [
            f"<b>{escape(entry.title, quote=False)}</b>\n{facts}",
            self._sources(entry, notes, language, links=True),
        ]
        return "\n\n".join(parts)

    def buttons(self, ids: Iterable[str]) -> list[Sequence[Press]]:
        """One button a row for each entry, in the words a worker recognises."""
        return [[button(self._policies[each].label, ShowPolicy(each))] for each in ids if each in self._policies]

    def _text(self, entry: Policy, language: str, region: str, said: str | None) -> str:
        say, notes = self._texts.say, Footnotes(entry, region, self._sheets, self._texts, language)
        answer = "\n".join(notes.lines(entry.answer.splitlines()))
        if said is not None:
            answer = f"{escape(said, quote=False)}\n{say(language, 'card.written')}"
        steps = "\n".join(f"· {step}" for step in notes.lines(entry.steps))
        parts = [f"<b>{escape(entry.title, quote=False)}</b>\n{answer}", f"{say(language, 'card.next')}\n{steps}"]
        if entry.hotlines:
            numbers = "　".join(self._hotline(number) for number in entry.hotlines[:CALLS])
            parts.append(say(language, "card.call", numbers=numbers))
        parts.append(self._sources(entry, notes, language))
        return "\n\n".join(parts)

    def _sources(self, entry: Policy, notes: Footnotes, language: str, *, links: bool = False) -> str:
        """The documents by their figures, whether somebody compared them, and what is not certain."""
        say, ask = self._texts.say, entry.hotlines[0] if entry.hotlines else ANYBODY
        if not notes.pointed:
            return say(language, "card.no_source", hotline=ask) if notes.doubtful else say(language, "card.hints")
        named = say(language, "card.sources", sources=Markup("\n").join(notes.notes(links=links)))
        doubt = [say(language, "card.doubtful", hotline=ask)] if notes.doubtful else []
        return "\n".join((named, self._read(entry, notes, language), *doubt))

    def _read(self, entry: Policy, notes: Footnotes, language: str) -> str:
        """When somebody compared the entry with the documents it points to, if somebody did."""
        say, read = self._texts.say, [source for source in notes.pointed if source.read]
        if not read:
            return say(language, "card.gathered", date=entry.checked)
        date = min(source.read for source in read)
        if len(read) == len(notes.pointed):
            return say(language, "card.read", date=date)
        unread = [source for source in notes.pointed if not source.read]
        if len(unread) < len(read):
            return say(language, "card.mostly_read", figures=notes.small(unread), date=date)
        return say(language, "card.partly_read", figures=notes.small(read), date=date)

    def _hotline(self, number: str) -> str:
        known = self._hotlines.get(number)
        return f"{number} {known.name}" if known else number

    def _scope(self, entry: Policy, language: str, region: str) -> str:
        """Which place the entry speaks of, when that is not plainly the worker's own."""
        if entry.region == "cn":
            city = self._regions.get(region[:4])
            if city is None or LOCAL in entry.answer or _placed(entry):
                return ""
            ask = entry.hotlines[0] if entry.hotlines else ANYBODY
            return "\n" + self._texts.say(language, "card.national", city=city.short, hotline=ask)
        if region and covers(entry.region, region):
            return ""
        return "\n" + self._texts.say(language, "card.elsewhere", region=self._regions[entry.region].name)

    def _choices(self, entry: Policy, language: str) -> list[Row]:
        say = self._texts.say
        first = [button(say(language, "card.details"), ShowDetails(entry.id))]
        if entry.action:
            first.append(button(say(language, f"menu.{ACTIONS[entry.action]}"), Go(entry.action)))
        verdict = [button(say(language, f"card.{name}"), JudgeAnswer(sign, entry.id)) for name, sign in VERDICTS]
        return [first, *self.buttons(entry.related[:2]), verdict]


VERDICTS: tuple[tuple[str, Literal["1", "0"]], ...] = (("useful", "1"), ("useless", "0"))
ACTIONS = {
    "appeal": "appeal",
    "station": "station",
    "volunteer": "volunteer",
    "hazard": "hazard",
    "legal": "rights",
    "track": "appeal",
    "training": "training",
}


def _placed(entry: Policy) -> bool:
    """Whether the entry reads differently from place to place."""
    return any(VALUE.search(line) or line.startswith("@") for _, line in entry.lines)
