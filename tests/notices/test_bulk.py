"""The bulk lane under stress: killed, doubled, hurried - nobody gets a notice twice, and replies do not wait."""

import asyncio
import random
import signal
import sys
import time
from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from bot.app import Application
from bot.channels.telegram.transport import BotApi
from bot.queue.rate_limiter import PER_CHAT, RateLimiter
from bot.services.core import quiet_hours
from bot.services.notices import corrections, notices
from bot.services.notices.states import NoticeState
from bot.settings import Settings
from bot.store import base
from bot.store.models import Chat, CopyState, NoticeCopy
from bot.store.vault import new_key
from tests.conftest import free_port, hasten
from tests.notices.test_notices import begin, tally, until
from tests.support.fake_bot_api import TOKEN, Crowd, Town, lane
from tests.support.project import ROOT
from tests.support.web_driver import opened

PEOPLE, KILLS = 200, 3


@pytest.fixture
async def crowd():
    crowd = await Crowd().start()
    yield crowd
    await crowd.stop()


@pytest.mark.long
async def test_whoever_dies_nobody_gets_it_twice_and_everybody_is_accounted_for(database_url, knowledge, crowd):
    key = new_key()
    db = opened(database_url, key)
    town = await Town(db, knowledge).settle()
    await town.people(PEOPLE)
    notice = await town.agreed()
    await begin(town, notice.id)
    for number in range(KILLS + 1):
        child = await _child(database_url, key, crowd.api)
        if number < KILLS:
            before = len(crowd.calls)
            while len(crowd.calls) == before:  # noqa: ASYNC110 (another process: there is nothing to wait on)
                await asyncio.sleep(0.01)
            await asyncio.sleep(random.uniform(0, 0.4))
            child.send_signal(signal.SIGKILL)
            await child.wait()
    await until(town, notice.id, NoticeState.COMPLETED, NoticeState.SOME_FAILED)
    child.send_signal(signal.SIGKILL)
    await child.wait()
    counts = await tally(town, notice.id)
    assert sum(counts.values()) == PEOPLE
    assert set(counts) <= {CopyState.SENT, CopyState.UNKNOWN}
    assert counts.get(CopyState.UNKNOWN, 0) <= KILLS * lane(db, BotApi("", "", ""), town.services, 100.0).batch
    assert max(crowd.got().values()) == 1
    async with db.read() as session:
        rows = await session.execute(select(Chat.address, NoticeCopy.state).join_from(Chat, NoticeCopy))
        states = dict(rows.all())
    assert {address for address, state in states.items() if state == CopyState.SENT} <= set(crowd.got())
    await db.close()


async def _child(url: str, key: str, api: str) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", "tests.support.fake_bot_api", url, key, api, "100")
    child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert await child.stdout.readline() == b"ready\n"
    return child


@pytest.mark.parametrize("delay", [0.0, 0.05])
async def test_the_allowed_pace_is_kept_in_every_second_by_two_lanes_together(database_url, knowledge, crowd, delay):
    crowd.delay = delay
    db = opened(database_url, new_key())
    town = await Town(db, knowledge).settle()
    await town.people(130)
    notice = await town.agreed()
    await begin(town, notice.id)
    api = BotApi(crowd.api, "", TOKEN)
    await api.open()
    lanes = [lane(db, api, town.services, 50.0) for _ in range(2)]
    for each in lanes:
        each.start()
    while len(crowd.calls) < 60:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    busy = next(each for each in lanes if each._runs)
    await busy.stop()  # The other one takes over, and knows nothing of what went out in this second.
    await until(town, notice.id, NoticeState.COMPLETED)
    await lanes[1 - lanes.index(busy)].stop()
    assert crowd.got() == dict.fromkeys(range(1, 131), 1)
    assert crowd.most_in_a_second() <= 50
    await api.close()
    await db.close()


async def test_one_person_gets_no_two_messages_within_a_second(database_url, knowledge, crowd):
    db = opened(database_url, new_key())
    town = await Town(db, knowledge).settle()
    await town.people(5)
    both = [await town.agreed(), await town.agreed(title="又一条")]
    for notice in both:
        await begin(town, notice.id)
    api = BotApi(crowd.api, "", TOKEN)
    await api.open()
    bulk = lane(db, api, town.services, 500.0)
    bulk.start()
    for notice in both:
        await until(town, notice.id, NoticeState.COMPLETED)
    await bulk.stop()
    assert crowd.got() == dict.fromkeys(range(1, 6), 2)
    assert crowd.closest() >= PER_CHAT
    await api.close()
    await db.close()


def test_nobody_pays_for_haste_without_saying_so(tmp_path):
    with pytest.raises(ValidationError, match="NUANXIN_BULK_PAID"):
        Settings(var=tmp_path, bulk_per_second=31, _env_file=None)
    assert Settings(var=tmp_path, bulk_per_second=1000, bulk_paid=True, _env_file=None).bulk_per_second == 1000


