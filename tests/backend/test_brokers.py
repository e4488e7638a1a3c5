"""Every broker takes events once and brings news back, also after it was away; the document says what goes over."""

import orjson
import pytest
from faststream.kafka import TestKafkaBroker as KafkaOnPaper  # Its own name looks like a class of tests.
from sqlalchemy import func, select

from bot.app import Application
from bot.backend import breaker, broker
from bot.backend.asyncapi import document
from bot.backend.jetstream import JetStream
from bot.backend.kafka import Kafka
from bot.backend.messages import Event
from bot.backend.publisher import Where, event_id
from bot.queue import jobs
from bot.queue.outbox import ClaimedJob
from bot.settings import Settings
from bot.store.models import DeadLetter, Outbox, now
from tests.appeals.test_filing import files
from tests.backend.test_status import status
from tests.conftest import hasten
from tests.support.brokers import Nats, Rabbit, Redis, Wire, eventually, needs
from tests.support.project import ROOT

DOCUMENT = ROOT / "docs" / "asyncapi.yaml"


@pytest.fixture(params=[Redis, Rabbit, Nats], ids=lambda each: each.__name__)
async def backend(request, monkeypatch):
    needs(request.param.__name__, request.param.port)
    monkeypatch.setattr(breaker, "FIRST", 0.2)
    monkeypatch.setattr(breaker, "LONGEST", 0.2)
    monkeypatch.setattr(broker, "PULSE", 0.1)
    wire = Wire(request.param.port)
    await wire.mend()
    backend = request.param(wire.port)
    backend.wire = wire
    yield backend
    await wire.cut()
    await backend.remove()


@pytest.fixture
async def app(settings, knowledge, backend):
    more = settings.model_dump() | {"queue_url": backend.url}
    app = Application(Settings(**more, _env_file=None), knowledge, demo=True)
    hasten(app)
    await app.start()
    yield app
    await app.stop()


async def come(backend, *ids: str) -> list[dict]:
    """Everything that came, once it is as much as was expected."""

    async def enough() -> list[dict]:
        events = await backend.events()
        return events if len(events) >= len(ids) else []

    events = await eventually(enough)
    assert [each["id"] for each in events] == list(ids)
    return events


async def test_a_case_goes_out_and_news_come_back_and_a_broker_that_was_away_gets_the_rest(app, phones, backend):
    phone = await phones()
    number = await files(phone)
    [event] = await come(backend, f"{number}:1")
    assert Event.model_validate(event).data.number == number
    for body in (b"{", status(number, "accepted", key="n1"), status(number, "accepted", key="n1")):
        await backend.says(body)
    await come(backend, f"{number}:1", f"{number}:2")
    assert await phone.hears() == [f"{number} 接下了，在找该谁办。"]
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(DeadLetter)) == 1

    await backend.wire.cut()
    other = await files(await phones())
    await backend.says(status(number, "in_progress"))

    async def tried() -> bool:
        async with app.db.read() as session:
            return await session.scalar(
                select(Outbox.attempts).where(Outbox.kind == jobs.EVENT.kind, Outbox.subject == other)
            )

    await eventually(tried)
    await backend.wire.mend()

    async def told() -> list[str]:
        return await phone.hears()

    [said] = await eventually(told)
    assert "有人在办了" in said
    events = await come(backend, *await _expected(backend, number, other))
    assert len(events) == 5


async def _expected(backend, number: str, other: str) -> list[str]:
    """The ids in the order they came: cases may overtake each other, the events of one may not."""

    async def all_there() -> list[dict]:
        events = await backend.events()
        return events if len(events) >= 5 else []

    ids = [each["id"] for each in await eventually(all_there)]
    assert [each for each in ids if each.startswith(number)] == [f"{number}:{version}" for version in range(1, 5)]
    assert [each for each in ids if each.startswith(other)] == [f"{other}:1"]
    return ids


async def test_an_event_that_comes_twice_is_dropped_by_jetstream():
    needs("Nats", Nats.port)
    backend = Nats(Nats.port)
    publisher = JetStream(Where.parse(backend.url), _nobody)
    body = orjson.dumps({"id": "261122000001:1"})
    for _ in range(2):
        await publisher.publish([ClaimedJob(1, "261122000001", body, 0, now())])
    assert len(await backend.events()) == 1
    await publisher.close()
    await backend.remove()


async def _nobody(_body: bytes) -> None: ...


async def test_kafka_on_paper_gets_records_keyed_by_case_and_brings_news(settings, knowledge):
    """FastStream's test broker stands in for a server: docs/operations.md says so."""
    app = Application(settings, knowledge, demo=True)
    heard: list[bytes] = []
    records: list[tuple[bytes, bytes]] = []

    async def hear(body: bytes) -> None:
        heard.append(body)

    where = Where.parse("kafka://127.0.0.1:9092?name=test")
    publisher = Kafka(where, hear)
    made = publisher.build()

    @made.subscriber(where.events, decoder=broker.raw, auto_offset_reset="earliest")
    async def record(body: bytes) -> None:
        records.append((body, made.context.resolve("message").raw_message.key))

    publisher.build = lambda: made
    claimed = [
        ClaimedJob(n, number, orjson.dumps({"id": f"{number}:1"}), 0, now())
        for n, number in enumerate(("2611", "2612"))
    ]
    async with KafkaOnPaper(made) as paper:
        assert [each.error for each in await publisher.publish(claimed)] == [None, None]
        await paper.publish(b"news", where.status)
    assert [(event_id(each), each.subject.encode()) for each in claimed] == [
        (orjson.loads(body)["id"], key) for body, key in records
    ]
    assert heard == [b"news"]
    await app.db.close()


def test_a_name_that_a_broker_would_not_take_is_refused():
    with pytest.raises(ValueError, match="a name holds"):
        Where.parse("nats://127.0.0.1?name=a.b*")


def test_the_document_of_the_wire_is_what_the_code_says():
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "python -m bot backend asyncapi > docs/asyncapi.yaml"
