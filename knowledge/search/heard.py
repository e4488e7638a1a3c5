"""Words of the trade that somebody typed as they sound: 工商险怎么报消 asks for 工伤险 and 报销.

A slip of the keyboard keeps the sound and most characters, so only what sounds like a word of the list and shares a
character with it is taken for it, and nothing that is a word of its own (`real` in knowledge/words.toml).
"""

from collections import defaultdict

from knowledge.search.text import spoken
from knowledge.words import Words


class Heard:
    """Puts the words that are meant in place of those that only sound like them."""

    def __init__(self, words: Words) -> None:
        self._real = frozenset(words.real)
        self._meant: defaultdict[str, list[tuple[list[str], str]]] = defaultdict(list)  # by the first sound
        for word in sorted(words.heard, key=len, reverse=True):
            self._meant[_sounds(word)[0]].append((_sounds(word), word))

    def __call__(self, text: str) -> str:
        """The text, cleaned, with what was meant; about 0.01 ms."""
        sounds, said, at = _sounds(text), [], 0
        while at < len(text):
            meant = self._at(text, sounds, at) or text[at]
            said.append(meant)
            at += len(meant)
        return "".join(said)

    def _at(self, text: str, sounds: list[str], at: int) -> str:
        """The longest word that is heard here, as it is to be read; "" for none."""
        for heard, word in self._meant.get(sounds[at], ()):
            if sounds[at : at + len(heard)] == heard:
                said = text[at : at + len(word)]
                return word if said not in self._real and any(map(str.__eq__, said, word)) else said
        return ""


def _sounds(text: str) -> list[str]:
    return [spoken(letter)[0] for letter in text]
