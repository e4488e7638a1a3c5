"""Numbers and codes that people read out: case numbers with a check digit, codes without look-alikes."""

import secrets

from stdnum import luhn

from bot.services.core.working_days import ZONE
from bot.store.base import now

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that looks like something else
SERIALS = 100_000  # random parts of a number


def new_number(form: str = "%y%m%d") -> str:
    """China's date, five random digits and a Luhn digit: short enough for the phone, not to be counted through."""
    digits = f"{now().astimezone(ZONE):{form}}{secrets.randbelow(SERIALS):05}"
    return checked(digits)


def checked(digits: str) -> str:
    """Digits followed by their Luhn digit, so that a mistyped number is told from an unknown one."""
    return digits + luhn.calc_check_digit(digits)


def is_checked(text: str) -> bool:
    """Whether the last digit fits the others."""
    return text.isascii() and text.isdecimal() and luhn.is_valid(text)


def new_code(length: int) -> str:
    """A random code of this many letters and digits."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))
