"""Webhook delivery: in order per line, again until 2xx, once per process, and by the next process after a crash."""

import asyncio
import contextlib
import itertools
import signal
import socket
import sys
import time
from datetime import timedelta

import pytest
from aiohttp import web
from sqlalchemy import select, text, update

from bot.channels.web import updates
from bot.channels.web.rows import UPDATES
from bot.channels.web.updates import Waiting
from bot.store.models import now
from tests.support import web_driver
from tests.support.web_driver import FAST, Bot, Person, Server, Webhook, eventually

web_database, web_key, web_server = web_driver.web_database, web_driver.web_key, web_driver.web_server
web_http, web_bot, web_worker = web_driver.web_http, web_driver.web_bot, web_driver.web_worker
web_hook = web_driver.web_hook

PRESS = {"inline_keyboard": [[{"text": "好", "callback_data": "yes"}]]}


async def echo(update_: dict) -> dict:
    """A method in the answer, as the fastest bots do it."""
    message = update_["message"]
    return {"method": "sendMessage", "chat_id": message["chat"]["id"], "text": f"听到：{message['text']}"}


async def test_an_update_is_posted_with_the_secret_and_its_answer_is_carried_out(web_bot, web_worker, web_hook):
    web_hook.answer = echo
    await web_bot("setWebhook", url=web_hook.url, secret_token="s3cret")
    await web_worker.says("您好")
    await web_bot.server.settled()

    assert await web_worker.hears() == ["听到：您好"]
    assert web_hook.headers[0]["X-Telegram-Bot-Api-Secret-Token"] == "s3cret"
    assert (await web_bot("getWebhookInfo")) == {
        "url": web_hook.url,
        "has_custom_certificate": False,
        "pending_update_count": 0,
        "max_connections": 40,
    }


async def test_what_waited_before_the_webhook_was_set_is_delivered(web_bot, web_worker, web_hook):
    await web_worker.says("一")
    await web_worker.says("二")
    await web_bot("setWebhook", url=web_hook.url)

    await web_hook.got(2)
    assert web_hook.texts == ["一", "二"]


async def test_a_chat_is_served_strictly_in_order(web_bot, web_worker, web_hook):
    await web_bot("setWebhook", url=web_hook.url)
    for number in range(30):
        await web_worker.says(str(number))
    await web_bot.server.settled()

    assert web_hook.texts == [str(number) for number in range(30)]


async def test_a_failing_head_holds_its_own_line_back_and_nobody_else_s(web_bot, web_http, web_hook):
    ill = {"on": True}

    async def answer(update_):
        ours = update_["message"]["chat"]["id"] == 101
        return web.Response(status=500) if ours and ill["on"] else None

    web_hook.answer = answer
    await web_bot("setWebhook", url=web_hook.url)
    first, second = Person(web_bot.server, web_http, 101), Person(web_bot.server, web_http, 102)
    await first.says("一")
    await first.says("二")
    await second.says("别人")
    await web_hook.got(4)  # three tries of the head at least, and the other person's
    seen = list(web_hook.texts)
    info = await web_bot("getWebhookInfo")
    ill["on"] = False
    await web_bot.server.settled()

    assert "二" not in seen
    assert "别人" in seen
    assert web_hook.texts[-2:] == ["一", "二"]
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
    assert info["pending_update_count"] == 2


async def test_a_press_may_overtake_a_message(web_bot, web_worker, web_hook):
    sent = await web_bot("sendMessage", chat_id=101, text="x", reply_markup=PRESS)
    free = asyncio.Event()

    async def answer(update_):
        if "message" in update_:
            await free.wait()
        return

    web_hook.answer = answer
    await web_bot("setWebhook", url=web_hook.url)
    await web_worker.says("慢")
    await web_worker.presses(sent["message_id"], "yes")
    found = await web_hook.got(2)
    free.set()
    await web_bot.server.settled()

    assert [set(each) - {"update_id"} for each in found] == [{"message"}, {"callback_query"}]
    assert len(web_hook.updates) == 2


async def test_a_failure_is_retried_later_each_time(web_bot, web_worker, web_hook):
    times = []

    async def answer(update_):
        times.append(time.monotonic())
        return web.Response(status=503) if len(times) < 4 else None

    web_hook.answer = answer
    await web_bot("setWebhook", url=web_hook.url)
    await web_worker.says("x")
    await web_bot.server.settled()

    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(pauses) == 3
    assert all(pause >= wanted for pause, wanted in zip(pauses, (0.05, 0.1, 0.2), strict=True))  # seconds, as FAST says


async def test_the_webhook_may_ask_for_more_time(web_bot, web_worker, web_hook):
    times = []

    async def answer(update_):
        times.append(time.monotonic())
        return web.Response(status=429, headers={"Retry-After": "1"}) if len(times) == 1 else None

    web_hook.answer = answer
    await web_bot("setWebhook", url=web_hook.url)
    await web_worker.says("x")
    await web_bot.server.settled()

    assert times[1] - times[0] >= 1


