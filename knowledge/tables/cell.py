"""One cell as a text: what nobody sees goes, Excel's marks go, what stands for "nothing" is nothing.

`words.toml` says what that is.  Letters that no database takes (NUL, halves of emoji) are among what nobody sees.
"""

import re
import tomllib
import unicodedata
from datetime import date, datetime
from pathlib import Path

from knowledge.folding import BLANKS

_WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
NOTHING = frozenset(_WORDS["cells"]["nothing"])  # small letters
ERRORS = frozenset(_WORDS["cells"]["errors"])  # capital letters
_SHORT = max(map(len, NOTHING))
_MARKS = frozenset(each[0] for each in (*ERRORS, "=", "#")) | frozenset(each[0].lower() for each in ERRORS)
YES, NO = (frozenset(_WORDS["answers"][name]) for name in ("yes", "no"))

_UNSEEN = {"Cc", "Cf", "Cs"}  # control and direction signs, zero width, halves of pairs
_KEPT = {"\n", "\t"}
_QUOTED = re.compile(r'=\s*"((?:[^"]|"")*)"')  # ="0241234": how a table program is told to keep a zero


def clean(text: str) -> str:
    """A text without what nobody sees, and without blanks at its ends."""
    if text.isascii() and text.isprintable():
        return text.strip()
    kept = (
        char for char in text if char in _KEPT or (unicodedata.category(char) not in _UNSEEN and char not in BLANKS)
    )
    return "".join(kept).strip()


def value(text: str) -> str:
    """What a cell holds; "" when it holds nothing, or a word for nothing."""
    plain = clean(text)
    if plain.startswith("'"):  # Excel's mark for a text, which some programs write out
        plain = plain[1:].strip()
    elif plain.startswith("=") and (match := _QUOTED.fullmatch(plain)):
        plain = match[1].replace('""', '"').strip()
    return "" if len(plain) <= _SHORT and plain.lower() in NOTHING else plain


def is_broken(text: str) -> bool:
    """Whether the table program could not work a cell out: #REF!, or a formula that it left as it was."""
    return text[:1] in _MARKS and (text[0] == "=" or text.upper() in ERRORS or set(text) == {"#"})


def text_of(value: object) -> str:
    """A cell of a workbook or a property of a GeoJSON file as a text; "" for what is no text, number or date."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):  # Amap writes an empty text as [].
        return "、".join(map(text_of, value))
    return "" if value is None or isinstance(value, dict) else str(value)
