"""kafka://: events are records keyed by the number of the case; news come through a consumer group."""

from urllib.parse import urlsplit

from faststream.kafka import KafkaBroker

from bot.backend.broker import REPEAT, EachConfirmed, raw
from bot.backend.publisher import Hear, Where, event_id
from bot.queue.outbox import ClaimedJob

GROUP = "nuanxin"


class Kafka(EachConfirmed):
    """A record is sent when all replicas in sync have it.  Records of a case are in one partition, in order."""

    def build(self) -> KafkaBroker:
        hosts = urlsplit(self.where.url).netloc.split(",")
        broker = KafkaBroker(hosts, acks="all", enable_idempotence=True, logger=None, apply_types=False)
        broker.subscriber(
            self.where.status, group_id=GROUP, auto_offset_reset="earliest", decoder=raw, ack_policy=REPEAT
        )(self.hear)
        return broker

    async def send(self, broker: KafkaBroker, job: ClaimedJob) -> None:
        headers = {"id": event_id(job), "content-type": "application/cloudevents+json"}
        await broker.publish(job.body, self.where.events, key=job.subject.encode(), headers=headers)


def make(where: Where, _secret: str, hear: Hear) -> Kafka:
    return Kafka(where, hear)
