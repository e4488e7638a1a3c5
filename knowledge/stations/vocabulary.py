"""The kinds of stations and their services: codes in the data, words in files, on buttons and in questions."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
ANY = frozenset({"love", "other"})  # kinds whose names people use for all of them
_BETWEEN = re.compile(r"[、,;|/+·\s]+|以及|[及和与]")


@dataclass(frozen=True, slots=True)
class StationKind:
    code: str
    name: str
    synonyms: tuple[str, ...] = ()
    english: str = ""

    def named(self, language: str) -> str:
        return (language == "en" and self.english) or self.name


@dataclass(frozen=True, slots=True)
class StationService:
    code: str
    label: str
    button: str  # at most 4 characters
    icon: str  # one sign
    synonyms: tuple[str, ...] = ()
    english: str = ""

    def named(self, language: str) -> str:
        return (language == "en" and self.english) or self.label

    def on_button(self, language: str) -> str:
        return (language == "en" and self.english) or self.button


class Vocabulary:
    """What kinds.toml and services.toml say, in their order."""

    def __init__(self, kinds: Iterable[StationKind], services: Iterable[StationService]) -> None:
        self.kinds = {kind.code: kind for kind in kinds}
        self.services = {service.code: service for service in services}
        self._kinds = {
            _plain(word): kind.code for kind in self.kinds.values() for word in (kind.code, kind.name, *kind.synonyms)
        }
        self._services = {
            _plain(word): service.code
            for service in self.services.values()
            for word in (service.code, service.label, service.button, *service.synonyms)
        }

    def kind(self, text: str) -> str | None:
        """The code of a kind as a file names it, by the longest word in the text; None for an unknown one."""
        plain = _plain(text)
        return self._kinds.get(plain) or self._longest(plain, self._kinds)

    def listed(self, text: str) -> tuple[frozenset[str], tuple[str, ...]]:
        """The codes of the services a cell lists (歇脚、饮水；微波炉), and the words nobody knows."""
        codes, unknown = set(), []
        for word in self._words(text):
            if code := self._services.get(word) or self._longest(word, self._services):
                codes.add(code)
            else:
                unknown.append(word)
        return frozenset(codes), tuple(unknown)

    def asked(self, text: str) -> frozenset[str]:
        """The services a worker's own words ask for: 附近哪能热饭充电 asks for two."""
        rest, codes = _plain(text), set()
        while word := self._longest_word(rest, self._services):
            codes.add(self._services[word])
            rest = rest.replace(word, "\n")  # 电动车充电 asks for the vehicle's, and not for the phone's too.
        return frozenset(codes)

    def asked_kinds(self, text: str) -> tuple[frozenset[str], str]:
        """The kinds of stations a worker's own words ask for, and what is left of the words.

        Whoever says 驿站 means any of them.
        """
        rest, codes = _plain(text), set()
        while word := self._longest_word(rest, self._kinds):
            codes.add(self._kinds[word])
            rest = rest.replace(word, " ")
        return frozenset(codes - ANY), rest.strip()

    def besides(self, text: str) -> str:
        """A worker's own words without those for kinds and services."""
        rest = text
        for words in (self._kinds, self._services):
            while word := self._longest_word(rest, words):
                rest = rest.replace(word, " ")
        return rest

    def _words(self, text: str) -> list[str]:
        plain = unicodedata.normalize("NFKC", text)
        for service in self.services.values():
            if "/" in service.label:  # 换电/车充电 is one word, in spite of its stroke.
                plain = plain.replace(service.label, f" {service.code} ")
        return [_plain(word) for word in _BETWEEN.split(plain.strip(" 。.;；、,")) if word]

    @staticmethod
    def _longest_word(text: str, words: dict[str, str]) -> str:
        # Codes are for files; in a sentence only Chinese words and WiFi count.
        return max(
            (word for word in words if word in text and (not word.isascii() or word == "wifi")), key=len, default=""
        )

    def _longest(self, text: str, words: dict[str, str]) -> str | None:
        return words.get(self._longest_word(text, words))


def load(folder: Path = FOLDER) -> Vocabulary:
    kinds = tomllib.loads((folder / "kinds.toml").read_text(encoding="utf-8"))["kinds"]
    services = tomllib.loads((folder / "services.toml").read_text(encoding="utf-8"))["services"]
    return Vocabulary(
        (
            StationKind(entry["code"], entry["name"], tuple(entry.get("synonyms", ())), entry.get("english", ""))
            for entry in kinds
        ),
        (
            StationService(
                entry["code"],
                entry["label"],
                entry["button"],
                entry["icon"],
                tuple(entry.get("synonyms", ())),
                entry.get("english", ""),
            )
            for entry in services
        ),
    )


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().replace("“", '"').replace("”", '"').split())
