"""Web Push: rings a browser whose page is closed, by the push service of the browser's maker (RFC 8030, 8291, 8292).

What it says is that there is something new, and nothing of what: who reads a lock screen, or runs the service, learns
no more.  The page names the service's address, so a stranger could name any: only the services of the setting are
called, and no redirect is followed.
"""

import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import http_ece
import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02
from sqlalchemy import delete, select, update
from yarl import URL

from bot import log
from bot.channels.web import conversations
from bot.channels.web.bots import Bot
from bot.channels.web.people import Unwelcome
from bot.channels.web.rows import SUBSCRIPTIONS
from bot.channels.web.shared import Shared
from bot.channels.web.wakeups import READING
from bot.doors import numbers
from bot.errors import Refused, TryLater
from bot.messaging.urls import CHAT
from bot.store import curve, upsert
from bot.store.base import now, vault_of

logger = log.get(__name__)

MOST = 5  # browsers of one person; the one that was open longest ago goes
LONGEST = 1024  # characters of an endpoint
POINT, AUTH = 65, 16  # bytes of a browser's public key and of its secret
STALE = timedelta(days=2)  # after which nobody is rung for a message any more
LIFE = 24 * 3600  # seconds the service keeps a ring for a phone that is switched off
PATIENCE = aiohttp.ClientTimeout(total=10, connect=5)
LONGEST_ASKED = timedelta(hours=1)  # of Retry-After that is honoured
GONE = (404, 410)  # the browser does not exist any more
BUSY = (408, 425, 429)


@dataclass(frozen=True, slots=True)
class PushSettings:
    """`contact`: whom a push service may write to, mailto: or https:; "" switches push off.

    `services`: hosts, with *. before those of any name below; or origins, http://127.0.0.1:PORT of a rehearsal.
    """

    contact: str = ""
    services: Sequence[str] = ()

    def allow(self, url: URL) -> bool:
        """Whether this is an address of a push service we call."""
        host = url.host or ""
        if url.user is not None or url.password is not None:
            return False
        if str(url.origin()) in self.services:
            return True
        known = any(host == each or (each[:2] == "*." and host.endswith(each[1:])) for each in self.services)
        return known and url.scheme == "https" and url.port == 443


