"""Updates per second and processor time per update, side by side with python-telegram-bot, aiogram and no framework.

    python -m benchmarks.updates [--rounds 5] [--n 4000] [--only TEXT] [--postgres URL]

Each system is a process of its own on core 0; the server that plays Telegram (benchmarks/loopback.py) is this
process, on core 1.  Every round measures every row once, one after another, so that whatever else the machine
does meets all of them; a row's figures are the medians of its rounds.  Ours is `python -m bot run` as an
operator starts it.  The peers echo a text, which is less than what they are compared with.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import uvloop

from benchmarks import traffic
from benchmarks.databases import POSTGRES, fresh
from benchmarks.loopback import Loopback, cpu_of
from benchmarks.peers import SECRET, TOKEN
from benchmarks.traffic import Update
from tests.conftest import free_port

ROOT = Path(__file__).parents[1]
START = 300  # seconds in which a system has to be up, with whatever it reads or learns first
PATIENCE = 300  # seconds for one measurement
QUIET = 0.85  # share of both cores that is idle before a measurement begins
WAIT = 20  # seconds to wait for that
WARM = 500  # updates before the clock starts

Traffic = Callable[[int, int], list[Update]]


def new(count: int, first: int) -> list[Update]:
    return traffic.messages(traffic.new_questions(), count, first)


def usual(count: int, first: int) -> list[Update]:
    return traffic.messages(traffic.usual_questions(), count, first)


@dataclass(frozen=True)
class Row:
    """One system under one kind of traffic.  `aims` are multiples of peers: (peer, measure, floor, goal)."""

    group: str
    name: str
    peer: str = ""  # of benchmarks.peers; "" is ours
    send: Traffic = new
    share: float = 1.0  # of --n: the slow ones need fewer
    search: str = "lexical"
    polling: bool = False
    database: str = "sqlite"
    aims: tuple[tuple[str, str, float, float], ...] = ()

    @property
    def label(self) -> str:
        return f"{self.group:24} {self.name:34}"


QUESTION = (("PTB", "rate", 2.5, 6.0), ("aiogram", "rate", 1.5, 3.0), ("floor", "cpu", 12.0, 6.0))
DURABLE = (("PTB + ORM", "rate", 4.0, 10.0),)
POLLED = (("PTB", "rate", 0.0, 0.0), ("aiogram", "rate", 0.0, 0.0))  # no aim of their own
WEBHOOK, POLLING = "question, webhook", "question, polling"
ROWS = (
    Row(WEBHOOK, "PTB", peer="ptb-webhook", send=usual, share=0.4),
    Row(WEBHOOK, "aiogram", peer="aiogram-webhook", send=usual, share=0.7),
    Row(WEBHOOK, "floor", peer="floor", send=usual, share=2.0),
    Row(WEBHOOK, "ours, by words, usual", send=usual, aims=QUESTION),
    Row(WEBHOOK, "ours, by words, new", send=new, aims=QUESTION),
    Row(WEBHOOK, "ours, full depth, usual", send=usual, search="full", aims=QUESTION),
    Row(WEBHOOK, "ours, full depth, new", send=new, share=0.3, search="full", aims=QUESTION),
    Row(POLLING, "PTB", peer="ptb-polling", send=usual, share=0.4, polling=True),
    Row(POLLING, "aiogram", peer="aiogram-polling", send=usual, share=0.7, polling=True),
    Row(POLLING, "ours, by words, usual", send=usual, polling=True, aims=POLLED),
    Row(POLLING, "ours, by words, new", send=new, polling=True, aims=POLLED),
    *(
        row
        for database in ("sqlite", "postgres")
        for row in (
            Row(f"choice, {database}", "PTB + ORM", peer="ptb-orm", send=traffic.presses, share=0.2, database=database),
            Row(f"choice, {database}", "ours", send=traffic.presses, share=0.6, database=database, aims=DURABLE),
        )
    ),
)


@dataclass(frozen=True)
class Result:
    """One measurement, or the medians of several."""

    rate: float  # updates/s
    cpu: float  # µs per update
    p50: float  # ms
    p99: float
    failures: int

    @classmethod
    def median(cls, results: Sequence["Result"]) -> "Result":
        rate, cpu, p50, p99 = (
            statistics.median(getattr(each, name) for each in results) for name in ("rate", "cpu", "p50", "p99")
        )
        return cls(rate, cpu, p50, p99, sum(each.failures for each in results))


@dataclass
class Bench:
    """The rows to measure, and what came of it."""

    rows: Sequence[Row]
    count: int
    postgres: str
    results: dict[Row, list[Result]] = field(default_factory=dict)

    async def round(self) -> None:
        for row in self.rows:
            quiet()
            with tempfile.TemporaryDirectory(prefix="nuanxin_bench_") as folder:
                async with self.database(row, Path(folder)) as url:
                    result = await self.measure(row, Path(folder), url)
            self.results.setdefault(row, []).append(result)
            print(f"  {row.label} {result.rate:7.0f}/s {result.cpu:7.0f} µs", file=sys.stderr, flush=True)

    async def measure(self, row: Row, folder: Path, url: str) -> Result:
        loopback, count = Loopback(), int(self.count * row.share)
        api = f"http://127.0.0.1:{await loopback.open()}"
        port = free_port()
        with started(row, folder, url, api, port) as pid:
            async with asyncio.timeout(START):
                await loopback.ready.wait()
                await (idle(pid) if row.peer else deep(port, row.search))
            async with asyncio.timeout(PATIENCE):
                # Everybody has a row: the first press makes it, and chooses a job.
                everybody = traffic.presses(traffic.PEOPLE, 0) if not row.peer or row.peer == "ptb-orm" else []
                if everybody:
                    await loopback.run(everybody, 0)
                    await loopback.over.wait()
                await loopback.run(row.send(WARM + count, traffic.PEOPLE), WARM)
                await loopback.half.wait()
                gc.collect()
                gc.disable()
                cpu, start = cpu_of(pid), time.perf_counter()
                await loopback.over.wait()
                taken, cpu = time.perf_counter() - start, cpu_of(pid) - cpu
                gc.enable()
        await loopback.close()
        return Result(count / taken, cpu / count * 1e6, *loopback.latency(), loopback.failures)

    @asynccontextmanager
    async def database(self, row: Row, folder: Path) -> AsyncIterator[str]:
        """A fresh database; removed afterwards."""
        if row.database == "sqlite":
            driver = "sqlite+aiosqlite" if row.peer else "sqlite"
            yield f"{driver}:///{folder}/bench.db"
            return
        async with fresh(self.postgres) as url:
            yield url

    def report(self) -> None:
        medians = {row: Result.median(results) for row, results in self.results.items()}
        print(f"{'':59} updates/s  CPU µs   p50 / p99 ms  against its peers")
        for row, result in medians.items():
            peers = {other.name: medians[other] for other in medians if other.group == row.group}
            against = ", ".join(compared(row, result, peers))
            failed = f"  {result.failures} FAILED" if result.failures else ""
            print(
                f"{row.label} {result.rate:9.0f} {result.cpu:7.0f} {result.p50:6.1f} / {result.p99:5.1f}  {against}{failed}"
            )


def compared(row: Row, result: Result, peers: Mapping[str, Result]) -> Iterator[str]:
    """Each aim with the multiple reached and what it means."""
    for name, measure, floor, goal in row.aims:
        if (peer := peers.get(name)) is None:
            continue
        if measure == "cpu":
            times = result.cpu / peer.cpu
            fits, well = times <= floor, times <= goal
        else:
            times = result.rate / peer.rate
            fits, well = times >= floor, times >= goal
        verdict = "" if not floor else " goal met" if well else " floor met" if fits else " BELOW FLOOR"
        yield f"{times:.1f} x {name}{' CPU' if measure == 'cpu' else ''}{verdict}"


@contextlib.contextmanager
def started(row: Row, folder: Path, url: str, api: str, port: int) -> Iterator[int]:
    """The system under test, running on core 0; its process id."""
    if row.peer:
        command = ["benchmarks.peers", row.peer, api, str(port), *([url] if row.peer == "ptb-orm" else [])]
        environment = dict(os.environ)
    else:
        command, environment = ["bot", "run"], ours(row, folder, url, api, port)
        migrate = [sys.executable, "-m", "bot", "migrate"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True, capture_output=True)
    pinned = ["taskset", "-c", "0", sys.executable, "-m", *command]
    with (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(pinned, cwd=ROOT, env=environment, stdout=errors, stderr=errors)
        try:
            yield process.pid
        except BaseException:
            print((folder / "stderr").read_text(errors="replace")[-2000:], file=sys.stderr)
            raise
        finally:
            process.kill()
            process.wait()


def ours(row: Row, folder: Path, url: str, api: str, port: int) -> dict[str, str]:
    """The environment of `python -m bot run`."""
    kept = ROOT / "var" / "vectors"  # Made once, in minutes; the next run reads them.
    kept.mkdir(parents=True, exist_ok=True)
    (folder / "vectors").symlink_to(kept)
    settings = {
        "VAR": str(folder),
        "DATABASE_URL": url,
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": f"{api}/bot",
        "TELEGRAM_FILE_URL": f"{api}/file/bot",
        "WEB_CHAT": "false",
        "SEARCH": row.search,
        "PORT": str(port),
    }
    if not row.polling:
        settings |= {
            "TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{port}/telegram",
            "TELEGRAM_WEBHOOK_SECRET": SECRET,
        }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUANXIN_")}
    return inherited | {f"NUANXIN_{name}": value for name, value in settings.items()}


async def deep(port: int, search: str) -> None:
    """Wait until ours looks as deep as it should: it answers by words while it loads its model."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with client.get("/readyz") as answer:
                    if (await answer.json())["search"]["tier"] == search:
                        return
            await asyncio.sleep(0.2)


async def idle(pid: int) -> None:
    """Wait until a peer has started up."""
    calm = 0
    while calm < 3:
        before = cpu_of(pid)
        await asyncio.sleep(0.4)
        calm = calm + 1 if cpu_of(pid) - before < 0.05 else 0


def quiet() -> None:
    """Wait, not for ever, until other work leaves the machine alone."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        before = _ticks()
        time.sleep(0.5)
        passed = [late - early for early, late in zip(before, _ticks(), strict=True)]
        if passed[3] + passed[4] > QUIET * sum(passed):
            return


def _ticks() -> list[int]:
    """Time of all cores by what it went to; the fourth and fifth are idleness."""
    return [int(each) for each in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--n", type=int, default=4_000, help="updates of a measurement; slow systems get fewer")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows whose group or name holds this; | for several")
    parser.add_argument("--postgres", default=POSTGRES, metavar="URL")
    given = parser.parse_args()
    os.sched_setaffinity(0, {1})
    rows = [row for row in ROWS if any(word in row.label for word in given.only.split("|"))]
    bench = Bench(rows, given.n, given.postgres)

    async def run() -> None:
        for _ in range(given.rounds):
            await bench.round()

    uvloop.run(run())
    bench.report()


if __name__ == "__main__":
    main()
