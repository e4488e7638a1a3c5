"""Encryption at rest: what tells who somebody is can be read with a key that is not in the database.

Sealed bytes are `key id (1 byte) | nonce (12) | AES-256-GCM ciphertext and tag`.  The purpose, such as
"chats.address", is authenticated too, so bytes moved from one column to another do not open.
A blind index is a keyed hash: it finds a row by a value that the database itself cannot read.
"""

import base64
import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.store import curve

NONCE = 12  # bytes
KEY = 32  # bytes
BLIND = 16  # bytes


class CannotOpen(Exception):
    """Sealed with a key that is not in the ring, or changed since."""


class Vault:
    """Seals and opens with a ring of keys; the first one seals, all of them open."""

    def __init__(self, keys: dict[int, bytes], index_key: bytes) -> None:
        self._ring = {number: AESGCM(key) for number, key in keys.items()}
        self._signing = {number: curve.key_of(key, "nuanxin-codes") for number, key in keys.items()}
        self.current = next(iter(keys))
        self._index_key = hashlib.blake2b(index_key, person=b"nuanxin-index").digest()

    @classmethod
    def parse(cls, text: str, secret: str) -> "Vault":
        """Read `id:base64[,id:base64...]`, newest first.  Raises ValueError that never shows a key."""
        keys: dict[int, bytes] = {}
        for part in text.split(","):
            number, _, encoded = part.strip().partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
                keys[int(number)] = key
            except ValueError:
                raise ValueError("NUANXIN_VAULT_KEY is id:base64[,id:base64], the newest first") from None
            if len(key) != KEY or not 0 < int(number) < 256:
                raise ValueError(f"NUANXIN_VAULT_KEY, key {number}: it needs {KEY} bytes and an id from 1 to 255")
        return cls(keys, secret.encode())

    @property
    def numbers(self) -> frozenset[int]:
        """The ids of the keys in the ring."""
        return frozenset(self._ring)

    def seal(self, plain: bytes, purpose: str) -> bytes:
        nonce = os.urandom(NONCE)
        sealed = self._ring[self.current].encrypt(nonce, plain, purpose.encode())
        return bytes((self.current,)) + nonce + sealed

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """Raises CannotOpen."""
        try:
            cipher = self._ring[sealed[0]]
            return cipher.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], purpose.encode())
        except (KeyError, IndexError, InvalidTag) as error:
            raise CannotOpen(purpose) from error

    def signing_key(self, number: int) -> ec.EllipticCurvePrivateKey:
        """What signs codes with a key of the ring: another one of these is another one of those."""
        return self._signing[number]

    def blind(self, value: str, purpose: str) -> bytes:
        """A keyed hash of a value, to look it up by; the same value under another purpose looks different."""
        hashed = hashlib.blake2b(value.encode(), key=self._index_key, digest_size=BLIND, salt=_salt(purpose))
        return hashed.digest()


def _salt(purpose: str) -> bytes:
    return hashlib.blake2b(purpose.encode(), digest_size=16).digest()


def new_key(number: int = 1) -> str:
    return f"{number}:{base64.b64encode(secrets.token_bytes(KEY)).decode()}"


def private(folder: Path) -> None:
    """A folder of this installation, its owner's alone from the moment it is made, whoever needs it first."""
    folder.mkdir(0o700, parents=True, exist_ok=True)


def kept(path: Path, make: str) -> str:
    """The secret kept in a file of our own, made on the first start; readable by its owner only.

    Two processes may start at once: the file appears whole or not at all, and the loser reads the winner's.
    """
    private(path.parent)
    if not path.exists():
        mine = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        mine.touch(mode=0o600)
        mine.write_text(make, encoding="ascii")
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(mine)
        mine.unlink()
    return path.read_text(encoding="ascii").strip()