class WebPush:
    """Who may be rung, and the ringing."""

    def __init__(
        self, shared: Shared, own: Callable[[], Awaitable[Bot]], settings: PushSettings, *, secret: str
    ) -> None:
        self.shared, self._own, self.settings = shared, own, settings
        self._signer = Vapid02(private_key=curve.key_of(secret.encode(), "nuanxin-push"))
        self._session: aiohttp.ClientSession | None = None
        self.key = curve.point_of(self._signer.public_key) if settings.contact else ""  # what the page subscribes with

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def keep(self, person: int, given: Any) -> None:
        """Let a browser of somebody be rung.  Raises Unwelcome."""
        body = self._checked(given)
        async with self.shared.db.connect() as connection:
            found = await conversations.find(connection, await self._own(), person)  # Locked: two browsers queue up.
            if found is None or found.deleted_at is not None:
                raise Unwelcome("deleted", 410)
            values = {"person_id": person, "key": self._blind(body["endpoint"]), "body": body, "renewed_at": now()}
            row = upsert.insert(connection, SUBSCRIPTIONS).values(values)
            await connection.execute(row.on_conflict_do_update(index_elements=["key"], set_=values))
            theirs = select(SUBSCRIPTIONS.c.id).where(SUBSCRIPTIONS.c.person_id == person)
            newest = theirs.order_by(SUBSCRIPTIONS.c.renewed_at.desc(), SUBSCRIPTIONS.c.id.desc())
            extra = (await connection.execute(newest.offset(MOST))).scalars().all()
            await connection.execute(delete(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id.in_(extra)))

    async def renew(self, person: int, endpoint: str) -> bool:
        """Whether this browser of somebody is rung; it counts as opened now.  What was turned off stays off."""
        mine = SUBSCRIPTIONS.c.person_id == person, SUBSCRIPTIONS.c.key == self._blind(endpoint)
        async with self.shared.db.connect() as connection:
            opened = update(SUBSCRIPTIONS).where(*mine).values(renewed_at=now()).returning(SUBSCRIPTIONS.c.id)
            return (await connection.execute(opened)).first() is not None

    async def drop(self, person: int, endpoint: str) -> None:
        """Ring this browser of somebody no more."""
        this = SUBSCRIPTIONS.c.key == self._blind(endpoint)
        async with self.shared.db.connect() as connection:
            await connection.execute(delete(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.person_id == person, this))

    async def ring(self, number: int, since: datetime) -> None:
        """Ring a browser for a message written then; not one whose page has just shown it.

        Raises Refused, TryLater.
        """
        if not self.key or now() - since > STALE:
            raise Refused("nobody is rung")
        wanted = select(SUBSCRIPTIONS.c.person_id, SUBSCRIPTIONS.c.body).where(SUBSCRIPTIONS.c.id == number)
        row = await self.shared.db.first(wanted, {})
        if row is not None and await self._waits(row.person_id):
            await self._post(number, row.body)

    async def _waits(self, person: int) -> bool:
        """Whether somebody wants to hear of it, and no page of theirs has it on the screen."""
        async with self.shared.db.connect() as connection:
            found = await conversations.find(connection, await self._own(), person, lock=False)
        if found is None or found.deleted_at is not None or found.blocked_at is not None:
            return False
        readers = self.shared.wakeups.at((READING, found.id))
        return all(each.seen < found.last_event for each in readers)

    async def _post(self, number: int, body: dict[str, str]) -> None:
        url = URL(body["endpoint"])
        if not self.settings.allow(url):  # The setting may have changed since.
            raise Refused("no push service of ours")
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        call = self._session.post(
            url, data=self._sealed(body), headers=self._headers(url), timeout=PATIENCE, allow_redirects=False
        )
        try:
            async with call as response:
                status, after = response.status, _after(response)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise TryLater(f"push service: {type(error).__name__}") from None
        await self._judge(number, status, after)

    async def _judge(self, number: int, status: int, after: timedelta | None) -> None:
        if status in GONE:
            async with self.shared.db.connect() as connection:
                await connection.execute(delete(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id == number))
        elif status in BUSY or status >= 500:
            raise TryLater(f"push service: {status}", after)
        elif not 200 <= status < 300:
            raise Refused(f"push service: {status}")

    def _sealed(self, body: dict[str, str]) -> bytes:
        """What the browser's worker is told; only that browser can read it."""
        words = self.shared.words
        told = orjson.dumps({"title": words["push_title"], "body": words["push_body"], "open": CHAT})
        sealed: bytes = http_ece.encrypt(
            told,
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=_bytes(body["p256dh"]),
            auth_secret=_bytes(body["auth"]),
            version="aes128gcm",
        )
        return sealed

    def _headers(self, url: URL) -> dict[str, str]:
        signed: dict[str, str] = self._signer.sign({"aud": str(url.origin()), "sub": self.settings.contact})
        # A phone that was off rings once, however much has come: one topic holds one ring.
        return {"Content-Encoding": "aes128gcm", "TTL": str(LIFE), "Topic": "news", "Urgency": "normal", **signed}

    def _checked(self, given: Any) -> dict[str, str]:
        """A browser's subscription, as its own toJSON has it.  Raises Unwelcome."""
        try:
            endpoint, keys = given["endpoint"], given["keys"]
            body = {"endpoint": endpoint, "p256dh": keys["p256dh"], "auth": keys["auth"]}
            point, auth, url = _bytes(body["p256dh"]), _bytes(body["auth"]), URL(endpoint)
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
            fits = len(point) == POINT and len(auth) == AUTH and len(endpoint) <= LONGEST
            known = self.settings.allow(url)
        except (AttributeError, TypeError, KeyError, ValueError):
            raise Unwelcome("bad_request") from None
        if not (self.key and fits and known):
            raise Unwelcome("no_push", 409)
        return body

    def _blind(self, endpoint: str) -> bytes:
        return vault_of(self.shared.db.engine.dialect).blind(endpoint, "web_subscriptions.key")


def _bytes(text: str) -> bytes:
    """What base64url says, with or without its padding.  Raises ValueError, TypeError."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)


def _after(response: aiohttp.ClientResponse) -> timedelta | None:
    seconds = numbers.whole(response.headers.get("Retry-After", ""))
    return None if seconds is None else min(timedelta(seconds=seconds), LONGEST_ASKED)
