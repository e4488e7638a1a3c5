"""Cases reach the backend once in effect, whatever is away or dies; they are told apart from how far the case is."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.app import Application
from bot.backend import breaker
from bot.backend.breaker import Breaker
from bot.backend.publisher import TAKEN
from bot.backend.relay import EventRelay
from bot.commands import doctor
from bot.queue import jobs, outbox
from bot.services.appeals import deliveries as appeal_deliveries
from bot.services.appeals import status_updates
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.deliveries import EventDelivery
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.core.lifecycle import SYSTEM, Role
from bot.settings import Settings
from bot.store.models import Appeal, Audit, Outbox, now
from tests.appeals.test_filing import STORY, files
from tests.conftest import hasten
from tests.support.brokers import SECRET, Address, Redis, Wire, eventually, needs
from tests.support.desk import Desk
from tests.support.phone import Phone


@pytest.fixture
async def wire():
    needs("Redis", Redis.port)
    wire = Wire(Redis.port)
    await wire.mend()
    yield wire
    await wire.cut()


@pytest.fixture
async def backend(wire):
    backend = Redis(wire.port)
    yield backend
    await backend.remove()


@pytest.fixture
async def house_of(settings, knowledge):
    """Opens houses that forward to a URL."""
    opened: list[Application] = []

    async def open_house(url: str) -> Application:
        more = settings.model_dump() | {"queue_url": url, "queue_secret": SECRET}
        app = Application(Settings(**more, _env_file=None), knowledge, demo=True)
        hasten(app)
        await app.start()
        opened.append(app)
        return app

    yield open_house
    for app in opened:
        await app.stop()


@pytest.fixture
async def address():
    address = await Address().start()
    yield address
    await address.stop()


@pytest.fixture
async def app(house_of, backend):
    return await house_of(backend.url)


async def delivery(app: Application, number: str) -> EventDelivery:
    async with app.db.read() as session:
        appeal = await session.scalar(select(Appeal).where(Appeal.number == number))
        return (await appeal_deliveries.of(session, appeal))[0]


async def becomes(app: Application, number: str, wanted: EventDelivery) -> None:
    async def reached() -> bool:
        return await delivery(app, number) == wanted

    await eventually(reached)


async def move(app: Application, number: str, *states: AppealState) -> None:
    for state in states:
        async with app.db.begin() as session:
            await appeal_transitions.move(session, app.services, number, AppealMove(state, SYSTEM, agency="labour"))


async def test_an_appeal_reaches_the_stream_once_and_says_nothing_of_its_author(phone, app, backend):
    number = await files(phone)
    await becomes(app, number, EventDelivery.SENT)
    [event] = await backend.events()
    assert (event["id"], event["type"], event["subject"]) == (f"{number}:1", "appeal.submitted", number)
    assert event["data"]["story"] == STORY
    async with app.db.read() as session:
        appeal = await session.scalar(select(Appeal))
        row = await session.scalar(select(Outbox).where(Outbox.kind == jobs.EVENT.kind))
    assert appeal.alias not in str(event)
    assert not {"chat_id", "alias", "name", "phone", "code"} & set(event["data"])
    assert row.payload is None


async def test_steps_follow_in_order_and_are_numbered(phone, app, backend):
    number = await files(phone)
    await move(app, number, AppealState.ACCEPTED, AppealState.ASSIGNED)
    await becomes(app, number, EventDelivery.SENT)
    events = await backend.events()
    assert [each["id"] for each in events] == [f"{number}:{version}" for version in (1, 2, 3)]
    assert [each["data"]["state"] for each in events] == ["submitted", "accepted", "assigned"]


async def test_a_backend_that_is_away_costs_nobody_a_receipt_and_gets_all_of_it_later(
    phones, app, backend, wire, monkeypatch
):
    monkeypatch.setattr(breaker, "FIRST", 0.2)
    monkeypatch.setattr(breaker, "LONGEST", 0.2)
    await wire.cut()
    numbers = [await files(await phones()) for _ in range(3)]
    for number in numbers:
        await move(app, number, AppealState.ACCEPTED)

    async def open_() -> bool:
        return app.events.breaker.state != "closed"

    await eventually(open_)
    assert await delivery(app, numbers[0]) == EventDelivery.FAILED
    async with app.db.read() as session:
        assert [each.number for each in await appeal_deliveries.stuck(session)] == []  # It has only just begun.
    await wire.mend()
    for number in numbers:
        await becomes(app, number, EventDelivery.SENT)
    events = [each["id"] for each in await backend.events()]
    assert Counter(events) == Counter({f"{number}:{version}": 1 for number in numbers for version in (1, 2)})
    assert app.events.breaker.state == "closed"
    for number in numbers:
        assert events.index(f"{number}:1") < events.index(f"{number}:2")


async def test_killed_between_sending_and_writing_down_the_same_event_comes_again(phone, app, backend, monkeypatch):
    number = await files(phone)
    await becomes(app, number, EventDelivery.SENT)
    await app.events.stop()
    await move(app, number, AppealState.ACCEPTED)
    left = EventRelay(app.db, app.events.publisher)
    taken = await left._turn(())
    await left._publish(taken)  # And here the process dies.
    assert await delivery(app, number) == EventDelivery.SENDING
    await due(app)
    next_one = EventRelay(app.db, app.events.publisher)
    assert await next_one.sweep() == 1
    assert await delivery(app, number) == EventDelivery.SENT
    assert [each["id"] for each in await backend.events()] == [f"{number}:1", f"{number}:2", f"{number}:2"]
    await next_one.publisher.close()


async def due(app: Application) -> None:
    async with app.db.begin() as session:
        await session.execute(update(Outbox).where(Outbox.kind == jobs.EVENT.kind).values(due_at=now()))


class ContentStore:
    """A publisher that keeps what it is given, slowly."""

    batch = 50

    def __init__(self) -> None:
        self.kept: list[str] = []

    async def publish(self, jobs):
        for each in jobs:
            await asyncio.sleep(0)
            self.kept.append(each.subject + each.body.decode()[-3:-2])
        return [TAKEN] * len(jobs)

    async def watch(self) -> None: ...

    async def close(self) -> None: ...


async def test_many_relays_send_each_event_once_and_each_cases_in_order(settings, knowledge):
    app = Application(settings, knowledge)
    rows = [
        jobs.EVENT.row({"id": f"{case}:{version}", "n": f"{version}"}, subject=f"{case:02}", due_at=now())
        for version in range(5)
        for case in range(40)
    ]
    async with app.db.begin() as session:
        await outbox.put(session, rows)
    content_store = ContentStore()
    relays = [EventRelay(app.db, content_store) for _ in range(3)]

    async def work(relay: EventRelay) -> None:
        while await relay.sweep():
            pass

    while len(content_store.kept) < 200:
        await asyncio.gather(*(work(each) for each in relays))
    for case in range(40):
        assert [each[-1] for each in content_store.kept if each[:2] == f"{case:02}"] == list("01234")
    assert len(content_store.kept) == 200
    await app.db.close()


async def test_an_event_goes_signed_to_an_address_and_the_answer_may_name_a_number(house_of, address):
    address.answers = [(202, {"number": "SY-77"})]
    app = await house_of(address.url)
    async with Phone(app) as phone:
        await phone.opens()
        number = await files(phone)
        await becomes(app, number, EventDelivery.ACKNOWLEDGED)
    assert [each["id"] for each in address.got] == [f"{number}:1"]
    async with app.db.read() as session:
        assert await session.scalar(select(Appeal.backend_number)) == "SY-77"


async def test_what_an_address_will_never_take_is_dead_until_somebody_sends_it_again(
    house_of, address, settings, capsys
):
    address.answers = [(422, {})]
    app = await house_of(address.url)
    async with Phone(app) as phone:
        await phone.opens()
        number = await files(phone)
        await becomes(app, number, EventDelivery.DEAD)
        await move(app, number, AppealState.ACCEPTED)  # Waits behind the dead one: order is kept.
    assert await doctor.examine(app.settings) == 1
    assert f"{number} dead since" in capsys.readouterr().out
    async with app.db.begin() as session:
        assert await appeal_deliveries.again(session, [number]) == 1
    await becomes(app, number, EventDelivery.SENT)
    assert address.keys == [f"{number}:1", f"{number}:1", f"{number}:2"]
    assert await doctor.examine(app.settings) == 0


async def test_a_system_admin_sees_what_does_not_get_out_without_its_story_and_sends_it_again(house_of, address):
    address.answers = [(422, {})]
    app = await house_of(address.url)
    async with Phone(app) as phone:
        await phone.opens()
        number = await files(phone)
        await becomes(app, number, EventDelivery.DEAD)
    async with app.db.begin() as session:
        await status_updates.park(session, {"number": "261122000000", "text": "王小明的工资"}, "no such case")
    async with Desk(app, Role.SYSTEM_ADMIN, district="") as system:
        assert "送不到上级系统的" in (await system.gets("/console")).words
        page = await system.gets("/console/backend")
        for each in (number, "不再重试", "HTTP 422", "没有这个编号的诉求"):
            assert each in page.words
        assert "没有接上级系统" not in page.words
        assert STORY not in page
        assert "王小明" not in page
        page = await system.submits("/console/backend/again", number=number)
        assert "马上再送" in page.words
        await becomes(app, number, EventDelivery.SENT)
        assert "12 位数字" in (await system.submits("/console/backend/again", number="x", status=422)).words
        await system.gets("/console/backend")
        assert "没有要再送的" in (await system.submits("/console/backend/again")).words
    assert address.keys == [f"{number}:1"] * 2
    async with app.db.read() as session:
        done = await session.scalar(select(Audit).where(Audit.action == "backend.again").order_by(Audit.id))
    assert (done.subject, done.detail) == (f"appeal:{number}", {"count": 1})


async def test_an_address_in_trouble_is_tried_again_later_each_row_by_itself(house_of, address):
    address.answers = [(500, {})]
    app = await house_of(address.url)
    async with Phone(app) as phone:
        await phone.opens()
        number = await files(phone)
        await becomes(app, number, EventDelivery.FAILED)
    async with app.db.read() as session:
        row = await session.scalar(select(Outbox).where(Outbox.kind == jobs.EVENT.kind))
    assert timedelta(seconds=50) < row.due_at - now() < timedelta(seconds=90)
    assert row.why == "HTTP 500"
    await due(app)
    await becomes(app, number, EventDelivery.SENT)


async def test_readiness_tells_of_the_backend_and_does_not_depend_on_it(phone, app, wire, capsys):
    await wire.cut()
    await files(phone)
    async with phone.http.get(f"{phone.url}/readyz") as response:
        seen = await response.json()
    assert response.status == 200
    assert seen["backend"]["waiting"] == 1
    assert await doctor.examine(app.settings) == 1
    assert "nobody answers at 127.0.0.1" in capsys.readouterr().out
    async with phone.http.get(f"{phone.url}/metrics") as response:
        assert "nuanxin_backend_waiting 1.0" in await response.text()


def test_the_breaker_opens_after_failures_in_a_row_and_then_tries_a_single_row():
    at = [0.0]
    guard = Breaker(lambda: at[0])
    for _ in range(breaker.FAILURES - 1):
        guard.failed()
    assert guard.room(500) == 500
    guard.failed()
    assert guard.room(500) == 0
    at[0] += breaker.FIRST * 1.3
    assert guard.room(500) == 1
    guard.failed()
    at[0] += breaker.FIRST * 1.3
    assert guard.room(500) == 0  # It waits twice as long now.
    at[0] += breaker.FIRST * 1.3
    guard.succeeded()
    assert guard.room(500) == 500


def test_a_queue_nobody_knows_is_refused_at_the_start():
    for url in ("ftp://x", "http://example.org/events", "https://example.org/events"):  # the last has no secret
        with pytest.raises(ValueError, match="NUANXIN_QUEUE"):
            Settings(queue_url=url, _env_file=None)
