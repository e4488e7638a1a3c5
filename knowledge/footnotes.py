"""The lines of an entry as one person reads them: marks as small figures, and the documents those figures name."""

from collections.abc import Iterable, Iterator
from html import escape

from markupsafe import Markup

from knowledge.claims import VALUE, doubtful, pieces, place_of, sources_of
from knowledge.local import Sheets
from knowledge.policies import Policy, Source
from knowledge.regions import covers
from knowledge.texts import Texts

DOUBT = "[?]"
_SMALL = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Footnotes:
    """Of one entry at one place.  Lines are read in, and what they pointed to is told afterwards."""

    def __init__(self, entry: Policy, region: str, sheets: Sheets, texts: Texts, language: str) -> None:
        self._entry, self._region, self._sheets = entry, region, sheets
        self._texts, self._language = texts, language
        self._order: dict[tuple[str, ...], Source] = {}  # in which figures are given
        self._pointed: set[tuple[str, ...]] = set()
        self.doubtful = False
        for claim in entry.claims():
            for number in claim.sources:
                self._figure(entry.sources[number - 1])

    def lines(self, texts: Iterable[str]) -> list[str]:
        """Those that are meant for this place, as HTML."""
        placed = map(place_of, texts)
        return [self._line(text) for place, text in placed if not place or covers(place, self._region)]

    @property
    def pointed(self) -> list[Source]:
        """The documents that the lines so far pointed to, by their figures."""
        return [source for place, source in self._order.items() if place in self._pointed]

    def notes(self, *, links: bool = False) -> Iterator[Markup]:
        """One line for each document: ¹ 劳动合同法第48条、² 第87条（2012-12-28 修正）."""
        documents: dict[tuple[str, ...], list[Source]] = {}
        for source in self.pointed:
            documents.setdefault(_document(source), []).append(source)
        for sources in documents.values():
            articles = "、".join(f"{self.small([each])} {_article(each, at)}" for at, each in enumerate(sources))
            line = f"{articles}{_version(sources[0])}"
            url = sources[0].link if links else ""
            yield Markup('<a href="{}">{}</a>').format(url, line) if url else Markup.escape(line)

    def small(self, sources: Iterable[Source]) -> str:
        """Figures as they stand in a text: ¹ ¹²."""
        order = list(self._order)
        return "\u2009".join(str(order.index(_place(each)) + 1).translate(_SMALL) for each in sources)

    def _line(self, text: str) -> str:
        return "".join(self._filled(words) + self._marks(marks) for words, marks in pieces(text))

    def _marks(self, marks: str) -> str:
        told = [self._entry.sources[number - 1] for number in sources_of(marks)]
        return self._told([each for each in told if not each.secondary], doubtful(marks))

    def _told(self, sources: list[Source], doubt: bool) -> str:
        self._pointed.update(map(_place, sources))
        self.doubtful |= doubt
        return self.small(sources) + (DOUBT if doubt else "")

    def _figure(self, source: Source) -> None:
        if not source.secondary:
            self._order.setdefault(_place(source), source)

    def _filled(self, words: str) -> str:
        """Words with the values of this place in them."""
        parts = VALUE.split(words)
        return "".join(self._value(part) if at % 2 else escape(part, quote=False) for at, part in enumerate(parts))

    def _value(self, name: str) -> str:
        ask = "、".join(self._sheets.fields[name].ask)
        value = self._sheets.value(name, self._region) if self._region else None
        if value is None:
            return self._texts.say(self._language, "card.no_value" if self._region else "card.no_place", ask=ask)
        self._figure(value.source)
        shown = [] if value.source.secondary else [value.source]
        return escape(value.text, quote=False) + self._told(shown, value.doubtful)


def _document(source: Source) -> tuple[str, ...]:
    return source.issuer, source.title, source.number, source.date


def _place(source: Source) -> tuple[str, ...]:
    """Where in which document: what one figure stands for."""
    return (*_document(source), source.article)


def _article(source: Source, at: int) -> str:
    """The article, after the document's name where that is told first."""
    if at:
        return source.article
    name = f"{source.issuer}《{source.title}》" if source.issuer else source.title
    return name + source.article


def _version(source: Source) -> str:
    told = "，".join(filter(None, (source.number, source.date)))
    return f"（{told}）" if told else ""
