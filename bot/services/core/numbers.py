"""Numbers and codes that people read out: case numbers with a check digit, codes without look-alikes."""

import re
import secrets

from stdnum import luhn

from bot.services.core.working_days import ZONE
from bot.store.base import now
from knowledge.folding import fold

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that looks like something else
SERIALS = 100_000  # random parts of a number


def new_number(form: str = "%y%m%d") -> str:
    """China's date, five random digits and a Luhn digit: short enough for the phone, not to be counted through."""
    digits = f"{now().astimezone(ZONE):{form}}{secrets.randbelow(SERIALS):05}"
    return checked(digits)


def checked(digits: str) -> str:
    """Digits followed by their Luhn digit, so that a mistyped number is told from an unknown one."""
    return digits + luhn.calc_check_digit(digits)


def typed(text: str) -> str:
    """A number or a code as somebody typed or pasted it: wide or small letters, blanks, dashes, a label in Chinese."""
    return re.sub(r"[^0-9A-Z]", "", fold(text).upper())


def is_code(text: str, length: int) -> bool:
    """Whether a text can be a code of ours at all: what cannot is a slip of the finger, and no guess."""
    return len(text) == length and set(text) <= set(LETTERS)


def is_checked(text: str) -> bool:
    """Whether the last digit fits the others."""
    return text.isascii() and text.isdecimal() and luhn.is_valid(text)


def new_code(length: int) -> str:
    """A random code of this many letters and digits."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))
