"""nats://: events are messages of a JetStream stream, each confirmed; news come through a durable consumer of it."""

from faststream.nats import JStream, NatsBroker
from nats.js.api import ConsumerConfig, DeliverPolicy

from bot.backend.broker import REPEAT, EachConfirmed, raw
from bot.backend.publisher import Hear, Where, event_id
from bot.queue.outbox import ClaimedJob

TWICE = 24 * 3600  # seconds the stream remembers ids and drops an event that comes again
CONSUMER = "nuanxin"
CONFIRMING = 5.0  # seconds


class JetStream(EachConfirmed):
    """One stream with both subjects.  It drops what comes twice by itself."""

    def build(self) -> NatsBroker:
        # Reconnecting is Broker's: the client gives up after a while, and says so to nobody.
        broker = NatsBroker(self.where.url, allow_reconnect=False, logger=None, apply_types=False)
        stream = JStream(self.where.name, subjects=[self.where.events, self.where.status], duplicate_window=TWICE)
        broker.subscriber(
            self.where.status,
            stream=stream,
            queue=CONSUMER,  # durable, and shared by several processes
            deliver_policy=DeliverPolicy.ALL,
            config=ConsumerConfig(max_ack_pending=1),  # News of a case are read in the order they were put.
            decoder=raw,
            ack_policy=REPEAT,
        )(self.hear)  # Not by pulling: FastStream's loop spins without a pause when the connection is closed.
        return broker

    async def send(self, broker: NatsBroker, job: ClaimedJob) -> None:
        headers = {"Nats-Msg-Id": event_id(job), "content-type": "application/cloudevents+json"}
        await broker.publish(job.body, self.where.events, stream=self.where.name, headers=headers, timeout=CONFIRMING)


def make(where: Where, _secret: str, hear: Hear) -> JetStream:
    return JetStream(where, hear)
