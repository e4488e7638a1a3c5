"""https://: every event is a signed POST, as a structured CloudEvent; 2xx says that the backend has it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import aiohttp
import orjson

from bot.backend.publisher import TAKEN, Away, Hear, PublishOutcome, Where, event_id
from bot.doors.signature import sign
from bot.errors import Refused, TryLater
from bot.queue.outbox import ClaimedJob

SECONDS = 15.0  # for one of them
NEVER = frozenset({400, 409, 410, 413, 415, 422})  # says: this event, never
ANSWER = 16_384  # bytes of an answer that are read
LONGEST_NUMBER = 64  # characters


class Post:
    """A backend behind an address.  An answer may name the number it goes by there: {"number": "..."}."""

    batch = 16  # all at once: a slow one must not take the others' time

    def __init__(self, where: Where, secret: str) -> None:
        self.where = where
        self._secret = secret
        self._http: aiohttp.ClientSession | None = None

    async def publish(self, jobs: Sequence[ClaimedJob]) -> list[PublishOutcome]:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS))
        return list(await asyncio.gather(*(self._send(self._http, each) for each in jobs)))

    async def watch(self) -> None:
        """Nothing to keep: news come through the door, bot.backend.inbound_status."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def _send(self, http: aiohttp.ClientSession, job: ClaimedJob) -> PublishOutcome:
        body = job.body or b""
        headers = sign(self._secret, body)
        headers |= {"Content-Type": "application/cloudevents+json", "Idempotency-Key": event_id(job)}
        try:
            async with http.post(self.where.url, data=body, headers=headers, allow_redirects=False) as response:
                answer = await response.content.read(ANSWER)
                return _outcome(response.status, response.headers.get("Retry-After", ""), answer)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return PublishOutcome(Away(type(error).__name__))


def _outcome(status: int, wish: str, answer: bytes) -> PublishOutcome:
    if 200 <= status < 300:
        return PublishOutcome(number=_number(answer)) if answer else TAKEN
    if status in NEVER:
        return PublishOutcome(Refused(f"HTTP {status}"))
    if status == 429 and wish.isascii() and wish.isdecimal() and len(wish) < 10:
        return PublishOutcome(TryLater(f"HTTP {status}", timedelta(seconds=min(int(wish), 3600))))
    if status in {401, 403, 404, 502, 503, 504}:  # an address or a secret of ours, or a server that is not there
        return PublishOutcome(Away(f"HTTP {status}"))
    return PublishOutcome(TryLater(f"HTTP {status}"))


def _number(answer: bytes) -> str:
    try:
        said = orjson.loads(answer)
    except ValueError:
        return ""
    number = said.get("number") if isinstance(said, dict) else None
    return number[:LONGEST_NUMBER] if isinstance(number, str) else ""


def make(where: Where, secret: str, _hear: Hear) -> Post:
    return Post(where, secret)
