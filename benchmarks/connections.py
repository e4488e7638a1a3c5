"""Connections that only wait: requests whose head never ends are closed in time, and others are answered meanwhile.

    python -m benchmarks.connections [--half 300]

The demo runs in a process of its own on SQLite.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from benchmarks.machine import machine
from bot.doors.connections import HEAD
from tests.conftest import free_port

AT_ONCE = 250  # connections opened before the next look around
START = 60.0  # seconds until the demo listens

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Demo:
    """A running server."""

    port: int
    http: aiohttp.ClientSession

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
                server = Demo(port, http)
                await _listens(server)
                yield server
        finally:
            process.terminate()
            await process.wait()


async def _listens(server: Demo) -> None:
    async with asyncio.timeout(START):
        while True:
            try:
                await server.page()
                return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


async def opened(server: Demo, count: int, said: bytes) -> list[Connection]:
    """So many connections that have all said the same."""
    every: list[Connection] = []
    while len(every) < count:
        several = min(AT_ONCE, count - len(every))
        every += await asyncio.gather(*(asyncio.open_connection("127.0.0.1", server.port) for _ in range(several)))
        for _, writer in every[-several:]:
            writer.write(said)
    return every


async def half(server: Demo, count: int) -> str:
    """Requests whose head does not end."""
    every = await opened(server, count, b"GET /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ")
    begun, pages = time.monotonic(), [await server.page() for _ in range(50)]
    async with asyncio.timeout(3 * HEAD):
        said = Counter([await reader.read() for reader, _ in every])
    for _, writer in every:
        writer.close()
    return (
        f"{count} half requests: {said[b'']} closed after {time.monotonic() - begun:.0f} s, {_pages(pages)} meanwhile"
    )


def _pages(milliseconds: list[float]) -> str:
    return (
        f"pages in {statistics.median(milliseconds):.0f} ms (slowest of {len(milliseconds)}: {max(milliseconds):.0f})"
    )


async def _main(given: argparse.Namespace) -> None:
    print(machine())
    async with demo() as server:
        print(await half(server, given.half), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", type=int, default=300)
    asyncio.run(_main(parser.parse_args()))
