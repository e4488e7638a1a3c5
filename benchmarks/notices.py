"""A notice to many: how fast, for how much processor and memory, and whether the allowed pace is kept.

    python -m benchmarks.notices [--rounds 3] [--n 10000] [--many 575400] [--only speed|pace|proof|memory]

Each sender (benchmarks/senders.py) is a process of its own on core 0; the server that plays Telegram is this process,
on core 1.  Ours works on SQLite and writes its rows in the same process.  Medians of the rounds.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.loopback import CHAT, Http, answer_to
from benchmarks.updates import ROOT, quiet
from bot.bulk.lane import AHEAD

PEERS = {"PTB, one after another": "ptb", "PTB, AIORateLimiter": "ptb-limiter", "aiogram, semaphore": "aiogram"}
SHARE = {"ptb": 0.2, "ptb-limiter": 0.2, "aiogram": 0.5}  # of --n: the slow ones need fewer
OURS = "ours, rows included"
FLOOR, GOAL = 2.0, 3.0  # times aiogram's messages per CPU second
KEPT, KEPT_WELL = 0.97, 0.99  # of the allowed pace
FLAT, FLATTER = 1.2, 1.05  # peak memory of many against few
KILLS, PROOF_RATE = 20, 1000  # and copies a second while it is killed
PACES = ((25, 0.0, 500), (25, 0.05, 500), (1000, 0.0, 10_000), (1000, 0.05, 10_000))  # a second, delay, people


class Telegram:
    """Takes messages, answers after a delay, and remembers when each came."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.times: list[float] = []
        self.got: Counter[int] = Counter()  # messages by chat
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=1024)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def most_in_a_second(self) -> int:
        first = most = 0
        for last, at in enumerate(self.times):
            while self.times[first] <= at - 1.0:
                first += 1
            most = max(most, last - first + 1)
        return most


class _Connection(Http):
    def __init__(self, telegram: Telegram) -> None:
        super().__init__()
        self._telegram = telegram

    def message(self, head: bytes, body: bytes) -> None:
        self._telegram.times.append(time.perf_counter())
        if chat := CHAT.search(body):
            self._telegram.got[int(chat[1])] += 1
        answer = answer_to(head, body)
        if self._telegram.delay:
            asyncio.get_running_loop().call_later(self._telegram.delay, self.respond, answer)
        else:
            self.respond(answer)


