"""Every sentence a person reads, by key and language.  A text is Telegram HTML; its values are escaped.

    [station]
    none = "附近 {km} 公里内没有登记的驿站。"

is `texts.say("zh", "station.none", km=10)`.
"""

import tomllib
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from string import Formatter
from typing import Any

from markupsafe import Markup

FOLDER = Path(__file__).parent
DEFAULT = "zh"

Part = tuple[str, str | None]  # a literal, and the value that follows it


class Texts:
    """Templates of all languages, compiled once."""

    def __init__(self, languages: Mapping[str, Mapping[str, str]]) -> None:
        self.raw = languages
        self._parts: dict[str, dict[str, tuple[Part, ...]]] = {
            language: {key: tuple(_parts(text)) for key, text in texts.items()} for language, texts in languages.items()
        }

        self._labels: dict[str, dict[str, str]] = {}
        for texts in languages.values():
            for key, text in texts.items():
                group, _, name = key.partition(".")
                bare = text.partition(" ")[2] or text
                self._labels.setdefault(group, {}).update({text: name, bare: name})

    def say(self, language: str, key: str, **values: object) -> str:
        """The text of a key, as HTML, in Chinese where a language has none.  What is Markup already is not escaped again.

        Raises KeyError for a key nobody wrote or a value nobody gave.
        """
        own = self._parts.get(language, self._parts[DEFAULT])
        parts = own[key] if key in own else self._parts[DEFAULT][key]
        if len(parts) == 1 and parts[0][1] is None:
            return parts[0][0]
        return "".join(literal if name is None else literal + _html(values[name]) for literal, name in parts)

    def __contains__(self, key: object) -> bool:
        """Whether anybody wrote a text of this key."""
        return key in self.raw[DEFAULT]

    def labels(self, group: str) -> Mapping[str, str]:
        """What a person may type for the keys of a group, such as "menu": with or without its picture."""
        return self._labels.get(group, {})

    def values(self, language: str, key: str) -> frozenset[str]:
        return frozenset(name for _, name in self._parts[language][key] if name)


def _parts(text: str) -> Iterator[Part]:
    for literal, name, spec, conversion in Formatter().parse(text):
        if spec or conversion or (name is not None and not name.isidentifier()):
            raise ValueError(f"only plain {{names}} belong into a text: {text}")
        yield literal, name


def _html(value: object) -> str:
    return str(value) if isinstance(value, Markup) else escape(str(value), quote=False)


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested tables as dotted keys.  Line breaks at the end go; one at the beginning belongs to a text that is joined on."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield prefix + name, str(value).rstrip("\n")


def load(folder: Path = FOLDER) -> Texts:
    """All languages of a folder: one TOML file each, named by its language."""
    files = sorted(folder.glob("*.toml"))
    return Texts({file.stem: dict(flatten(tomllib.loads(file.read_text(encoding="utf-8")))) for file in files})
