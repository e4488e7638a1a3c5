"""Tokens that stand in a code on paper or on a screen: what they name, and our keyed hash of it.

A token is nothing that has to be kept: whoever reads one works the hash out again.
"""

import hmac
import re

from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.base import vault_of

LENGTH = 20  # hexadecimal digits of the hash: 80 bits
TOKEN = re.compile(rf"([a-z])([0-9]{{1,10}})-([0-9a-f]{{{LENGTH}}})", re.ASCII)


def sign(session: AsyncSession, kind: str, number: int, extra: str = "") -> str:
    """kind: one letter, for what it is.  extra: what has to be the same when it is read, such as the minute."""
    return f"{kind}{number}-{_hash(session, kind, number, extra)}"


def named(token: str) -> tuple[str, int] | None:
    """Kind and number of what looks like a token; nothing is said about its hash."""
    found = TOKEN.fullmatch(token)
    return (found[1], int(found[2])) if found else None


def holds(session: AsyncSession, token: str, extra: str = "") -> bool:
    """Whether we signed this."""
    known = named(token)
    return known is not None and hmac.compare_digest(token, sign(session, *known, extra))


def _hash(session: AsyncSession, kind: str, number: int, extra: str) -> str:
    return vault_of(session.get_bind().dialect).blind(f"{kind}{number}:{extra}", "codes.token").hex()[:LENGTH]
