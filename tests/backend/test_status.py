"""What the backend says reaches the worker once, through three doors, in whatever order and however often it comes."""

import secrets
import time
from datetime import timedelta

import aiohttp
import orjson
import pytest
from sqlalchemy import func, select

from bot.app import Application
from bot.backend.inbound_status import InboundStatus
from bot.commands import doctor
from bot.doors import signature
from bot.messaging.urls import BACKEND_STATUS
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.states import APPEAL, AppealMove, AppealState
from bot.services.appeals.status_updates import BETWEEN, way
from bot.services.core.lifecycle import IllegalStep, Role
from bot.settings import Settings
from bot.store.models import Appeal, AppealStep, DeadLetter, now
from tests.appeals.test_filing import ADMIN, RESULT, files
from tests.conftest import hasten
from tests.support.brokers import SECRET, Redis, eventually, needs
from tests.support.phone import Phone

UNKNOWN = "261122999999"


@pytest.fixture
async def app(settings, knowledge):
    more = settings.model_dump() | {"queue_secret": SECRET}
    app = Application(Settings(**more, _env_file=None), knowledge, demo=True)
    hasten(app)
    await app.start()
    yield app
    await app.stop()


def status(number: str, state: str, *, at: float = 0.0, key: str = "", **data) -> bytes:
    """News as a backend writes them; `at` in seconds from now."""
    moment = now() + timedelta(seconds=at - 60)
    said = {"id": key or secrets.token_hex(8), "source": "/12345", "type": "appeal.status", "subject": number}
    return orjson.dumps(said | {"specversion": "1.0", "time": moment, "data": {"state": state, **data}})


@pytest.fixture
async def tells(app):
    """The backend posts news: `await tells(body)` gives the HTTP status and what was answered."""
    async with aiohttp.ClientSession() as http:

        async def tell(body: bytes, headers: dict[str, str] | None = None):
            sent = signature.sign(SECRET, body) if headers is None else headers
            async with http.post(f"http://127.0.0.1:{app.port}{BACKEND_STATUS}", data=body, headers=sent) as response:
                return response.status, await response.json()

        yield tell


async def case(app, number: str) -> Appeal:
    async with app.db.read() as session:
        return await session.scalar(select(Appeal).where(Appeal.number == number))


async def steps(app, *columns) -> list:
    async with app.db.read() as session:
        return (await session.execute(select(*columns).order_by(AppealStep.id))).all()


async def test_news_move_the_case_and_are_told_to_the_worker_in_plain_words(phone, app, tells):
    number = await files(phone)
    assert await tells(status(number, "accepted", backend_number="SY-1")) == (
        200,
        {"reading": "taken", "state": "accepted"},
    )
    assert await phone.hears() == [f"{number} 接下了，在找该谁办。"]
    assert (await case(app, number)).backend_number == "SY-1"


async def test_the_same_news_by_all_three_doors_are_told_once(phone, app, tells):
    number = await files(phone)
    body = status(number, "accepted")
    assert (await tells(body))[1]["reading"] == "taken"
    assert (await tells(body))[1]["reading"] == "known"  # signed anew, as a careful client does
    assert (await tells(status(number, "accepted")))[1]["reading"] == "known"  # and under another id
    await InboundStatus(app.db, lambda: app.services, SECRET).hear(body)  # as from a broker
    async with app.db.begin() as session:
        await appeal_transitions.move(
            session, app.services, number, AppealMove(AppealState.ASSIGNED, ADMIN, agency="labour")
        )
    assert (await tells(status(number, "assigned", agency="labour")))[1]["reading"] == "known"
    assert (await tells(body))[1] == {"reading": "known", "state": "assigned"}
    assert len(await phone.hears()) == 2


async def test_states_left_out_are_walked_through_and_only_the_last_one_is_told(phone, app, tells):
    number = await files(phone)
    assert (await tells(status(number, "in_progress")))[1] == {"reading": "taken", "state": "in_progress"}
    [told] = await phone.hears()
    assert "有人在办了" in told
    assert [name for (name,) in await steps(app, AppealStep.name)] == ["submit", "accept", "assign", "begin"]


async def test_news_that_come_late_are_noted_and_change_nothing(phone, app, tells):
    number = await files(phone)
    await tells(status(number, "in_progress", at=20))
    await phone.hears()
    late = status(number, "assigned", at=10, note="派单")
    assert (await tells(late)) == (200, {"reading": "late", "state": "in_progress"})
    assert (await tells(late))[1]["reading"] == "late"
    assert await phone.hears() == []
    notes = [note for name, note in await steps(app, AppealStep.name, AppealStep.note) if name == "news"]
    assert notes == ["assigned: came late | 派单"]


async def test_two_news_of_one_moment_are_put_in_order_by_where_the_case_has_been(phone, app, tells):
    number = await files(phone)
    both = now().isoformat()
    for state, reading in (("assigned", "taken"), ("accepted", "late"), ("in_progress", "taken")):
        body = orjson.loads(status(number, state)) | {"time": both}
        assert (await tells(orjson.dumps(body)))[1]["reading"] == reading


