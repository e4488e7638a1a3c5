"""What the brokers have in common: FastStream keeps the connection, sends events and hears the backend's news."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from faststream import AckPolicy

from bot import log
from bot.backend.publisher import TAKEN, Away, Hear, PublishOutcome, Where
from bot.queue.outbox import ClaimedJob

logger = log.get(__name__)

CONNECTING = 5.0  # seconds
PULSE = 10.0  # seconds between two looks at the connection
REPEAT = AckPolicy.NACK_ON_ERROR  # News are acknowledged when they are in the database, and come again if not.


class Broker(ABC):
    """A broker behind FastStream.  Whatever goes wrong with the connection, it is made anew.

    That is less clever than what each client does by itself to reconnect, and the same for all of them.
    """

    batch = 500

    def __init__(self, where: Where, hear: Hear) -> None:
        self.where, self.hear = where, hear
        self._broker: Any = None
        self._opening = asyncio.Lock()
        self._dropped: set[asyncio.Task[None]] = set()

    @abstractmethod
    def build(self) -> Any:
        """FastStream's broker, with a subscriber that hands bytes to `hear`."""

    async def prepare(self, broker: Any) -> None:  # noqa: B027 - most have nothing to make
        """Make what events go to, once the connection stands."""

    @abstractmethod
    async def send_all(self, broker: Any, jobs: Sequence[ClaimedJob]) -> list[PublishOutcome]:
        """Send events, and return when the broker has confirmed or refused each.  Raises when none of them went."""

    async def publish(self, jobs: Sequence[ClaimedJob]) -> list[PublishOutcome]:
        broker = await self._opened()
        try:
            outcomes = await self.send_all(broker, jobs)
        except BaseException:
            self._drop(broker)
            raise
        if any(each.error for each in outcomes):
            self._drop(broker)
        return outcomes

    async def watch(self) -> None:
        while True:
            try:
                broker = await self._opened()
                if not await broker.ping(timeout=CONNECTING) or not all(each.running for each in broker.subscribers):
                    self._drop(broker)
            except Exception as error:
                logger.warning("backend away", why=_plain(error))
            await asyncio.sleep(PULSE)

    async def close(self) -> None:
        self._drop(self._broker)
        await asyncio.gather(*self._dropped)

    async def _opened(self) -> Any:
        async with self._opening:
            if self._broker is None:
                broker = self.build()
                try:
                    async with asyncio.timeout(CONNECTING):
                        await broker.start()
                        await self.prepare(broker)
                except BaseException:
                    await _stop(broker)
                    raise
                self._broker = broker
            return self._broker

    def _drop(self, broker: Any) -> None:
        """Have nothing more to do with a connection.  Nobody waits for its end: rows are leased meanwhile."""
        if broker is not None and broker is self._broker:
            self._broker = None
            ending = asyncio.create_task(_stop(broker))
            self._dropped.add(ending)
            ending.add_done_callback(self._dropped.discard)


async def raw(message: Any) -> bytes:
    """FastStream's decoder for bodies that bot.backend.messages reads."""
    return bytes(message.body)


async def _stop(broker: Any) -> None:
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CONNECTING):
            await broker.stop()


class EachConfirmed(Broker):
    """A broker that confirms every event by itself."""

    @abstractmethod
    async def send(self, broker: Any, job: ClaimedJob) -> None:
        """Send one event, and return when the broker has confirmed it."""

    async def send_all(self, broker: Any, jobs: Sequence[ClaimedJob]) -> list[PublishOutcome]:
        sent = await asyncio.gather(*(self.send(broker, each) for each in jobs), return_exceptions=True)
        return [TAKEN if error is None else PublishOutcome(Away(_plain(error))) for error in sent]


def _plain(error: object) -> str:
    """What may stand in a log and in a table: no address, which can hold a password."""
    return type(error).__name__
