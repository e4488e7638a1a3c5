"""Driving the web chat in tests: a server on a free port, a scripted bot behind a webhook, people on the page.

`python -m tests.support.web_driver URL KEY FOLDER PORT` serves one on its own, to be killed.
"""

import asyncio
import io
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import event

from bot.channels.web import Clocks, WebChat
from bot.doors.waiting import PLACES, Places
from bot.store import db as store
from bot.store.models import Base
from bot.store.vault import Vault, new_key
from knowledge import hotlines
from tests.support import databases

SECRET = "a secret of thirty-two characters!"
TOKEN = "4711:WEB"
FAST = Clocks(look=0.05, lease=0.6, first_retry=0.05, last_retry=0.2, conflict=0.2, grace=2.0)
MARK = {"X-Nuanxin-Chat": "1"}
TABLES = [each for each in Base.metadata.sorted_tables if each.name.startswith(("web_", "wechat_"))]
EMPTY: list[bytes] = []  # an SQLite file with all tables, made once: creating them takes longer than most tests
Answer = Callable[[dict[str, Any]], Awaitable[web.StreamResponse | dict[str, Any] | None]]


@asynccontextmanager
async def database(folder: Path) -> AsyncIterator[str]:
    """A fresh database with all tables; its URL."""
    if databases.is_meant():
        async with WEB.borrowed() as name:
            yield databases.url(name)
        return
    file = folder / "web.db"
    if not EMPTY:
        await _create(f"sqlite:///{file}")
        EMPTY.append(file.read_bytes())
    file.write_bytes(EMPTY[0])
    yield f"sqlite:///{file}"


async def _make(name: str) -> None:
    await databases.execute(f'CREATE DATABASE "{name}"')
    await _create(databases.url(name))


WEB = databases.Pool(_make)


def opened(url: str, key: str) -> store.Database:
    """The database, without waiting for the disk: a killed process loses nothing by that, only a power cut does."""
    db = store.connect(url, Vault.parse(key, SECRET))
    if db.dialect == "sqlite":
        event.listen(db.engine.sync_engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
    return db


async def _create(url: str) -> None:
    db = opened(url, new_key())
    async with db.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all, tables=TABLES)
    await db.close()


class Server:
    """A web chat on a free port."""

    def __init__(self, url: str, folder: Path, *, key: str, **options: Any) -> None:
        self.db = opened(url, key)
        settings = {"token": TOKEN, "clocks": FAST, "demo": True, "messages_a_minute": None}
        settings |= {"hotlines": hotlines.load().values()} | options
        self.chat = WebChat(self.db, secret=SECRET, files=folder / "files", **settings)
        self.url = ""
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> "Server":
        app = web.Application()
        app[PLACES] = Places()
        app.add_routes(self.chat.routes())
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        await self.chat.start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def settled(self) -> None:
        async with asyncio.timeout(15):
            await self.chat.settled()

    async def stop(self) -> None:
        await self.chat.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        await self.db.close()


class Refusal(Exception):
    """The Bot API said no."""

    def __init__(self, status: int, body: dict[str, Any], headers: Any) -> None:
        super().__init__(body.get("description"))
        self.status, self.body, self.headers = status, body, headers

    @property
    def description(self) -> str:
        return str(self.body["description"])


class Bot:
    """A bot that calls the Bot API."""

    def __init__(self, server: Server, http: aiohttp.ClientSession, token: str = TOKEN) -> None:
        self.server, self.http, self.token = server, http, token

    @property
    def base(self) -> str:
        return f"{self.server.url}/bot{self.token}"

    async def __call__(self, method: str, *, key: str = "", **parameters: Any) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        async with self.http.post(f"{self.base}/{method}", json=parameters, headers=headers) as response:
            return await self.result(response)

    async def form(self, method: str, **fields: Any) -> Any:
        """A multipart call; bytes are files."""
        form = aiohttp.FormData()
        for name, value in fields.items():
            if isinstance(value, bytes):
                form.add_field(name, io.BytesIO(value), filename=f"{name}.bin")
            else:
                form.add_field(name, str(value))
        async with self.http.post(f"{self.base}/{method}", data=form) as response:
            return await self.result(response)

    async def result(self, response: aiohttp.ClientResponse) -> Any:
        body = await response.json()
        if not body["ok"]:
            assert response.status == body["error_code"]
            raise Refusal(response.status, body, response.headers)
        return body["result"]

    async def updates(self, **parameters: Any) -> list[dict[str, Any]]:
        return list(await self("getUpdates", **{"timeout": 5} | parameters))