async def test_a_webhook_that_is_away_is_found_when_it_comes_back(web_bot, web_worker):
    async def last_error():
        return (await web_bot("getWebhookInfo")).get("last_error_message")

    with socket.socket() as spare:
        spare.bind(("127.0.0.1", 0))
        port = spare.getsockname()[1]
    await web_bot("setWebhook", url=f"http://127.0.0.1:{port}/hook")
    await web_worker.says("有人吗")
    error = await eventually(last_error)
    hook = Webhook()
    runner = web.AppRunner(app := web.Application())
    app.router.add_post("/hook", hook._take)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await web_bot.server.settled()
    await runner.cleanup()

    assert error.startswith("Connection failed")
    assert hook.texts == ["有人吗"]


@pytest.mark.parametrize(
    "answer",
    [
        {"method": "getMe"},
        {"method": "deleteWebhook"},
        {"method": "noSuchMethod"},
        {"method": "sendMessage", "chat_id": 101, "text": ""},
        {"method": 5},
        {"no": "method"},
    ],
)
async def test_an_answer_that_carries_nothing_useful_still_counts_as_taken(web_bot, web_worker, web_hook, answer):
    async def answered(update_):
        return answer

    web_hook.answer = answered
    await web_bot("setWebhook", url=web_hook.url)
    await web_worker.says("x")
    await web_bot.server.settled()

    assert len(web_hook.updates) == 1
    assert (await web_bot("getWebhookInfo"))["url"] == web_hook.url
    assert await web_worker.hears() == []


async def test_a_method_in_the_answer_that_breaks_us_is_not_repeated(web_bot, web_worker, web_hook, monkeypatch):
    from bot.channels.web.methods import METHODS

    async def broken(call):
        raise RuntimeError("a bug of ours")

    monkeypatch.setitem(METHODS, "sendmessage", broken)
    web_hook.answer = echo
    await web_bot("setWebhook", url=web_hook.url)
    await web_worker.says("x")
    await web_bot.server.settled()

    assert len(web_hook.updates) == 1


async def test_an_expired_update_does_not_hold_its_line(web_bot, web_worker, web_hook):
    await web_worker.says("昨天")
    async with web_bot.server.db.connect() as connection:
        await connection.execute(update(UPDATES).values(expires_at=now() - timedelta(seconds=1)))
    await web_bot("setWebhook", url=web_hook.url)
    await web_worker.says("今天")
    await web_bot.server.settled()

    assert web_hook.texts == ["今天"]


async def test_pending_updates_are_dropped_only_on_request(web_bot, web_worker, web_hook):
    await web_worker.says("旧")
    await web_bot("setWebhook", url=web_hook.url, drop_pending_updates=True)
    await web_worker.says("新")
    await web_bot.server.settled()

    assert web_hook.texts == ["新"]


async def test_stop_finishes_what_is_in_flight_and_leaves_the_rest(web_database, web_key, tmp_path, web_http, web_hook):
    began, free = asyncio.Event(), asyncio.Event()

    async def answer(update_):
        began.set()
        await free.wait()
        return await echo(update_)

    web_hook.answer = answer
    server = await Server(web_database, tmp_path, key=web_key).start()
    worker = Person(server, web_http, 101)
    await Bot(server, web_http)("setWebhook", url=web_hook.url)
    await worker.says("一")
    await began.wait()
    await worker.says("二")
    stopping = asyncio.create_task(server.stop())
    await asyncio.sleep(0)
    free.set()
    await stopping

    assert web_hook.texts == ["一"]
    after = await Server(web_database, tmp_path, key=web_key).start()
    await after.settled()
    heard = await Person(after, web_http, 101).hears()
    await after.stop()
    assert web_hook.texts == ["一", "二"]
    assert heard == ["听到：一", "听到：二"]


async def test_two_processes_share_the_work_and_deliver_nothing_twice(
    web_database, web_key, tmp_path, web_http, web_hook
):
    web_hook.answer = echo
    both = [await Server(web_database, tmp_path, key=web_key).start() for _ in range(2)]
    await Bot(both[0], web_http)("setWebhook", url=web_hook.url)
    for number in range(20):
        await asyncio.gather(
            *(Person(both[(number + worker) % 2], web_http, worker).says(str(number)) for worker in (101, 102, 103))
        )
    for server in both:
        await server.settled()
    by_worker = {worker: [] for worker in (101, 102, 103)}
    for each in web_hook.updates:
        by_worker[each["message"]["chat"]["id"]].append(each["message"]["text"])
    for server in both:
        await server.stop()

    assert by_worker == {worker: [str(number) for number in range(20)] for worker in by_worker}
    assert len({each["update_id"] for each in web_hook.updates}) == 60


async def test_a_page_at_one_process_hears_what_another_one_wrote(web_database, web_key, tmp_path, web_http):
    here, there = [await Server(web_database, tmp_path, key=web_key).start() for _ in range(2)]
    worker = Person(here, web_http, 101)
    await worker.says("x")
    _, state = await worker.get("/chat/events")
    waiting = asyncio.create_task(worker.get("/chat/events", after=state["event"]))
    polling = asyncio.create_task(Bot(here, web_http).updates(offset=2**40, timeout=20))
    await Bot(there, web_http)("sendMessage", chat_id=101, text="从那边来")
    async with asyncio.timeout(5):
        _, news = await waiting
    newer = asyncio.create_task(Bot(there, web_http).updates(timeout=1))
    with pytest.raises(web_driver.Refusal) as refusal:
        await polling
    await newer
    await here.stop()
    await there.stop()

    assert [each["text"] for each in news["messages"]] == ["从那边来"]
    assert refusal.value.status == 409