async def test_an_illegal_state_is_refused_with_the_legal_ones_and_noted(phone, app, tells):
    number = await files(phone)
    code, said = await tells(status(number, "verified", text="已办结"))
    assert code == 409
    assert said == {"reading": "illegal", "state": "submitted", "legal": ["accepted", "rejected"]}
    assert (await case(app, number)).state == "submitted"
    assert await phone.hears() == []
    assert (await steps(app, AppealStep.name, AppealStep.role))[-1] == ("news", "backend")


async def test_an_answer_without_words_is_refused_whole_and_may_come_again_with_them(phone, app, tells):
    number = await files(phone)
    code, said = await tells(status(number, "answered", text="好", key="a1"))
    assert code == 422
    assert "至少 20 个字" in said["lacking"]
    assert (await case(app, number)).state == "submitted"  # not even the steps in between
    assert (await tells(status(number, "answered", text=RESULT, key="a1")))[1]["reading"] == "taken"
    [told] = await phone.hears()
    assert RESULT in told


async def test_a_question_of_the_backends_waits_for_the_workers_word(phone, app, tells):
    number = await files(phone)
    await tells(status(number, "pending_info", text="请问是哪个站点？"))
    assert "哪个站点" in (await phone.hears())[0]
    await phone.types("太原街站")
    assert (await case(app, number)).state == "in_progress"


async def test_news_of_a_case_that_is_not_ours_become_one_dead_letter_that_doctor_shows(app, tells, capsys):
    body = status(UNKNOWN, "accepted", note="张三")
    assert (await tells(body)) == (404, {"reading": "unknown"})
    assert (await tells(body))[0] == 404
    async with app.db.read() as session:
        [letter] = await session.scalars(select(DeadLetter))
    assert letter.body["number"] == UNKNOWN
    assert await doctor.examine(app.settings) == 1
    said = capsys.readouterr().out
    assert "1 dead letters" in said
    assert "张三" not in said


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"[]",
        b'{"id": 7}',
        status("261122000001", "done"),
        status("261122000001", "accepted", text="x" * 5000),
        status("2" * 99, "accepted"),
    ],
    ids=["empty", "bytes", "list", "numbers", "state", "long", "number"],
)
async def test_what_cannot_be_read_is_a_dead_letter_and_says_what_is_wrong(app, tells, body):
    code, said = await tells(body)
    assert code == 400
    assert said["faults"]
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(DeadLetter)) == 1


async def test_only_what_is_signed_now_and_new_is_heard(phone, app, tells):
    number = await files(phone)
    body = status(number, "accepted")
    good = signature.sign(SECRET, body)
    wrong = [
        {},
        signature.sign("another secret", body),
        signature.sign(SECRET, body + b" "),
        signature.sign(SECRET, body, at=time.time() - signature.SLACK - 5),
        signature.sign(SECRET, body, at=time.time() + signature.SLACK + 5),
        good | {signature.NONCE: "another nonce"},
        good | {signature.TIMESTAMP: "now"},
        good | {signature.TIMESTAMP: "9" * 40},
    ]
    for headers in wrong:
        assert (await tells(body, headers))[0] == 401
    assert (await case(app, number)).state == "submitted"
    assert (await tells(body, good))[0] == 200
    code, said = await tells(body, good)
    assert code == 409
    assert "taken before" in said["error"]


async def test_without_a_secret_there_is_no_door(settings, knowledge):
    app = Application(settings, knowledge)
    assert BACKEND_STATUS not in {route.resource.canonical for route in app.server.app.router.routes()}
    await app.db.close()


def test_a_way_takes_only_steps_a_backend_may_take_and_leaves_out_only_what_is_unremarkable():
    ways = 0
    for source in AppealState:
        for target in AppealState:
            if target not in reachable(source):
                with pytest.raises(IllegalStep) as refused:
                    way(source, target)
                assert set(refused.value.legal) == set(APPEAL.legal(source, Role.BACKEND))
                continue
            path = way(source, target)
            assert path[-1] == target
            assert set(path[:-1]) <= BETWEEN
            for before, after in zip([source, *path], path, strict=False):
                assert Role.BACKEND in APPEAL.steps[before, after].who
            ways += 1
    assert ways > 20


def reachable(source: AppealState) -> set[str]:
    """Where a backend can take a case by any number of steps it may leave out."""
    found: set[str] = set()
    ends: set[str] = {source}
    while ends:
        new = {target for end in ends for target in APPEAL.legal(end, Role.BACKEND)} - found
        found |= new
        ends = new & BETWEEN
    return found


async def test_news_come_by_the_broker_and_their_event_goes_back(settings, knowledge, tmp_path):
    needs("Redis", Redis.port)
    backend = Redis(Redis.port)
    more = settings.model_dump() | {"queue_url": backend.url}
    app = Application(Settings(**more, _env_file=None), knowledge, demo=True)
    hasten(app)
    await app.start()
    try:
        async with Phone(app) as phone:
            await phone.opens()
            number = await files(phone)
            for body in (b"{", status(number, "accepted", key="n1"), status(number, "accepted", key="n1")):
                await backend.says(body)

            async def told() -> list[dict]:
                events = await backend.events()
                return events if len(events) == 2 else []

            events = await eventually(told)
            assert [each["id"] for each in events] == [f"{number}:1", f"{number}:2"]
            assert await phone.hears() == [f"{number} 接下了，在找该谁办。"]
        async with app.db.read() as session:
            assert await session.scalar(select(func.count()).select_from(DeadLetter)) == 1
    finally:
        await app.stop()
        await backend.remove()
