"""What a drill needs around the replicas: a broker that can be killed, its consumer, a balancer, a Bot API server."""

import asyncio
import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import redis.asyncio as redis
from aiohttp import web

from bot.channels.web import Clocks
from bot.store.vault import new_key
from tests.conftest import free_port
from tests.support.web_driver import Server, database


class Broker:
    """A Redis server that keeps what it confirmed, also when it is killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0?name=drill"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        kept = ("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--dir", str(self.folder))
        self._process = await asyncio.create_subprocess_exec(
            *("redis-server", "--bind", "127.0.0.1", "--port", str(self.port), *kept),
            stdout=asyncio.subprocess.DEVNULL,
        )

    async def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


class Consumer:
    """The backend: an effect for each event it has not seen."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.seen: Counter[str] = Counter()  # times each id came
        self.effects: Counter[str] = Counter()  # by the story, which is one worker's
        self.numbers: set[str] = set()

    async def run(self) -> None:
        last = "0"
        while True:
            try:
                async with redis.Redis(port=self._broker.port) as client:
                    while True:
                        for _, entries in await client.xread({"drill.events": last}, count=500, block=500) or ():
                            for key, fields in entries:
                                last = key
                                self._take(orjson.loads(fields[b"data"]))
            except (redis.RedisError, OSError):
                await asyncio.sleep(0.1)  # It has been killed; there is nothing to wait on.

    def _take(self, event: dict[str, Any]) -> None:
        self.seen[event["id"]] += 1
        if self.seen[event["id"]] == 1 and event["type"] == "appeal.submitted":
            self.effects[event["data"]["story"]] += 1
            self.numbers.add(event["subject"])


class Balancer:
    """What stands before the replicas: any of them gets any update."""

    def __init__(self) -> None:
        self.port = free_port()
        self.targets: list[int] = []
        self.answered: Counter[int] = Counter()  # updates, by the status they were answered with
        self.seconds: list[float] = []  # until an update was acknowledged with 200
        self._http: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        self._http = aiohttp.ClientSession()
        app = web.Application()
        app.router.add_post("/telegram", self._pass)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._http is not None:
            await self._http.close()

    async def _pass(self, request: web.Request) -> web.Response:
        began = time.perf_counter()
        response = await self._forward(request)
        self.answered[response.status] += 1
        if response.status == 200:
            self.seconds.append(time.perf_counter() - began)
        return response

    async def _forward(self, request: web.Request) -> web.Response:
        assert self._http is not None
        kept = {name: value for name, value in request.headers.items() if name.startswith(("X-", "Content-Type"))}
        body = await request.read()
        for port in random.sample(self.targets, len(self.targets)):
            url = f"http://127.0.0.1:{port}/telegram"
            try:
                async with self._http.post(url, data=body, headers=kept) as response:
                    answer, kind = await response.read(), response.content_type
                    return web.Response(body=answer, status=response.status, content_type=kind)
            except aiohttp.ClientConnectorError:
                continue  # It is dead: the next one.
            except aiohttp.ClientError:
                break  # It died over this one; Telegram sends it again.
        return web.Response(status=502)

    async def ready(self) -> None:
        """Wait until all replicas listen."""
        assert self._http is not None
        for port in self.targets:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with self._http.get(f"http://127.0.0.1:{port}/healthz") as response:
                        if response.status == 200:
                            break
                await asyncio.sleep(0.1)  # It is another process: there is nothing to wait on.


@asynccontextmanager
async def bot_api(folder: Path) -> AsyncIterator[Server]:
    """A Bot API server in Telegram's place, with a database of its own; it is in less of a hurry than in tests."""
    folder.mkdir()  # noqa: ASYNC240
    clocks = Clocks(look=0.5, lease=10.0, first_retry=0.3, last_retry=1.0, conflict=1.0, grace=2.0)
    async with database(folder) as url:
        server = await Server(url, folder, key=new_key(), clocks=clocks).start()
        try:
            yield server
        finally:
            await server.stop()
