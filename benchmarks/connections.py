"""Connections that only wait: others are answered meanwhile, and a stop waits for none of them.

    python -m benchmarks.connections [--half 300] [--idle 9500]

Half requests, whose head never ends, are closed in time.  Idle pages, each a long poll from an address of its own,
are answered when their time is up.  The demo runs in a process of its own on SQLite.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from benchmarks.machine import machine
from bot.channels.web.news import WAIT
from bot.doors.connections import HEAD
from tests.conftest import free_port

AT_ONCE = 250  # connections opened before the next look around
START = 240.0  # seconds until the demo, which plays sixty days first, listens

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Demo:
    """A running server."""

    port: int
    http: aiohttp.ClientSession
    process: asyncio.subprocess.Process

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def page(self) -> float:
        """Milliseconds until the chat page has come."""
        begun = time.perf_counter()
        async with self.http.get(f"{self.url}/chat") as answer:
            await answer.read()
        return (time.perf_counter() - begun) * 1000


@asynccontextmanager
async def demo() -> AsyncIterator[Demo]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUANXIN_VAR": folder, "NUANXIN_PORT": str(port), "NUANXIN_SEARCH": "lexical"}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "demo"), env=environment, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
                server = Demo(port, http, process)
                await _listens(server)
                yield server
        finally:
            await stopped(process)


async def stopped(process: asyncio.subprocess.Process) -> str:
    """How a process ended that was told to, and how long that took."""
    begun = time.monotonic()
    if process.returncode is None:
        process.terminate()
    status = await process.wait()
    return f"stopped in {time.monotonic() - begun:.1f} s with status {status}"


async def _listens(server: Demo) -> None:
    async with asyncio.timeout(START):
        while True:
            try:
                await server.page()
                return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


async def opened(server: Demo, count: int, said: Callable[[int], bytes]) -> list[Connection]:
    """So many connections, each with what the one of its number says."""
    every: list[Connection] = []
    while len(every) < count:
        several = min(AT_ONCE, count - len(every))
        every += await asyncio.gather(*(asyncio.open_connection("127.0.0.1", server.port) for _ in range(several)))
        for number, (_, writer) in list(enumerate(every))[-several:]:
            writer.write(said(number))
    return every


async def half(server: Demo, count: int) -> str:
    """Requests whose head does not end."""
    every = await opened(server, count, lambda _: b"GET /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ")
    begun, pages = time.monotonic(), [await server.page() for _ in range(50)]
    async with asyncio.timeout(3 * HEAD):
        said = Counter([await reader.read() for reader, _ in every])
    for _, writer in every:
        writer.close()
    return (
        f"{count} half requests: {said[b'']} closed after {time.monotonic() - begun:.0f} s, {_pages(pages)} meanwhile"
    )


async def idle(server: Demo, count: int) -> str:
    """Pages that wait for news until their time is up; those that come then are still waiting when the demo stops."""
    every = await opened(server, count, lambda number: _poll(server, number))
    pages = [await server.page() for _ in range(50)]
    said = await asyncio.gather(*(_status(reader) for reader, _ in every))
    for number, (_, writer) in enumerate(every):
        writer.write(_poll(server, number))
    await server.page()
    ended = await stopped(server.process)
    for _, writer in every:
        writer.close()
    answered = ", ".join(f"{times} x {status}" for status, times in Counter(said).most_common())
    return f"{count} idle pages: {answered}, {_pages(pages)} meanwhile; asked once more and {ended}"


def _poll(server: Demo, number: int) -> bytes:
    address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    where = f"Host: 127.0.0.1:{server.port}\r\nX-Forwarded-For: {address}"
    return f"GET /chat/events?as=101&after=0 HTTP/1.1\r\n{where}\r\n\r\n".encode()


async def _status(reader: asyncio.StreamReader) -> str:
    """The status of the next answer, which is read whole; or why there is none."""
    try:
        async with asyncio.timeout(3 * WAIT):
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split()[0]))
            return head.split(maxsplit=2)[1].decode()
    except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
        return type(error).__name__


def _pages(milliseconds: list[float]) -> str:
    return (
        f"pages in {statistics.median(milliseconds):.0f} ms (slowest of {len(milliseconds)}: {max(milliseconds):.0f})"
    )


async def _main(given: argparse.Namespace) -> None:
    print(machine())
    async with demo() as server:
        print(await half(server, given.half), flush=True)
        print(await idle(server, given.idle), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", type=int, default=300)
    parser.add_argument("--idle", type=int, default=9_500)
    asyncio.run(_main(parser.parse_args()))
