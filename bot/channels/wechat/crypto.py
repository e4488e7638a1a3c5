"""The envelope of every callback: AES-256-CBC with padding to 32 bytes, and a SHA-1 over the sorted parts.

Source: WeChat's WXBizMsgCrypt, "安全模式".  SHA-1 and the reused IV are the protocol's; what they cannot do, the time in
the signature and the repetition by number have to.
"""

import base64
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32  # bytes to which a text is padded: twice the cipher's own
RANDOM, LENGTH = 16, 4  # bytes before a text: random ones, and how long it is


class Unreadable(Exception):
    """Not an envelope of ours."""


class Envelope:
    """Signs, seals and opens for one account.

    token, aes_key: as typed into its settings; the key is 43 characters of base64.  owner: its AppID.
    """

    def __init__(self, token: str, aes_key: str, owner: str) -> None:
        self._token, self._owner = token, owner.encode()
        self._key = base64.b64decode(f"{aes_key}=")

    def sign(self, *parts: str) -> str:
        joined = "".join(sorted([self._token, *parts]))
        return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()

    def is_signed(self, signature: str, *parts: str) -> bool:
        return hmac.compare_digest(self.sign(*parts).encode(), signature.encode())

    def seal(self, text: bytes) -> str:
        plain = os.urandom(RANDOM) + struct.pack(">I", len(text)) + text + self._owner
        padding = BLOCK - len(plain) % BLOCK
        sealing = self._cipher().encryptor()
        return base64.b64encode(sealing.update(plain + bytes([padding]) * padding) + sealing.finalize()).decode()

    def open(self, sealed: str) -> bytes:
        """Raises Unreadable."""
        try:
            opening = self._cipher().decryptor()
            plain = opening.update(base64.b64decode(sealed, validate=True)) + opening.finalize()
        except ValueError as error:
            raise Unreadable("no envelope") from error
        padding = plain[-1] if plain else 0
        if not 1 <= padding <= BLOCK or plain[-padding:] != bytes([padding]) * padding:
            raise Unreadable("padding")
        plain = plain[RANDOM:-padding]
        if len(plain) < LENGTH:
            raise Unreadable("length")
        end = LENGTH + int(struct.unpack(">I", plain[:LENGTH])[0])
        if end > len(plain) or plain[end:] != self._owner:
            raise Unreadable("another account's")
        return plain[LENGTH:end]

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES256(self._key), modes.CBC(self._key[:16]))
