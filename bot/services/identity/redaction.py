"""Personal numbers in a text: found, so that a worker can be warned, and masked, if they wish.

However they are written: in full width, with dashes, dots and blanks, with signs nobody sees.
"""

import re
from collections.abc import Collection

from knowledge.phones import BETWEEN, UNSEEN

_BETWEEN = re.compile(BETWEEN.removesuffix("{0,4}"))  # one sign that may stand between two characters of a name
_MOBILE = "|".join(  # grouped as people group them; numbers of money and time stand apart in other ways
    BETWEEN.join(f"{UNSEEN}*".join([r"\d"] * digits) for digits in groups)
    for groups in ((3, 4, 4), (3, 3, 5), (3, 2, 2, 2, 2))
)
PATTERNS = {
    "id": re.compile(rf"(?<!\d)\d(?:{BETWEEN}\d){{16}}{BETWEEN}[\dXxＸｘ](?!\d)"),
    "phone": re.compile(rf"(?<!\d)(?:(?:\+|00)?86{BETWEEN})?(?=[1１]{UNSEEN}*[3-9３-９])(?:{_MOBILE})(?!\d)"),
    "plate": re.compile(
        r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]\s?[A-Za-zＡ-Ｚ][·•.\s-]?[A-Za-z0-9Ａ-Ｚ０-９]{5,6}"
    ),
    "address": re.compile(r"\d{1,6}\s{0,4}(?:号楼|栋|幢|单元|室|号院)"),
}


def found(text: str) -> list[str]:
    """Which kinds of personal numbers a text holds, in the order of PATTERNS."""
    return [name for name, pattern in PATTERNS.items() if pattern.search(text)]


def mask(text: str, *, but: Collection[str] = ()) -> str:
    """The text with these numbers replaced by stars, `but` some kinds of them."""
    for pattern in (pattern for name, pattern in PATTERNS.items() if name not in but):
        text = pattern.sub(lambda match: match[0][0] + "*" * (len(match[0]) - 1), text)
    return text


def without(text: str, *known: str) -> str:
    """The text with these names and numbers, which we know to be somebody's, replaced by stars.

    What stands between their characters does not matter.  What holds no letter and no digit is no name.
    """
    for each in known:
        name, _ = _bare(each)
        if any(map(str.isalnum, name)):
            text = _starred(text, name)
    return text


def _starred(text: str, name: str) -> str:
    """The text with a name, given without anything between its characters, replaced wherever it stands."""
    plain, places = _bare(text)
    pieces, done, at = [], 0, plain.find(name)
    while at >= 0:
        first, last = places[at], places[at + len(name) - 1]
        pieces += [text[done:first], text[first], "*" * (len(name) - 1)]
        done, at = last + 1, plain.find(name, at + len(name))
    return "".join([*pieces, text[done:]])


def _bare(text: str) -> tuple[str, list[int]]:
    """The characters that are read aloud, and where each of them stands."""
    places = [at for at, char in enumerate(text) if not _BETWEEN.match(char)]
    return "".join(text[at] for at in places), places
