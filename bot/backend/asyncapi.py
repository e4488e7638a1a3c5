"""The AsyncAPI document of the wire, docs/asyncapi.yaml: `python -m bot backend asyncapi` writes it."""

from typing import Any

from faststream.kafka import KafkaBroker
from faststream.nats import NatsBroker
from faststream.rabbit import RabbitBroker, RabbitQueue
from faststream.redis import RedisBroker, StreamSub
from faststream.specification import AsyncAPI

from bot.backend.messages import Event, Status
from bot.backend.publisher import Where

ABOUT = """\
Nuanxin puts what happens to a case where the channels named events lead, and takes what the backend did with it from
those named status; both are CloudEvents 1.0 in JSON. On Redis Streams an entry has one field, `data`. By https every
event is a signed POST of its own, and status is POST /backend/status: docs/operations.md, the backend queue.
`?name=` in NUANXIN_QUEUE_URL replaces the `nuanxin` of the addresses.
"""


async def status(message: Status) -> None:
    """What the backend did with a case."""


def document() -> str:
    """The document as YAML."""
    here = Where("", "")
    redis, rabbit = RedisBroker("redis://localhost:6379"), RabbitBroker("amqp://localhost:5672")
    nats, kafka = NatsBroker("nats://localhost:4222"), KafkaBroker("localhost:9092")
    redis.subscriber(stream=StreamSub(here.status), title="status.redis")(status)
    redis.publisher(stream=here.events, **_events("redis"))
    rabbit.subscriber(RabbitQueue(here.status, durable=True), title="status.rabbitmq")(status)
    rabbit.publisher(RabbitQueue(here.events, durable=True), persist=True, **_events("rabbitmq"))
    nats.subscriber(here.status, title="status.nats")(status)
    nats.publisher(here.events, **_events("nats"))
    kafka.subscriber(here.status, title="status.kafka")(status)
    kafka.publisher(here.events, **_events("kafka"))
    made = AsyncAPI(redis, rabbit, nats, kafka, title="Nuanxin backend queue", version="1", description=ABOUT)
    return str(made.to_specification().to_yaml())


def _events(broker: str) -> dict[str, Any]:
    return {"title": f"events.{broker}", "description": "What happens to a case.", "schema": Event}