async def run(*command: str) -> dict[str, Any]:
    """A sender on core 0; what it printed."""
    process = await asyncio.create_subprocess_exec(
        *("taskset", "-c", "0", sys.executable, "-m", "benchmarks.senders", *command),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise SystemExit(f"{command} failed")
    return dict(json.loads(out.splitlines()[-1]))


@contextmanager
def folder_of(filled: Path) -> Iterator[str]:
    """A copy of a filled database."""
    with tempfile.TemporaryDirectory(prefix="nuanxin_bench_") as folder:
        shutil.copytree(filled, folder, dirs_exist_ok=True)
        yield folder


async def filled(parent: str, people: int) -> tuple[Path, dict[str, Any]]:
    folder = Path(parent) / str(people)
    folder.mkdir()
    return folder, await run("fill", str(folder), str(people))


async def speed(telegram: Telegram, api: str, parent: str, people: int, rounds: int) -> None:
    database, _ = await filled(parent, people)
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for label, name in PEERS.items():
            quiet()
            count = int(people * SHARE[name])
            cost = await run(name, "-", api, str(count))
            found.setdefault(label, []).append((count / cost["seconds"], cost["cpu"] / count * 1e6))
        quiet()
        with folder_of(database) as folder:
            cost = await run("ours", folder, api, "0")
        assert cost["sent"] == people, cost
        found.setdefault(OURS, []).append((people / cost["seconds"], cost["cpu"] / people * 1e6))
    medians = {
        label: (median(each[0] for each in values), median(each[1] for each in values))
        for label, values in found.items()
    }
    print(f"{'':28} messages/s  CPU µs  against it, per CPU second")
    for label, (rate, cpu) in medians.items():
        times = cpu / medians[OURS][1]
        told = "" if label == OURS else f"{times:.1f} x"
        if label.startswith("aiogram"):
            told += verdict(times, FLOOR, GOAL)
        print(f"{label:28} {rate:10.0f} {cpu:7.0f}  {told}")


async def paces(telegram: Telegram, api: str, parent: str) -> None:
    print(f"{'':28} reached  of allowed  most in any second")
    for rate, delay, people in PACES:
        database = Path(parent) / str(people)
        if not database.exists():
            await filled(parent, people)
        telegram.delay = delay
        telegram.times.clear()
        quiet()
        with folder_of(database) as folder:
            await run("ours", folder, api, str(rate))
        reached = (people - 1) / (telegram.times[-1] - telegram.times[0])
        most = telegram.most_in_a_second()
        share = min(1.0, reached / rate)
        label = f"{rate}/s, answers after {delay * 1000:.0f} ms"
        kept = " ABOVE IT" if most > rate else verdict(share, KEPT, KEPT_WELL)
        print(f"{label:28} {reached:7.1f}  {share:9.1%}  {most:6}{kept}")
    telegram.delay = 0.0


async def proof(telegram: Telegram, api: str, parent: str, people: int) -> None:
    """SIGKILL at random moments: nobody gets it twice, and everybody's copy says what became of it."""
    database = Path(parent) / str(people)
    if not database.exists():
        await filled(parent, people)
    telegram.got.clear()
    with folder_of(database) as folder:
        command = (sys.executable, "-m", "benchmarks.senders", "hasty", folder, api, str(PROOF_RATE))
        kills = 0
        for _ in range(KILLS):
            process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL)
            before = telegram.got.total()
            while process.returncode is None and telegram.got.total() == before:  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # Another process: there is nothing to wait on.
            if process.returncode is not None:
                break
            kills += 1
            await asyncio.sleep(random.uniform(0, 0.7 * people / PROOF_RATE / KILLS))
            process.kill()
            await process.wait()
        cost = await run("hasty", folder, api, "0")
    sent, unknown = int(cost.get("sent", 0)), int(cost.get("unknown", 0))
    in_hand = kills * int(PROOF_RATE * AHEAD)  # copies marked as being sent when somebody died, at most
    settled = sent + unknown
    twice = sum(count > 1 for count in telegram.got.values())
    print(
        f"{people:,} people, SIGKILL at {kills} moments: {twice} got it twice, {settled:,} accounted for, "
        f"{unknown} unknown of {in_hand} in hand, {max(0, sent - len(telegram.got))} said to be sent and not received"
        f"{' BELOW FLOOR' if twice or settled != people or unknown > in_hand else ''}"
    )


async def memory(telegram: Telegram, api: str, parent: str, few: int, many: int) -> None:
    peaks = {}
    for people in (few, many):
        database = Path(parent) / str(people)
        if not database.exists():
            _, cost = await filled(parent, people)
            print(
                f"audience of {people:,} written down in {cost['seconds']:.1f} s, {people / cost['seconds']:,.0f} rows/s"
            )
        telegram.times.clear()
        cost = await run("ours", str(database), api, "0")
        peaks[people] = cost["peak_mb"]
        rate, cpu = people / cost["seconds"], cost["cpu"] / people * 1e6
        print(f"{people:>9,} people: peak {cost['peak_mb']:.1f} MB, {rate:.0f} messages/s, {cpu:.0f} µs each")
        counted = await run("count", str(database))
        print(f"{people:>9,} copies counted by state and reason in {counted['seconds'] * 1000:.0f} ms")
    ratio = peaks[many] / peaks[few]
    told = " goal met" if ratio <= FLATTER else " floor met" if ratio <= FLAT else " BELOW FLOOR"
    print(f"peak memory, {many:,} against {few:,}: {ratio:.2f} x{told}")


def verdict(value: float, floor: float, goal: float) -> str:
    return " goal met" if value >= goal else " floor met" if value >= floor else " BELOW FLOOR"


def median(values: Iterator[float] | Sequence[float]) -> float:
    return statistics.median(values)


async def measure(given: argparse.Namespace) -> None:
    telegram = Telegram()
    api = await telegram.open()
    with tempfile.TemporaryDirectory(prefix="nuanxin_bench_") as parent:
        if "speed" in given.only:
            await speed(telegram, api, parent, given.n, given.rounds)
        if "pace" in given.only:
            await paces(telegram, api, parent)
        if "proof" in given.only:
            await proof(telegram, api, parent, given.n)
        if "memory" in given.only:
            await memory(telegram, api, parent, given.n, given.many)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--n", type=int, default=10_000, help="people of a measurement; the slow ones get fewer")
    parser.add_argument("--many", type=int, default=575_400)
    parser.add_argument("--only", default="speed|pace|proof|memory")
    given = parser.parse_args()
    os.sched_setaffinity(0, {1})
    uvloop.run(measure(given))


if __name__ == "__main__":
    main()
