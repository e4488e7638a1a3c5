"""Who somebody is on the page: a signed cookie, and signed addresses of the files of their own conversation."""

import hashlib
import hmac
import secrets
import time

from aiohttp import web

from bot.messaging.urls import CHAT

COOKIE = "nuanxin_chat"
YEAR = 365 * 24 * 3600  # seconds a cookie lives
RENEW = 30 * 24 * 3600  # seconds after which it is written again
ID_BITS = 52  # a Bot API user id has at most 52 significant bits
DIGEST = 16  # bytes


class WebIdentity:
    """Signs and checks.  The key is derived from the installation's secret."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.blake2b(secret.encode(), person=b"nuanxin-webchat").digest()

    def of(self, request: web.Request) -> int | None:
        """The person whose cookie this is; None without one, or with one we did not sign."""
        return self._read(request.cookies.get(COOKIE, ""))[0]

    def greet(self, request: web.Request, response: web.Response, *, secure: bool) -> int:
        """The person, with a cookie made or renewed where that is due."""
        person, issued = self._read(request.cookies.get(COOKIE, ""))
        if person is None or time.time() - issued > RENEW:
            person = person or new_person()
            self.write(response, person, secure=secure)
        return person

    def write(self, response: web.Response, person: int, *, secure: bool) -> None:
        content = f"{person}.{int(time.time())}"
        value = f"{content}.{self._sign('cookie', content)}"
        response.set_cookie(COOKIE, value, max_age=YEAR, httponly=True, samesite="Lax", secure=secure, path=CHAT)

    def forget(self, response: web.Response) -> None:
        response.del_cookie(COOKIE, path=CHAT)

    def ticket(self, person: int, file_id: str) -> str:
        """What makes a file's address good for this person only."""
        return self._sign("file", f"{person}.{file_id}")

    def admits(self, person: int, file_id: str, ticket: str) -> bool:
        return hmac.compare_digest(self.ticket(person, file_id).encode(), ticket.encode())

    def _read(self, value: str) -> tuple[int | None, int]:
        content, _, signature = value.rpartition(".")
        if not hmac.compare_digest(self._sign("cookie", content).encode(), signature.encode()):
            return None, 0
        person, _, issued = content.partition(".")
        return int(person), int(issued)

    def _sign(self, purpose: str, content: str) -> str:
        text = f"{purpose}:{content}".encode()
        return hashlib.blake2b(text, key=self._key, digest_size=DIGEST).hexdigest()


def new_person() -> int:
    """An id that says nothing: random, and never one of the demo's small ones."""
    return secrets.randbits(ID_BITS - 1) | 1 << (ID_BITS - 1)
