"""amqp://: events are persistent messages of a durable queue, each confirmed; news come from another queue."""

from faststream.rabbit import Channel, RabbitBroker, RabbitQueue

from bot.backend.broker import REPEAT, EachConfirmed, raw
from bot.backend.publisher import Hear, Where, event_id
from bot.queue.outbox import ClaimedJob

ONE = Channel(prefetch_count=1)  # News of a case are read in the order they were put.


class Rabbit(EachConfirmed):
    """A message that no queue takes comes back, and counts as not sent."""

    def build(self) -> RabbitBroker:
        confirmed = Channel(publisher_confirms=True, on_return_raises=True)
        broker = RabbitBroker(self.where.url, default_channel=confirmed, logger=None, apply_types=False)
        queue = RabbitQueue(self.where.status, durable=True)
        broker.subscriber(queue, channel=ONE, decoder=raw, ack_policy=REPEAT)(self.hear)
        return broker

    async def prepare(self, broker: RabbitBroker) -> None:
        await broker.declare_queue(RabbitQueue(self.where.events, durable=True))

    async def send(self, broker: RabbitBroker, job: ClaimedJob) -> None:
        await broker.publish(
            job.body,
            RabbitQueue(self.where.events, durable=True, declare=False),
            persist=True,
            mandatory=True,
            message_id=event_id(job),
            content_type="application/cloudevents+json",
        )


def make(where: Where, _secret: str, hear: Hear) -> Rabbit:
    return Rabbit(where, hear)
