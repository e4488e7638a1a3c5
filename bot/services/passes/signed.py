"""What a rider's phone shows: signed, so that a guard's phone can check it without us, and short enough to be scanned.

It names a pass by its number in our table, until when it holds, the city and the half minute in which it was shown.
Nothing of it is kept, and nothing of it is about a person.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store import curve
from bot.store.base import vault_of
from bot.store.vault import Vault

TURN = 30  # seconds after which a pass shows another code
HALF = 32  # bytes of each of the two numbers of a signature
TOKEN = re.compile(r"(p([0-9]{1,10})\.([0-9]{1,3})\.([0-9]{10})\.([0-9]{4})\.([0-9]{1,9}))\.([\w-]{86})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Code:
    """What stands in a code.  turn: which half minute it is of."""

    id: int
    until: datetime
    city: str  # GB/T 2260, four digits
    turn: int

    @property
    def shown_at(self) -> datetime:
        return datetime.fromtimestamp(self.turn * TURN, UTC)


def turn_of(moment: datetime) -> int:
    return int(moment.timestamp()) // TURN


def looks_like(token: str) -> bool:
    """Whether this has the form of a code; nothing is said about its signature."""
    return TOKEN.fullmatch(token) is not None


def write(session: AsyncSession, code: Code) -> str:
    vault = _vault(session)
    text = f"p{code.id}.{vault.current}.{int(code.until.timestamp())}.{code.city}.{code.turn}"
    der = vault.signing_key(vault.current).sign(text.encode(), ec.ECDSA(SHA256()))
    halves = b"".join(each.to_bytes(HALF) for each in utils.decode_dss_signature(der))
    return f"{text}.{curve.written(halves)}"


def read(session: AsyncSession, token: str) -> Code | None:
    """What a code says; None for one that we did not sign, or not with a key of today."""
    found, vault = TOKEN.fullmatch(token), _vault(session)
    if found is None or int(found[3]) not in vault.numbers:
        return None
    halves = base64.urlsafe_b64decode(f"{found[7]}==")
    if curve.written(halves) != found[7]:  # The last letter has bits to spare: one signature is written in one way.
        return None
    der = utils.encode_dss_signature(int.from_bytes(halves[:HALF]), int.from_bytes(halves[HALF:]))
    try:
        vault.signing_key(int(found[3])).public_key().verify(der, found[1].encode(), ec.ECDSA(SHA256()))
    except InvalidSignature:
        return None
    return Code(int(found[2]), datetime.fromtimestamp(int(found[4]), UTC), found[5], int(found[6]))


def points(session: AsyncSession) -> Mapping[int, str]:
    """The public keys by their numbers, as browsers take them."""
    vault = _vault(session)
    return {number: curve.point_of(vault.signing_key(number).public_key()) for number in sorted(vault.numbers)}


def _vault(session: AsyncSession) -> Vault:
    return vault_of(session.get_bind().dialect)