async def test_a_lease_is_kept_while_the_webhook_thinks(web_database, web_key, tmp_path, web_http, web_hook):
    """Longer than the lease, with another process looking for work all the time."""
    free = asyncio.Event()

    async def answer(update_):
        await free.wait()
        return await echo(update_)

    web_hook.answer = answer
    both = [await Server(web_database, tmp_path, key=web_key).start() for _ in range(2)]
    worker = Person(both[0], web_http, 101)
    await Bot(both[0], web_http)("setWebhook", url=web_hook.url)
    await worker.says("想一想")
    await web_hook.got(1)
    asyncio.get_running_loop().call_later(FAST.lease * 2, free.set)
    await both[0].settled()
    for server in both:
        await server.stop()

    assert len(web_hook.updates) == 1


async def test_an_answer_that_comes_after_its_lease_was_lost_changes_nothing(
    web_database, web_key, tmp_path, web_http, web_hook
):
    """A process that slept too long: another one has delivered the update meanwhile, and carried out its answer."""
    free = asyncio.Event()

    async def answer(update_):
        if len(web_hook.updates) == 1:
            await free.wait()
        return await echo(update_)

    web_hook.answer = answer
    slow = await Server(web_database, tmp_path, key=web_key).start()
    worker = Person(slow, web_http, 101)
    await Bot(slow, web_http)("setWebhook", url=web_hook.url)
    await worker.says("一次")
    await web_hook.got(1)
    async with slow.db.connect() as connection:
        await connection.execute(update(UPDATES).values(due_at=now() - timedelta(seconds=1)))
    other = await Server(web_database, tmp_path, key=web_key).start()
    await web_hook.got(2)
    await other.settled()
    free.set()
    await slow.stop()
    heard = await Person(other, web_http, 101).hears()
    await other.stop()

    assert heard == ["听到：一次"]


async def test_only_one_of_two_who_saw_the_same_update_gets_it(web_bot, web_worker):
    await web_worker.says("x")
    await web_bot("setWebhook", url="http://127.0.0.1:9/hook")
    seen = now() - timedelta(seconds=5)
    async with web_bot.server.db.connect() as connection:
        await connection.execute(update(UPDATES).values(due_at=seen))
        bot_id, number = (await connection.execute(select(UPDATES.c.bot_id, UPDATES.c.update_id))).one()
        both = [Waiting(bot_id, number, "chat:101", {}, 0, seen, now(), {}) for _ in range(2)]
        got = [await updates.hold(connection, each, now() + timedelta(seconds=9)) for each in both]

    assert got == [True, False]


async def test_a_killed_process_loses_nothing_and_repeats_at_most_what_was_in_flight(
    web_database, web_key, tmp_path, web_http, web_hook
):
    """SIGKILL while one update is being handled and others wait: the next process delivers them all, in order."""
    killed = asyncio.Event()

    async def answer(update_):
        if len(web_hook.updates) == 3:
            victim.send_signal(signal.SIGKILL)
            await victim.wait()
            killed.set()
        return await echo(update_)

    web_hook.answer = answer
    with socket.socket() as spare:
        spare.bind(("127.0.0.1", 0))
        port = spare.getsockname()[1]
    victim = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.web_driver", web_database, web_key, str(tmp_path), str(port)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert victim.stdout is not None
    assert await victim.stdout.readline() == b"ready\n"
    away = Server(web_database, tmp_path, key=web_key)
    away.url = f"http://127.0.0.1:{port}"
    worker, accepted = Person(away, web_http, 101), [str(number) for number in range(10)]
    for number in accepted:
        await worker.says(number)
    with contextlib.suppress(OSError, web_driver.aiohttp.ClientError):
        await Bot(away, web_http)("setWebhook", url=web_hook.url)
    async with asyncio.timeout(10):
        await killed.wait()
    await away.db.close()
    after = await Server(web_database, tmp_path, key=web_key).start()
    await after.settled()
    heard = await Person(after, web_http, 101).hears()
    await after.stop()

    repeated = [text_ for index, text_ in enumerate(web_hook.texts) if text_ in web_hook.texts[:index]]
    assert list(dict.fromkeys(web_hook.texts)) == accepted
    assert repeated == ["2"]
    assert heard == [f"听到：{text_}" for text_ in accepted]


async def test_a_message_is_in_the_table_before_its_post_is_answered(web_database, web_key, tmp_path, web_http):
    server = await Server(web_database, tmp_path, key=web_key).start()
    await Person(server, web_http, 101).says("写下了")
    async with server.db.connect() as connection:
        waiting = (await connection.execute(text("select count(*) from web_updates"))).scalar_one()
    await server.stop()

    assert waiting == 1
