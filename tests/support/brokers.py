"""Backends for tests: the real brokers on loopback, each test with queues of its own, and a wire that can be cut."""

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aio_pika
import nats
import orjson
import pytest
import redis.asyncio as redis
from aiohttp import web
from nats.js.errors import NotFoundError

from bot.doors import signature

SECRET = "shared with the backend and nobody else"


def needs(what: str, port: int) -> None:
    """Skip where a service is away; under CI that is a failure."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"{what} is not running on port {port}; docs/operations.md says how to start it")


class Wire:
    """A TCP connection to a broker that can be cut, and mended."""

    def __init__(self, port: int) -> None:
        self.target, self.port = port, 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            for each in self._open:
                each.transport.abort()
            self._server = None

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other, to_other = await asyncio.open_connection("127.0.0.1", self.target)
        self._open |= {writer, to_other}
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(_pump(reader, to_other), _pump(other, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


class Redis:
    """A backend on Redis Streams."""

    port = 6379

    def __init__(self, port: int) -> None:
        self.name = f"test-{secrets.token_hex(6)}"
        self.url = f"redis://127.0.0.1:{port}/0?name={self.name}"
        self._client = redis.Redis(port=self.port)

    async def events(self) -> list[dict[str, Any]]:
        """Everything that has come, in order."""
        entries = await self._client.xrange(f"{self.name}.events")
        return [orjson.loads(fields[b"data"]) for _, fields in entries]

    async def says(self, body: bytes) -> None:
        await self._client.xadd(f"{self.name}.status", {"data": body})

    async def remove(self) -> None:
        await self._client.delete(f"{self.name}.events", f"{self.name}.status")
        await self._client.aclose()


class Rabbit:
    """A backend on RabbitMQ."""

    port = 5672

    def __init__(self, port: int) -> None:
        self.name = f"test-{secrets.token_hex(6)}"
        self.url = f"amqp://guest:guest@127.0.0.1:{port}/?name={self.name}"
        self._came: list[dict[str, Any]] = []

    @asynccontextmanager
    async def _channel(self) -> AsyncIterator[Any]:
        async with await aio_pika.connect(port=self.port) as connection:
            yield await connection.channel()

    async def events(self) -> list[dict[str, Any]]:
        async with self._channel() as channel:
            queue = await channel.declare_queue(f"{self.name}.events", durable=True)
            while message := await queue.get(fail=False):
                await message.ack()
                self._came.append(orjson.loads(message.body))
        return self._came

    async def says(self, body: bytes) -> None:
        async with self._channel() as channel:
            await channel.default_exchange.publish(aio_pika.Message(body), f"{self.name}.status")

    async def remove(self) -> None:
        async with self._channel() as channel:
            await channel.queue_delete(f"{self.name}.events")
            await channel.queue_delete(f"{self.name}.status")


class Nats:
    """A backend on NATS JetStream."""

    port = 4222

    def __init__(self, port: int) -> None:
        self.name = f"test-{secrets.token_hex(6)}"
        self.url = f"nats://127.0.0.1:{port}?name={self.name}"

    @asynccontextmanager
    async def _stream(self) -> AsyncIterator[Any]:
        client = await nats.connect(f"nats://127.0.0.1:{self.port}")
        try:
            yield client.jetstream()
        finally:
            await client.close()

    async def events(self) -> list[dict[str, Any]]:
        found = []
        with contextlib.suppress(NotFoundError):  # Nobody has made it yet.
            async with self._stream() as stream:
                state = (await stream.stream_info(self.name)).state
                found = [await stream.get_msg(self.name, seq) for seq in range(1, state.last_seq + 1)]
        return [orjson.loads(each.data) for each in found if each.subject == f"{self.name}.events"]

    async def says(self, body: bytes) -> None:
        async with self._stream() as stream:
            await stream.publish(f"{self.name}.status", body)

    async def remove(self) -> None:
        async with self._stream() as stream:
            await stream.delete_stream(self.name)


@dataclass
class Address:
    """A backend behind an address: takes signed events, and answers as told."""

    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)  # for the next requests; then 202
    got: list[dict[str, Any]] = field(default_factory=list)  # what was taken
    keys: list[str] = field(default_factory=list)  # of all requests
    url: str = ""
    _runner: web.AppRunner | None = None

    async def start(self) -> "Address":
        app = web.Application()
        app.router.add_post("/events", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/events"
        return self

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        signature.check(SECRET, request.headers, body)  # raises, and that is a 500
        self.keys.append(request.headers["Idempotency-Key"])
        status, answer = self.answers.pop(0) if self.answers else (202, {})
        if status < 300:
            self.got.append(orjson.loads(body))
        return web.json_response(answer, status=status)


async def eventually(check: Callable[[], Awaitable[Any]], seconds: float = 15.0) -> Any:
    """What a check gives once it gives something; for what happens in another process."""
    async with asyncio.timeout(seconds):
        while not (found := await check()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found
