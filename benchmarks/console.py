"""The console at size: each page by who opens it, and the statement that took longest.

    python -m benchmarks.console [--n 150000] [--sqlite 0] [--rounds 20] [--unfolded] [--postgres URL]

Fills a PostgreSQL database with a year's work (benchmarks.fill: n appeals, 7n steps, n/5 hazards, n/10 volunteers, n/2
chats, 3n rows of what was sent), then opens each page and prints the median and the 95th percentile to its last byte.
`--sqlite` does the same with so many appeals on SQLite.  `loop` is the longest time that the process answered nobody
while the pages were opened.
"""

import argparse
import asyncio
import contextlib
import gc
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import Engine, delete, event, make_url, select

import knowledge
from benchmarks import fill
from benchmarks.databases import POSTGRES, fresh
from benchmarks.machine import machine
from bot import log
from bot.app import Application
from bot.commands import migrate
from bot.messaging import urls
from bot.services.core.lifecycle import Role
from bot.services.core.periods import today
from bot.services.core.working_days import DAY
from bot.services.reports.keeper import Keeper
from bot.settings import Settings
from bot.store.models import Agency, AppealChange, now
from tests.conftest import free_port
from tests.support.desk import Desk

FLOOR = 150.0  # ms, of a page
PATIENT = {"overview, year": 300.0, "districts, year": 300.0}
FOLDED = 5_000  # appeals whose days are counted in one transaction
PAUSE = 0.002  # seconds between two looks whether the loop still turns


@dataclass
class Watch:
    """What the statements of a page took, and how long the loop stood still.

    worked: seconds of the processor that the loop's thread used meanwhile, at most; what is left of `stood` went to
    others on the machine.
    """

    worst: tuple[float, str] = (0.0, "")
    stood: float = 0.0
    worked: float = 0.0
    begun: dict[int, float] = field(default_factory=dict)

    def __enter__(self) -> "Watch":
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "after_cursor_execute", self._after)
        self._task = asyncio.create_task(self._tick())
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(Engine, "before_cursor_execute", self._before)
        event.remove(Engine, "after_cursor_execute", self._after)
        self._task.cancel()

    def _before(self, _connection: Any, cursor: Any, *_more: object) -> None:
        self.begun[id(cursor)] = time.perf_counter()

    def _after(self, _connection: Any, cursor: Any, statement: str, *_more: object) -> None:
        took = time.perf_counter() - self.begun.pop(id(cursor), time.perf_counter())
        self.worst = max(self.worst, (took, " ".join(statement.split())))

    async def _tick(self) -> None:
        while True:
            before, used = time.perf_counter(), time.thread_time()
            await asyncio.sleep(PAUSE)
            self.stood = max(self.stood, time.perf_counter() - before - PAUSE)
            self.worked = max(self.worked, time.thread_time() - used)


def pages() -> Sequence[tuple[str, str]]:
    day = today()
    year = f"from={day - 364 * DAY}&to={day}"
    return (
        ("home", "/console"),
        ("queue, open", "/console/appeals"),
        ("queue, overdue", "/console/appeals?view=overdue"),
        ("queue, done", "/console/appeals?view=done"),
        ("queue, all", "/console/appeals?view=all"),
        ("an exact number", f"/console/appeals?view=all&q=9{17:011}"),
        ("a word", "/console/appeals?view=all&q=第7个月"),
        ("a case", f"/console/appeals/9{17:011}"),
        ("overview, month", f"/console/overview?from={day - 29 * DAY}&to={day}"),
        ("overview, year", f"/console/overview?{year}"),
        ("behind a number", f"/console/overview/collected?{year}"),
        ("districts, year", f"/console/overview/districts?{year}"),
        ("newest first", "/console/appeals?view=all&sort=newest"),
        ("hazards", "/console/hazards"),
        ("hazards, done", "/console/hazards?view=done"),
        ("volunteers", "/console/volunteers?view=everybody"),
        ("notices", "/console/notices"),
        ("readyz", "/readyz"),
        ("metrics", "/metrics"),
    )


