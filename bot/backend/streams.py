"""redis://: events are entries of a stream, one field `data` each; news come through a consumer group of another."""

import os
import secrets
from collections.abc import Sequence

from faststream.redis import RedisBroker, StreamSub

from bot.backend.broker import REPEAT, Broker, raw
from bot.backend.publisher import TAKEN, Hear, PublishOutcome, Where
from bot.queue.outbox import ClaimedJob

GROUP = "nuanxin"
BLOCK = 1_000  # milliseconds one read waits for news
LEFT = 60_000  # milliseconds after which news that a dead process had are taken over


class Streams(Broker):
    """One pipeline for a batch: the whole of it is in the stream when the last answer is there."""

    def build(self) -> RedisBroker:
        broker = RedisBroker(self.where.url, logger=None, apply_types=False)  # type: ignore[arg-type]  # What matters, we log.
        who = f"{os.getpid()}-{secrets.token_hex(4)}"
        for idle in (None, LEFT):
            stream = StreamSub(
                self.where.status,
                group=GROUP,
                consumer=who,
                last_id=">",
                polling_interval=BLOCK,
                min_idle_time=idle,
            )
            broker.subscriber(stream=stream, decoder=raw, ack_policy=REPEAT)(self.hear)
        return broker

    async def send_all(self, broker: RedisBroker, jobs: Sequence[ClaimedJob]) -> list[PublishOutcome]:
        client = await broker.connect()
        async with client.pipeline(transaction=False) as pipe:
            for each in jobs:
                pipe.execute_command("XADD", self.where.events, "*", "data", each.body)
            await pipe.execute()
        return [TAKEN] * len(jobs)


def make(where: Where, _secret: str, hear: Hear) -> Streams:
    return Streams(where, hear)
