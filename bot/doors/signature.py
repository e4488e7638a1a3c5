"""Signing what goes over HTTP, both ways: HMAC-SHA256 over timestamp, nonce and body with the shared secret."""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping

TIMESTAMP, NONCE, SIGNATURE = "Nuanxin-Timestamp", "Nuanxin-Nonce", "Nuanxin-Signature"
SLACK = 300  # seconds a clock may be off
LONGEST_NONCE = 64  # characters
# No point: it parts nonce and body in what is signed, and must not move from one into the other.
_NONCE = re.compile(rf"[A-Za-z0-9_-]{{8,{LONGEST_NONCE}}}")


class Unsigned(Exception):
    """Not signed, not with our secret, or not now."""


def sign(secret: str, body: bytes, *, at: float | None = None, nonce: str = "") -> dict[str, str]:
    """The headers that go with a body."""
    stamp = str(int(time.time() if at is None else at))
    nonce = nonce or secrets.token_hex(16)
    return {TIMESTAMP: stamp, NONCE: nonce, SIGNATURE: f"v1={_digest(secret, stamp, nonce, body)}"}


def check(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    """The nonce of a body that was signed just now; whether it is new, the caller has to look up.  Raises Unsigned."""
    stamp, nonce, given = (headers.get(name, "") for name in (TIMESTAMP, NONCE, SIGNATURE))
    if not (stamp.isascii() and stamp.isdigit()) or not _NONCE.fullmatch(nonce):
        raise Unsigned(f"{TIMESTAMP} (seconds) and {NONCE} (8 to {LONGEST_NONCE} of A-Z a-z 0-9 _ -) are needed")
    wanted = f"v1={_digest(secret, stamp, nonce, body)}"
    if not secret or not hmac.compare_digest(wanted.encode(), given.encode()):
        raise Unsigned(f"{SIGNATURE} does not fit")
    if len(stamp) > 12 or abs(time.time() - int(stamp)) > SLACK:
        raise Unsigned(f"{TIMESTAMP} is more than {SLACK} seconds off")
    return nonce


def _digest(secret: str, stamp: str, nonce: str, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{stamp}.{nonce}.".encode() + body, hashlib.sha256).hexdigest()
