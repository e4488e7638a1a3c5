"""Outbox rows relayed to Redis Streams per second, against a bare redis-py client that pipelines the same bodies.

    python -m benchmarks.relay [--rows 20000] [--rounds 5] [--postgres URL] [--redis URL]

Ours takes the rows from the database, opens what is sealed, hands them over and writes down that they went, by the same
two workers as in `python -m bot run`.  The bare client has the bodies in memory and writes nothing down.  Both send 500 in
a pipeline, on uvloop; every round measures both, the figures are medians.
"""

import argparse
import asyncio
import gc
import secrets
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import orjson
import redis.asyncio as redis
import uvloop
from sqlalchemy import delete, func, select

from benchmarks.databases import POSTGRES, fresh
from benchmarks.machine import machine
from bot.backend.publisher import publisher_of
from bot.backend.relay import EventRelay
from bot.commands import migrate
from bot.queue import outbox
from bot.services.appeals import events as appeal_events
from bot.settings import Settings
from bot.store.db import Database
from bot.store.models import Naming, Outbox, now
from bot.store.opening import database_of

PIPELINE = 500
FLOOR, GOAL = 0.25, 0.6
STORY = "十月的工资站长拖到现在没给，一共四千三，问了三次都说再等等，别的站都发了。"


def cases(count: int) -> list[Outbox]:
    """As many new cases, each with its own number."""
    at = now()
    same = {
        "kind": "wages",
        "state": "submitted",
        "naming": Naming.HIDDEN,
        "confidential": False,
        "story": STORY,
        "region": "2101",
        "place": "",
        "latitude": None,
        "longitude": None,
        "about": "",
        "created_at": at,
        "due_at": at,
    }
    return [appeal_events.submitted({**same, "number": f"{260000000000 + number}"}, None) for number in range(count)]


async def ours(db: Database, url: str, rows: Sequence[Outbox]) -> float:
    """Rows a second, from the first look at the table until the last outcome is written."""
    async with db.begin() as session:
        await session.execute(delete(Outbox))
        for at in range(0, len(rows), 2_000):
            await outbox.put(session, rows[at : at + 2_000])
    if db.dialect == "postgresql":
        async with db.connect() as connection:
            await connection.exec_driver_sql("ANALYZE outbox")
    relay = EventRelay(db, publisher_of(url, "", _nobody))
    await relay.publisher.publish([])  # The connection is there before the clock starts, as with the bare client.
    gc.collect()
    began = time.perf_counter()
    relay.start()
    while relay.sent < len(rows):  # noqa: ASYNC110
        await asyncio.sleep(0.002)
    await relay.stop()  # returns when the last outcomes are written
    taken = time.perf_counter() - began
    async with db.read() as session:
        left = await session.scalar(select(func.count()).select_from(Outbox).where(Outbox.sent_at.is_(None)))
    assert left == 0, f"{left} rows left"
    return len(rows) / taken


async def bare(url: str, stream: str, rows: Sequence[Outbox]) -> float:
    bodies = [orjson.dumps(each.payload) for each in rows]
    async with redis.Redis.from_url(url) as client:
        await client.ping()
        gc.collect()
        began = time.perf_counter()
        for at in range(0, len(bodies), PIPELINE):
            async with client.pipeline(transaction=False) as pipe:
                for body in bodies[at : at + PIPELINE]:
                    pipe.xadd(stream, {"data": body})
                await pipe.execute()
        return len(bodies) / (time.perf_counter() - began)


async def _nobody(_body: bytes) -> None: ...


async def measure(name: str, db: Database, given: argparse.Namespace) -> bool:
    stream = f"bench-{secrets.token_hex(4)}"
    rows = cases(given.rows)
    got: list[tuple[float, float]] = []
    async with redis.Redis.from_url(given.redis) as client:
        try:
            for _ in range(given.rounds):
                mine = await ours(db, f"{given.redis}?name={stream}", rows)
                assert await client.xlen(f"{stream}.events") == len(rows)
                got.append((mine, await bare(given.redis, f"{stream}.bare", rows)))
                await client.delete(f"{stream}.events", f"{stream}.bare")
        finally:
            await client.delete(f"{stream}.events", f"{stream}.bare", f"{stream}.status")
    mine, theirs = (statistics.median(column) for column in zip(*got, strict=True))
    share = statistics.median(one / other for one, other in got)
    verdict = "goal" if share >= GOAL else "floor" if share >= FLOOR else "MISSED"
    print(
        f"relay {name:11} ours {mine:8.0f} rows/s   bare {theirs:8.0f} rows/s   {share:.2f} x   {verdict}", flush=True
    )
    return share >= FLOOR


async def main(given: argparse.Namespace) -> bool:
    well = True
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        async with fresh(given.postgres) as url:
            for name, place in (("sqlite", ""), ("postgresql", url)):
                settings = Settings(var=Path(folder) / name, database_url=place, _env_file=None)
                await asyncio.to_thread(migrate.upgrade, settings)
                db = database_of(settings)
                well &= await measure(name, db, given)
                await db.close()
    return well


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--postgres", default=POSTGRES)
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/0")
    raise SystemExit(not uvloop.run(main(parser.parse_args())))