class Person:
    """Somebody on the page: a worker of the demo, or a stranger with a cookie of their own."""

    def __init__(self, server: Server, http: aiohttp.ClientSession, worker: int | None = None) -> None:
        self.server, self.http, self.worker = server, http, worker

    async def get(self, path: str, **query: Any) -> tuple[int, Any]:
        async with self.http.get(self._url(path), params=self._query(query)) as response:
            return response.status, await response.json()

    async def post(
        self, path: str, body: Any, *, headers: dict[str, str] | None = None, **query: Any
    ) -> tuple[int, Any]:
        sent = {"data": body} if isinstance(body, bytes) else {"json": body}
        async with self.http.post(
            self._url(path), params=self._query(query), headers=MARK if headers is None else headers, **sent
        ) as response:
            return response.status, await response.json()

    async def opens(self) -> str:
        async with self.http.get(self._url("/chat"), params=self._query({})) as response:
            return await response.text()

    async def says(self, text: str, *, key: str = "") -> dict[str, Any]:
        status, body = await self.post("/chat/messages", {"key": key or secrets.token_hex(8), "text": text})
        assert status == 200, body
        return dict(body["message"])

    async def presses(self, message_id: int, data: str) -> str:
        status, body = await self.post("/chat/presses", {"message": message_id, "data": data})
        assert status == 200, body
        return str(body["press"])

    async def sees(self) -> list[dict[str, Any]]:
        return list((await self.get("/chat/events"))[1]["messages"])

    async def hears(self) -> list[str]:
        """The bot's texts, oldest first."""
        return [each["text"] for each in await self.sees() if not each["mine"]]

    def _url(self, path: str) -> str:
        return self.server.url + path

    def _query(self, query: dict[str, Any]) -> dict[str, Any]:
        return query | ({"as": self.worker} if self.worker else {})


@dataclass
class Webhook:
    """A bot behind a webhook: records what comes and answers as scripted."""

    answer: Answer | None = None
    updates: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    url: str = ""
    _runner: web.AppRunner | None = None

    async def start(self) -> "Webhook":
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"
        return self

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def got(self, count: int) -> list[dict[str, Any]]:
        """The updates, once there are that many."""
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: len(self.updates) >= count)
        return self.updates

    @property
    def texts(self) -> list[str]:
        return [each["message"]["text"] for each in self.updates if "message" in each]

    async def _take(self, request: web.Request) -> web.StreamResponse:
        update = await request.json()
        async with self.changed:
            self.updates.append(update)
            self.headers.append(request.headers)
            self.changed.notify_all()
        answered = await self.answer(update) if self.answer else None
        if isinstance(answered, web.StreamResponse):
            return answered
        return web.json_response(answered) if answered is not None else web.Response()


async def eventually(check: Callable[[], Awaitable[Any]]) -> Any:
    """What a check gives once it gives something; for states that no event announces to a test."""
    async with asyncio.timeout(60):  # A machine with much else to do takes its time; a fault takes for ever.
        while not (found := await check()):  # noqa: ASYNC110
            await asyncio.sleep(0)
    return found


@pytest.fixture
async def web_database(tmp_path: Path) -> AsyncIterator[str]:
    async with database(tmp_path) as url:
        yield url


@pytest.fixture
def web_key() -> str:
    """The vault's key: the same for every process of one test."""
    return new_key()


@pytest.fixture
async def web_server(web_database: str, web_key: str, tmp_path: Path) -> AsyncIterator[Server]:
    server = await Server(web_database, tmp_path, key=web_key).start()
    yield server
    await server.stop()


@pytest.fixture
async def web_http() -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)  # "unsafe" means: cookies of plain addresses, such as 127.0.0.1
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield session


@pytest.fixture
def web_bot(web_server: Server, web_http: aiohttp.ClientSession) -> Bot:
    return Bot(web_server, web_http)


@pytest.fixture
def web_worker(web_server: Server, web_http: aiohttp.ClientSession) -> Person:
    return Person(web_server, web_http, 101)


@pytest.fixture
async def web_hook() -> AsyncIterator[Webhook]:
    hook = await Webhook().start()
    yield hook
    await hook.stop()


async def _serve(url: str, key: str, folder: str, port: str) -> None:
    await Server(url, Path(folder), key=key).start(int(port))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
