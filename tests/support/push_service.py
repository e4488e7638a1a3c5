"""A push service and the browsers it rings: takes what is posted to it over HTTP, and opens it as a browser does."""

import base64
import json
import os
from typing import Any, Self

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Browser:
    """A browser with a subscription of its own."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._key, self._auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)

    @property
    def subscription(self) -> dict[str, Any]:
        """What the page posts: PushSubscription.toJSON."""
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": text(point), "auth": text(self._auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def opened(self, body: bytes) -> dict[str, str]:
        told: dict[str, str] = json.loads(opened(body, self._key, self._auth))
        return told


def opened(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """What a push message says, by the steps of RFC 8291, 3.4, and RFC 8188: without the library that seals ours."""
    salt, sender, sealed = body[:16], body[21 : 21 + body[20]], body[21 + body[20] :]
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
    mine = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = key.exchange(ec.ECDH(), theirs)
    material = _derived(auth, shared, b"WebPush: info\0" + mine + sender, 32)
    content = _derived(salt, material, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, material, b"Content-Encoding: nonce\0", 12)
    plain = AESGCM(content).decrypt(nonce, sealed, None).rstrip(b"\0")
    assert plain[-1:] == b"\2"  # the mark of the last record
    return plain[:-1]


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=salt, info=info).derive(secret)


class PushService:
    """Answers with `status`, and with a redirection where `elsewhere` is set; keeps what came."""

    def __init__(self) -> None:
        self.status = 201
        self.elsewhere = ""
        self.came: list[tuple[str, dict[str, str], bytes]] = []  # path, headers, body
        self._runner: web.AppRunner | None = None
        self.origin = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def browser(self, name: str = "one") -> Browser:
        return Browser(f"{self.origin}/send/{name}")

    async def _take(self, request: web.Request) -> web.Response:
        self.came.append((request.path, dict(request.headers), await request.read()))
        if self.elsewhere:
            return web.Response(status=307, headers={"Location": self.elsewhere})
        return web.Response(status=self.status)


def vouched(header: str, key: str) -> dict[str, Any]:
    """What the operator vouches for in an Authorization header, which the page's key has signed."""
    parts = dict(each.strip().split("=", 1) for each in header.removeprefix("vapid ").split(","))
    assert parts["k"] == key
    signed, _, signature = parts["t"].rpartition(".")
    raw = _bytes(signature)
    pair = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(key))
    public.verify(pair, signed.encode(), ec.ECDSA(SHA256()))
    claims: dict[str, Any] = json.loads(_bytes(signed.partition(".")[2]))
    return claims


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
