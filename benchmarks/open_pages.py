"""What open pages of the console cost, and whether the chat feels them.

    python -m benchmarks.open_pages [--pages 200] [--rounds 3] [--seconds 12]

The demo runs in a process of its own, on SQLite.  Somebody asks questions one after another, by turns while no page is
open and while so many are, of which each fetches its list when it is told that something changed: as a whole, and as a
browser does, without the rows it has; meanwhile appeals are filed.  Prints what one list costs, the share of a core that waiting pages take and
that pages take while something changes all the time, and the median of an answer with and without them.
"""

import argparse
import asyncio
import os
import re
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from benchmarks.machine import machine
from benchmarks.pictures import demo
from benchmarks.steady import QUESTIONS, Rider, Tally, files
from tests.support.desk import OURS, hidden

TOPICS = "appeals"
TICK = os.sysconf("SC_CLK_TCK")  # of the processor's time in /proc
ROW = re.compile(r'<tr data-row="(\w+)" (?:data-mark="(\w+)"|data-same)')
TURNS, LISTS = 3, 20  # by which one list is measured, and how many of them each time
SETTLED = 3.0  # seconds until pages that opened or closed are quiet


def spent(pid: int) -> float:
    """Seconds of a core that a process has used."""
    parts = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / TICK


async def signs_in(http: aiohttp.ClientSession, link: str) -> None:
    """By a link of the demo, with the code that the demo shows."""
    said, path = await (await http.get(link)).text(), urlsplit(link).path
    async with http.post(link, data=hidden(said, path), headers=OURS) as response:
        said, code = await response.text(), str(response.url)
    if shown := re.search(r"验证码是\D*(\d{6})", said):
        form = {**hidden(said, urlsplit(code).path), "code": shown[1]}
        async with http.post(code, data=form, headers=OURS) as response:
            said = await response.text()
    if "/console/leave" not in said:
        raise LookupError("not signed in")


@asynccontextmanager
async def pages(http: aiohttp.ClientSession, url: str, count: int, *, whole: bool = False) -> AsyncIterator[list[int]]:
    """So many lists open, each fetched again when it is told to; what is given has the bytes of each fetch."""
    fetched: list[int] = []
    async with http.get(f"{url}/console/appeals") as response:
        begun = None if whole else dict(ROW.findall(await response.text()))
    async with AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(http.get(f"{url}/console/events", params={"topics": TOPICS}))
            for _ in range(count)
        ]
        work = [asyncio.create_task(_follows(http, url, stream, fetched, begun)) for stream in streams]
        yield fetched
        for each in work:
            each.cancel()
        await asyncio.gather(*work, return_exceptions=True)


async def _follows(
    http: aiohttp.ClientSession,
    url: str,
    stream: aiohttp.ClientResponse,
    fetched: list[int],
    begun: dict[str, str] | None,
) -> None:
    """begun: the rows that the page shows, with their marks; None for one that fetches all of them each time."""
    has = begun or {}
    async for line in stream.content:
        if line.startswith(b"event: changed"):
            part = (
                {}
                if begun is None
                else {"X-Topic": TOPICS, "X-Rows": ",".join(f"{row}={mark}" for row, mark in has.items())}
            )
            async with http.get(f"{url}/console/appeals", headers={"X-Background": "1", **part}) as response:
                response.raise_for_status()
                html = await response.text()
            has = {row: mark or has[row] for row, mark in ROW.findall(html)}
            fetched.append(len(html.encode()))


async def asks(rider: Rider, http: aiohttp.ClientSession, url: str, seconds: float) -> list[float]:
    """Milliseconds until a question was taken and answered, for so long; somebody files an appeal now and then."""
    took: list[float] = []
    until, number = time.perf_counter() + seconds, 0
    filing = asyncio.create_task(_file(url, seconds))
    while time.perf_counter() < until:
        began = time.perf_counter()
        number += 1
        body = {"key": secrets.token_hex(8), "text": QUESTIONS[number % len(QUESTIONS)]}
        async with http.post(f"{url}/chat/messages", json=body, headers={"X-Nuanxin-Chat": "1"}) as response:
            response.raise_for_status()
        took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.1)
    await filing
    return took


