"""What a line is besides a question of its own: small talk, a follow-up, two questions in one."""

import re

from knowledge.search.text import is_noise
from knowledge.words import Words

PART = 5  # characters; a shorter part of a message is no question


def talk_of(cleaned: str, words: Words) -> str:
    """What kind of small talk a cleaned text is; "" for a question, "noise" for nothing readable."""
    bare = cleaned.replace(" ", "")
    for kind, lines in words.talk.items():
        if cleaned in lines or bare in lines:
            return kind
    return "noise" if is_noise(cleaned) else ""


def follows(cleaned: str, words: Words) -> bool:
    """Whether a line seems to continue the last topic: short, and begun or ended like it."""
    bare, follow = cleaned.replace(" ", ""), words.follow
    return len(bare) <= follow.longest and (bare.startswith(follow.begins) or bare.endswith(follow.ends))


def names_nothing(plain: str, words: Words) -> bool:
    """Whether a line, in standard words, names no topic of its own: 一个月多少钱, 怎么取."""
    if len(plain) > words.follow.longest:
        return False
    for word in words.follow.bare:
        plain = plain.replace(word, "")
    return len(plain.replace(" ", "")) == 0


def turned_to(cleaned: str, words: Words) -> str:
    """The audience a follow-up turns to; "" for none."""
    for audience, said in words.follow.audience.items():
        if any(word in cleaned for word in said):
            return audience
    return ""


def without_audience(cleaned: str, words: Words) -> str:
    """A title without the words for whom it is."""
    for said in words.follow.audience.values():
        for word in said:
            cleaned = cleaned.replace(word, "")
    return cleaned.replace("司机", "")


def clauses(text: str) -> list[str]:
    """What stands between commas, where it is long enough to be a question."""
    return [piece for piece in re.split(r"[，,。？！?!；;\s]+", text) if len(piece) >= PART]


def parts(text: str, words: Words) -> list[str]:
    """The questions of a message that holds more than one; a single one otherwise."""
    marked = text
    for word in words.second:
        marked = marked.replace(word, f"。{word}")
    pieces = [piece.strip() for piece in re.split(r"[。？！?!；;\n]+", marked)]
    long_enough = [piece for piece in pieces if len(piece) >= PART]
    return long_enough if len(long_enough) > 1 else [text]
