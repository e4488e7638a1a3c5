"""Pages that wait for news: as many as there is room for, and whoever finds none is told so in words."""

import asyncio
import contextlib
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import Engine, event

from bot.channels.web import news
from bot.doors.waiting import AT_ONCE, PLACES
from bot.services.core.lifecycle import Role
from tests.support.desk import Desk
from tests.support.web_driver import eventually

PATIENCE = 20  # seconds; who is not let go waits for longer


@asynccontextmanager
async def idle(app, phone, count):
    """So many pages of somebody who knows all that was said, each waiting; yields what they were answered so far."""
    known = (await phone._events())["event"]

    async def page():
        async with phone.http.get(f"{phone.url}/chat/events", params={"after": known}) as answer:
            return answer.status, await answer.json()

    before, pages = app.server.app[PLACES].total, [asyncio.create_task(page()) for _ in range(count)]

    async def waiting():
        return app.server.app[PLACES].total - before >= count

    await eventually(waiting)
    yield pages
    for each in pages:
        each.cancel()
    await asyncio.gather(*pages, return_exceptions=True)


@pytest.mark.parametrize(("limit", "status"), [("each", 429), ("most", 503)])
async def test_who_finds_no_room_to_wait_is_told_when_to_come_again(app, phone, phones, limit, status):
    await phone.types("你好")
    other = await phones()
    await other.types("你好")
    setattr(app.server.app[PLACES], limit, 3)
    async with idle(app, phone, 3):
        known = (await other._events())["event"]
        async with other.http.get(f"{other.url}/chat/events", params={"after": known}) as answer:
            refused = await answer.json()
        assert (answer.status, refused["why"]) == (status, "busy")
        assert int(answer.headers["Retry-After"]) > 0
        assert refused["error"]
        async with other.http.get(f"{other.url}/chat/events", params={"after": known - 1}) as answer:
            assert (await answer.json())["event"] == known  # Who has not heard everything need not wait for that.

    async def free():
        return not app.server.app[PLACES].total

    assert await eventually(free)


async def test_a_page_of_the_console_finds_no_room_either(app, phone):
    await phone.types("你好")
    app.server.app[PLACES].each = 2
    async with Desk(app, Role.ADMIN) as desk, idle(app, phone, 2):
        answer = await desk.http.get(f"{desk.url}/console/events", params={"topics": "appeals"})
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) > 0


async def test_pages_whose_time_is_up_ask_the_database_nothing(app, phone, monkeypatch):
    await phone.types("你好")
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        if "web_messages" in statement:
            asked.append(statement)

    monkeypatch.setattr(news, "WAIT", 0.2)
    known = (await phone._events())["event"]
    event.listen(Engine, "before_cursor_execute", note)
    try:
        async with phone.http.get(f"{phone.url}/chat/events", params={"after": known}) as answer:
            said = await answer.json()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert said["event"] == known
    assert not said["messages"]
    assert not asked


async def test_a_stop_lets_everybody_go_who_waits(app, phone):
    await phone.types("你好")
    async with idle(app, phone, 100) as pages, asyncio.timeout(PATIENCE):
        await app.web_chat.stop()
        assert {(await each)[0] for each in pages} == {200}


async def test_pages_that_come_all_at_once_let_others_in_between(app, phone):
    await phone.types("你好")
    known = (await phone._events())["event"]
    cookies = "; ".join(f"{each.key}={each.value}" for each in phone.http.cookie_jar)
    asked = f"GET /chat/events?after={known} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n\r\n".encode()
    places = app.server.app[PLACES]
    opened = [await asyncio.open_connection("127.0.0.1", app.port) for _ in range(10 * AT_ONCE)]
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    try:
        for _, each in opened:
            each.write(asked)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        async with asyncio.timeout(PATIENCE):
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            assert places.total < len(opened) / 2

            async def waiting():
                return places.total == len(opened)

            assert await eventually(waiting)
    finally:
        for _, each in (*opened, (reader, writer)):
            each.close()


async def test_one_connection_too_many_is_answered_at_once_and_the_others_stay(app, phone):
    await phone.opens()
    [runner] = app.server.runners
    (site,) = runner.sites
    site.most = len(runner.server.connections) + 3
    opened = [await asyncio.open_connection("127.0.0.1", app.port) for _ in range(4)]
    try:
        async with asyncio.timeout(PATIENCE):
            assert (await opened[-1][0].read()).startswith(b"HTTP/1.1 503")
        async with phone.http.get(f"{phone.url}/healthz") as answer:
            assert answer.status == 200  # Its connection was there before.
    finally:
        for _, writer in opened:
            writer.close()
            with contextlib.suppress(OSError):  # The other side was first.
                await writer.wait_closed()
