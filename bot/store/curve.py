"""Keys on P-256 that are worked out from a secret: the same in every process and after every start, kept nowhere."""

import base64

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


def key_of(secret: bytes, purpose: str) -> ec.EllipticCurvePrivateKey:
    """The key that a secret has for a purpose."""
    derived = HKDF(hashes.SHA256(), 48, salt=None, info=purpose.encode()).derive(secret)
    return ec.derive_private_key(int.from_bytes(derived) % (ORDER - 1) + 1, ec.SECP256R1())


def point_of(key: ec.EllipticCurvePublicKey) -> str:
    """A public key as browsers take it."""
    return written(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def written(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
