"""What a backend has to be able to do, and which one a URL names."""

import importlib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs, urlsplit, urlunsplit

import orjson

from bot.errors import TryLater
from bot.queue.outbox import ClaimedJob

PATIENCE = 20.0  # seconds for a batch; well below outbox.HELD, so that nobody else takes the rows meanwhile
NAME = "nuanxin"  # in front of the names of streams, queues, subjects and topics

_NAME = re.compile(r"[a-z0-9_-]{1,40}")

Hear = Callable[[bytes], Awaitable[None]]  # Gets news as they came; returns when they are in the database.


class Away(TryLater):
    """The backend is not there; that says nothing about the row."""


@dataclass(frozen=True, slots=True)
class PublishOutcome:
    """What became of a row: taken, perhaps under a number of the backend's; or Refused, TryLater, Away."""

    error: Exception | None = None
    number: str = ""


TAKEN = PublishOutcome()


class Publisher(Protocol):
    """A backend that takes events.  `batch`: how many at once, so that PATIENCE is enough for them."""

    batch: int

    async def publish(self, jobs: Sequence[ClaimedJob]) -> list[PublishOutcome]:
        """Hand rows over, and wait until the other side has them.  One outcome for each, in their order."""

    async def watch(self) -> None:
        """Keep the connection, and hear what the backend says, until cancelled."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Where:
    """A backend's URL; `?name=shenyang` tells the queues of several installations on one broker apart."""

    scheme: str
    url: str
    name: str = NAME

    @classmethod
    def parse(cls, url: str) -> "Where":
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"}:
            return cls(parts.scheme, url)
        name = parse_qs(parts.query).get("name", [NAME])[0]
        if not _NAME.fullmatch(name):
            raise ValueError("NUANXIN_QUEUE_URL: a name holds a-z 0-9 _ -")
        return cls(parts.scheme, urlunsplit(parts._replace(query="")), name)

    @property
    def events(self) -> str:
        """Where events go."""
        return f"{self.name}.events"

    @property
    def status(self) -> str:
        """Where the backend puts its news."""
        return f"{self.name}.status"


MODULES = {  # Imported when they are needed: each brings a client of its own.
    "redis": "streams",
    "rediss": "streams",
    "amqp": "rabbit",
    "amqps": "rabbit",
    "nats": "jetstream",
    "kafka": "kafka",
    "https": "post",
    "http": "post",  # this machine only; bot.settings sees to that
}


def publisher_of(url: str, secret: str, hear: Hear) -> Publisher:
    """The backend a URL names; nothing is asked of it yet."""
    where = Where.parse(url)
    module = importlib.import_module(f"bot.backend.{MODULES[where.scheme]}")
    made: Publisher = module.make(where, secret, hear)
    return made


def event_id(job: ClaimedJob) -> str:
    """The event's own id, `number:version`: the same whenever it is sent again."""
    return str(orjson.loads(job.body or b"{}")["id"])