@pytest.mark.parametrize("paid", [False, True])
async def test_only_who_pays_tells_telegram_so_and_only_for_what_is_sent(database_url, knowledge, crowd, paid):
    db = opened(database_url, new_key())
    town = await Town(db, knowledge).settle()
    await town.people(3)
    notice = await town.agreed()
    api = BotApi(crowd.api, "", TOKEN)
    await api.open()
    bulk = lane(db, api, town.services, 500.0, paid=paid)
    bulk.start()
    await begin(town, notice.id)
    await until(town, notice.id, NoticeState.COMPLETED)
    async with db.begin() as session:
        original = await notices.get(session, notice.id, lock=True)
        undone = await corrections.recall(session, original, town.author)
    await begin(town, undone.id)
    await until(town, undone.id, NoticeState.COMPLETED)
    await bulk.stop()
    said = {
        method: {"allow_paid_broadcast" in call for _, name, _, call in crowd.calls if name == method}
        for method in ("sendMessage", "deleteMessage")
    }
    assert said == {"sendMessage": {paid}, "deleteMessage": {False}}
    await api.close()
    await db.close()


async def test_a_reply_does_not_wait_for_a_notice(database_url, knowledge, crowd, tmp_path):
    settings = Settings(
        var=tmp_path,
        database_url=database_url,
        port=free_port(),
        search="lexical",
        quiet_hours="0-0",
        web_chat=False,
        telegram_token=TOKEN,
        telegram_api_url=crowd.api,
        bulk_per_second=20,
        _env_file=None,
    )
    app = Application(settings, knowledge)
    hasten(app)
    town = await Town(app.db, knowledge).settle()
    await town.people(150)
    notice = await town.agreed()
    await begin(town, notice.id)
    await app.start()
    while len(crowd.calls) < 20:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    before, asked = len(crowd.calls), time.monotonic()
    crowd.write(7, 900, "/help")
    while 900 not in crowd.got():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    answered = next(at for at, _, chat, _ in crowd.calls if chat == 900)
    assert answered - asked < 1.0
    assert [chat for _, _, chat, _ in crowd.calls].index(900) - before <= 20  # what may leave in a second
    assert (await town.now(notice.id)).state == NoticeState.SENDING
    await app.stop()
    assert CopyState.SENDING not in await tally(town, notice.id)
    assert crowd.most_in_a_second() <= 20 + 1  # The reply went out at once, and the notice gave way after it.


async def test_a_pace_below_one_a_second_is_kept():
    rate_limiter = RateLimiter(0.5)
    rate_limiter.answered(await rate_limiter.turn(1), 1)
    assert 1.9 < rate_limiter._wait() <= 2.1


def test_replies_without_any_notice_are_forgotten():
    rate_limiter = RateLimiter(25.0)
    rate_limiter._window = 0.0
    for chat in range(100):
        rate_limiter.spend(chat)
    assert len(rate_limiter._known) == 1


@pytest.fixture
def clock(monkeypatch):
    """The clock on the wall, to be put forward and back; the monotonic one goes on as ever."""

    class Wall(datetime):
        ahead = timedelta()

        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + cls.ahead

    monkeypatch.setattr(base, "datetime", Wall)
    return Wall


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_jumps_sends_nothing_twice_and_keeps_the_pace(database_url, knowledge, crowd, clock, hours):
    crowd.delay = 0.05
    db = opened(database_url, new_key())
    town = await Town(db, knowledge).settle()
    await town.people(90)
    notice = await town.agreed()
    await begin(town, notice.id)
    api = BotApi(crowd.api, "", TOKEN)
    await api.open()
    bulk = lane(db, api, town.services, 50.0)
    bulk.start()
    while len(crowd.calls) < 30:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    clock.ahead = timedelta(hours=hours)
    await asyncio.sleep(0.3)
    clock.ahead = timedelta()
    await until(town, notice.id, NoticeState.COMPLETED)
    await bulk.stop()
    assert crowd.got() == dict.fromkeys(range(1, 91), 1)
    assert await tally(town, notice.id) == {CopyState.SENT: 90}
    assert crowd.most_in_a_second() <= 50
    await api.close()
    await db.close()


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Urumqi", "Pacific/Kiritimati"])
def zone(request, monkeypatch):
    """The process believes that it is somewhere else."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("at", "wakes"),
    [
        ("2026-11-22T13:59:00+00:00", "2026-11-22T13:59:00+00:00"),  # 21:59 in China: still the evening
        ("2026-11-22T14:00:00+00:00", "2026-11-23T00:00:00+00:00"),  # 22:00
        ("2026-11-22T15:59:00+00:00", "2026-11-23T00:00:00+00:00"),
        ("2026-11-22T16:00:00+00:00", "2026-11-23T00:00:00+00:00"),  # past China's midnight
        ("2026-11-23T00:00:00+00:00", "2026-11-23T00:00:00+00:00"),  # 8:00
        ("2026-03-08T06:30:00+00:00", "2026-03-08T06:30:00+00:00"),  # New York's clocks go forward this night
        ("2026-11-01T05:30:00+00:00", "2026-11-01T05:30:00+00:00"),  # and back this night
    ],
)
def test_quiet_hours_are_those_of_china_wherever_the_process_runs(zone, at, wakes):
    assert quiet_hours.waking(datetime.fromisoformat(at)) == datetime.fromisoformat(wakes)
    assert quiet_hours.waking(datetime.fromisoformat(at).astimezone()) == datetime.fromisoformat(wakes)
