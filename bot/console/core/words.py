"""The console's own sentences: `words("second.wrong")`.  Longer texts stand in the templates."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from knowledge.texts import flatten

FILE = Path(__file__).parent / "words.toml"


class ConsoleWords:
    """Read once, at the start."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        self._sentences = sentences

    def __call__(self, key: str, **values: object) -> str:
        """Plain text; templates escape it.  Raises KeyError for a sentence nobody wrote."""
        return self._sentences[key].format(**values)

    def get(self, key: str, default: str = "") -> str:
        """A sentence without values; `default` where nobody wrote one."""
        return self._sentences.get(key, default)

    def refusal(self, why: str) -> str:
        """Why a message did not arrive: our own reasons in words, a channel's as far as we know them; "" for none."""
        if not why:
            return ""
        return self.get(f"copy_why.{why}") or self.get(f"refused.{why}") or self("refused_otherwise.said", why=why)

    def actions(self, *nouns: str) -> list[str]:
        """What the audit may say was done with these nouns: each action has its word."""
        return [action for action in self.group("action") if action.partition(".")[0] in nouns]

    def group(self, name: str) -> dict[str, str]:
        """All sentences of a table, in the order of the file."""
        head = f"{name}."
        return {key.removeprefix(head): text for key, text in self._sentences.items() if key.startswith(head)}


@cache
def load() -> ConsoleWords:
    return ConsoleWords(dict(flatten(tomllib.loads(FILE.read_text(encoding="utf-8")))))