async def measure(desk: Desk, name: str, path: str, rounds: int) -> tuple[float, Watch]:
    """The 95th percentile in ms."""
    took: list[float] = []
    with Watch() as watch:
        for _ in range(rounds):
            began = time.perf_counter()
            async with desk.http.get(desk.url + path) as response:
                await response.read()
                if response.status != 200:
                    raise RuntimeError(f"{path}: {response.status}")
            took.append((time.perf_counter() - began) * 1000)
    late = statistics.quantiles(took, n=20)[-1] if rounds > 1 else took[0]
    verdict = "" if late <= PATIENT.get(name, FLOOR) else "  BELOW FLOOR"
    print(
        f"  {name:18} p50 {statistics.median(took):7.1f}  p95 {late:7.1f}  "
        f"loop {watch.stood * 1000:6.1f} worked {watch.worked * 1000:5.1f}  statement {watch.worst[0] * 1000:7.1f}{verdict}",
        flush=True,
    )
    return late, watch


async def visit(app: Application, rounds: int, *, folded: bool) -> None:
    people = ((Role.ADMIN, "", "national administrator"), (Role.ADMIN, "2101", "a city's administrator"))
    people += ((Role.HANDLER, "2101", "a handler"),)
    for role, district, title in people:
        async with Desk(app, role, district=district) as desk:
            print(f" {title}", flush=True)
            worst: tuple[float, str] = (0.0, "")
            for name, path in pages():
                if not folded and path.startswith(urls.OVERVIEW):
                    continue
                async with desk.http.get(desk.url + path) as first:
                    if first.status in (403, 404):
                        continue
                _, watch = await measure(desk, name, path, rounds)
                worst = max(worst, watch.worst)
            print(f"  worst statement {worst[0] * 1000:.1f} ms: {worst[1][:400]}", flush=True)


@contextlib.asynccontextmanager
async def filled(
    settings: Settings, known: knowledge.Knowledge, count: int, *, folded: bool = True
) -> AsyncIterator[Application]:
    await asyncio.to_thread(migrate.upgrade, settings)
    app = Application(settings, known, demo=True)
    await app.start()
    async with app.db.read() as session:
        agencies = list(await session.scalars(select(Agency.id)))
    began = time.perf_counter()
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        await asyncio.to_thread(fill.sqlite, str(url.database), count, agencies, now())
    else:
        await fill.postgresql(settings.database, count, agencies, now())
    print(f"{url.get_backend_name()}, {count} appeals, filled in {time.perf_counter() - began:.0f} s", flush=True)
    if folded:
        began = time.perf_counter()
        await Keeper(app.db, lambda: known.measures).fold(FOLDED)
        print(f"folded into daily counts in {time.perf_counter() - began:.0f} s", flush=True)
    else:
        async with app.db.begin() as session:
            await session.execute(delete(AppealChange))
    gc.collect()
    gc.freeze()  # as the program does when it has started
    try:
        yield app
    finally:
        await app.stop()


async def main(given: argparse.Namespace) -> None:
    log.configure("CRITICAL", as_json=False)
    print(machine())
    known = knowledge.load()
    with tempfile.TemporaryDirectory() as folder:
        chosen: dict[str, Any] = {"search": "lexical", "quiet_hours": "0-0"}
        if given.sqlite:
            settings = Settings(var=Path(folder), port=free_port(), _env_file=None, **chosen)
            async with filled(settings, known, given.sqlite, folded=not given.unfolded) as app:
                await visit(app, given.rounds, folded=not given.unfolded)
        if given.n:
            async with fresh(given.postgres) as url:
                settings = Settings(var=Path(folder), database_url=url, port=free_port(), _env_file=None, **chosen)
                async with filled(settings, known, given.n, folded=not given.unfolded) as app:
                    await visit(app, given.rounds, folded=not given.unfolded)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=150_000)
    parser.add_argument("--sqlite", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument(
        "--unfolded", action="store_true", help="without the days' counts, and the pages that show them"
    )
    parser.add_argument("--postgres", default=POSTGRES)
    uvloop.run(main(parser.parse_args()))