async def _file(url: str, seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            rider = Rider(http, url, Tally())
            await rider.opens()
            await files(rider)


async def one_list(http: aiohttp.ClientSession, url: str, pid: int) -> None:
    """What one list costs, as a whole and without the rows that a page has: by turns, while nothing else happens."""
    async with http.get(f"{url}/console/appeals") as response:
        rows = ROW.findall(await response.text())
    told = {"X-Topic": TOPICS, "X-Rows": ",".join(f"{row}={mark}" for row, mark in rows[1:])}  # One row changed.
    took = {True: 0.0, False: 0.0}
    for whole in (True, False) * TURNS:
        before = spent(pid)
        for _ in range(LISTS):
            async with http.get(
                f"{url}/console/appeals", headers={"X-Background": "1", **({} if whole else told)}
            ) as response:
                await response.read()
        took[whole] += spent(pid) - before
    lists = TURNS * LISTS
    print(
        f"a list of {len(rows)} cases: {took[True] / lists * 1000:.1f} ms of a core as a whole, "
        f"{took[False] / lists * 1000:.1f} ms with the one row that changed"
    )


async def measure(given: argparse.Namespace, url: str, link: str, pid: int) -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        aiohttp.ClientSession(cookie_jar=jar, connector=aiohttp.TCPConnector(limit=0)) as desk,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as phone,
    ):
        await signs_in(desk, link)
        rider = Rider(phone, url, Tally())
        await rider.opens()
        await asyncio.sleep(SETTLED)
        await one_list(desk, url, pid)
        if not given.rounds:
            return
        alone: list[float] = []
        crowded: dict[bool, list[float]] = {True: [], False: []}
        work, fetches = {None: 0.0, True: 0.0, False: 0.0}, {True: list[int](), False: list[int]()}
        still = await _used(pid, given.seconds)
        for _ in range(given.rounds):
            before = spent(pid)
            alone += await asks(rider, phone, url, given.seconds)
            work[None] += spent(pid) - before
            for whole in (True, False):
                async with pages(desk, url, given.pages, whole=whole) as fetched:
                    await asyncio.sleep(SETTLED)
                    before, so_far = spent(pid), len(fetched)
                    crowded[whole] += await asks(rider, phone, url, given.seconds)
                    work[whole] += spent(pid) - before
                    fetches[whole] += fetched[so_far:]
                await asyncio.sleep(SETTLED)
        async with pages(desk, url, given.pages):
            await asyncio.sleep(2 * SETTLED)
            waiting = await _used(pid, given.seconds)
    print(f"{given.pages} open pages, nothing changes: {waiting - still:.1%} of a core (without them {still:.1%})")
    seconds = given.rounds * given.seconds
    for whole in (True, False):
        took, bytes_ = fetches[whole], statistics.median(fetches[whole])
        print(
            f"appeals filed all the time, lists fetched {'as a whole' if whole else 'without the rows they have'}: "
            f"{(work[whole] - work[None]) / seconds:.1%} more of a core, {len(took) / seconds:.1f} lists a second, "
            f"{bytes_ / 1000:.1f} kB each"
        )
        medians = statistics.median(alone), statistics.median(crowded[whole])
        print(
            f"a question {medians[0]:.1f} ms without pages, {medians[1]:.1f} ms with them: {medians[1] / medians[0]:.2f} x"
        )


async def _used(pid: int, seconds: float) -> float:
    """The share of a core that a process takes."""
    before, began = spent(pid), time.perf_counter()
    await asyncio.sleep(seconds)
    return (spent(pid) - before) / (time.perf_counter() - began)


async def main(given: argparse.Namespace) -> None:
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        async with demo(folder) as (url, link, pid):
            await measure(given, url, link, pid)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=12)
    asyncio.run(main(parser.parse_args()))
