"""Whoever opens connections and says nothing, or half of something, does not keep them."""

import asyncio
import contextlib
import socket
import time

import aiohttp
import pytest

from bot.doors import connections

MANY = 100
PATIENCE = 20  # seconds; who is never closed waits for longer


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"POST /chat/mess"])
async def test_a_connection_whose_request_never_comes_is_closed(app, monkeypatch, said):
    monkeypatch.setattr(connections, "HEAD", 0.3)
    opened = [await asyncio.open_connection("127.0.0.1", app.port) for _ in range(MANY)]
    for _, writer in opened:
        writer.write(said)
    async with asyncio.timeout(PATIENCE):
        assert {await reader.read() for reader, _ in opened} == {b""}
    for _, writer in opened:
        await shut(writer)


async def test_whoever_has_asked_once_keeps_the_connection(app, monkeypatch):
    monkeypatch.setattr(connections, "HEAD", 0.05)
    made, trace = [], aiohttp.TraceConfig()

    async def note(*_):
        made.append(1)

    trace.on_connection_create_end.append(note)
    async with aiohttp.ClientSession(trace_configs=[trace]) as http:
        for _ in range(2):
            async with http.get(f"http://127.0.0.1:{app.port}/healthz") as answer:
                assert answer.status == 200
            silent, writer = await asyncio.open_connection("127.0.0.1", app.port)
            assert await silent.read() == b""  # By now the first one would have been closed, too.
            await shut(writer)
    assert len(made) == 1


async def test_what_came_while_the_server_itself_was_late_is_answered(app, monkeypatch):
    """Timers go before sockets, so at first its own lateness looks like the other side's."""
    monkeypatch.setattr(connections, "HEAD", 0.2)
    loop, (bell, rope) = asyncio.get_running_loop(), socket.socketpair()
    asked = socket.create_connection(("127.0.0.1", app.port))
    while not app.server.runners[0].server.connections:  # noqa: ASYNC110 (the server tells nobody)
        await asyncio.sleep(0)

    def late() -> None:
        loop.remove_reader(bell)
        asked.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        time.sleep(0.3)  # It holds up the loop that the server runs on, too.

    with bell, rope, asked:
        loop.add_reader(bell, late)
        rope.send(b"!")
        asked.setblocking(False)
        async with asyncio.timeout(PATIENCE):
            assert (await loop.sock_recv(asked, 99)).startswith(b"HTTP/1.1 200")


async def shut(writer) -> None:
    writer.close()
    with contextlib.suppress(OSError):  # The other side was first.
        await writer.wait_closed()
