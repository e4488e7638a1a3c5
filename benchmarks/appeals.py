"""Appeals submitted per second, against the same rows written by the bare driver.

    python -m benchmarks.appeals [--n 600] [--rounds 5] [--postgres URL]

An appeal is one transaction: the case, the sealed identity, the first line of its timeline, the event for the backend, the
timers of its deadline, and the receipt.  Ours is `appeals.submit`, which also looks up the limits, the calendar, the agency and
how many this person filed today, and seals what is sealed.  The bare driver - sqlite3, asyncpg - writes copies of the very
rows that ours left, one transaction an appeal, and computes nothing.  Both databases wait for the disk as in production; on
PostgreSQL eight appeals are underway at a time, on SQLite, which has one writer, one.
"""

import argparse
import asyncio
import gc
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import uvloop
from sqlalchemy import make_url

import knowledge
from benchmarks.databases import POSTGRES, fresh
from benchmarks.machine import machine
from bot.commands import migrate
from bot.queue import jobs, outbox
from bot.services.appeals import appeals
from bot.services.appeals.appeals import AppealDraft
from bot.services.chats import chats
from bot.services.core.context import ServiceContext
from bot.services.units import agencies
from bot.settings import Settings
from bot.store.db import PRAGMAS, Database
from bot.store.models import Channel, Chat
from bot.store.opening import database_of

WAYS = {"sqlite": 1, "postgresql": 8}
FLOOR, GOAL = 0.2, 0.5
STORY = "十月的工资站长拖到现在没给，一共四千三，问了三次都说再等等，别的站都发了。"
RECEIPT = "✅ 收到了。\n编号：{number}\n提取码：{code}\n由谁办：{agency}\n最晚答复：{due}"
TABLES = ("identities", "appeals", "appeal_steps", "outbox")  # what one appeal writes; all rows of it are copied

Row = Mapping[str, Any]


async def people(db: Database, count: int) -> list[Chat]:
    """As many chats, in the database."""
    first = time.time_ns()  # Nobody has these numbers yet.
    made = [chats.blank(Channel.WEB, (first + each).to_bytes(16, "big"), first + each) for each in range(count)]
    async with db.begin() as session:
        session.add_all(made)
    return made


async def ours(db: Database, context: ServiceContext, filers: Sequence[Chat]) -> float:
    """Appeals a second."""
    waiting = iter(filers)

    async def work() -> None:
        for chat in waiting:
            async with db.begin() as session:
                receipt = await appeals.submit(session, context, chat, AppealDraft("wages", STORY, region="2101"))
                text = RECEIPT.format(
                    number=receipt.number, code=receipt.code, agency=receipt.agency, due=receipt.due_at
                )
                await outbox.put(session, [jobs.message(chat, {"do": "say", "text": text}, to=1)])

    gc.collect()
    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(WAYS[db.dialect])))
    return len(filers) / (time.perf_counter() - began)


def copies(rows: Mapping[str, list[dict[str, Any]]], number: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of an appeal once more, under another number and alias; the database gives the ids."""
    told = f"{number:012}"
    copied = {table: [{**row} for row in found] for table, found in rows.items()}
    for table in ("appeals", "appeal_steps", "outbox"):
        for row in copied[table]:
            row.pop("id")
    copied["identities"][0]["alias"] = copied["appeals"][0]["alias"] = f"bare{number}"
    copied["appeals"][0]["number"] = told
    return copied


def statement(table: str, row: Row, mark: str) -> str:
    marks = ", ".join("?" if mark == "?" else f"${at}" for at in range(1, len(row) + 1))
    back = " RETURNING id" if table == "appeals" else ""
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks}){back}"


def bare_sqlite(file: str, made: Sequence[Mapping[str, list[dict[str, Any]]]]) -> float:
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    sql = {table: statement(table, rows[0], "?") for table, rows in made[0].items()}
    gc.collect()
    began = time.perf_counter()
    for rows in made:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(sql["identities"], tuple(rows["identities"][0].values()))
        appeal = connection.execute(sql["appeals"], tuple(rows["appeals"][0].values())).fetchone()[0]
        step = rows["appeal_steps"][0]
        step["appeal_id"] = appeal
        connection.execute(sql["appeal_steps"], tuple(step.values()))
        connection.executemany(sql["outbox"], [tuple(each.values()) for each in rows["outbox"]])
        connection.execute("COMMIT")
    taken = time.perf_counter() - began
    connection.close()
    return len(made) / taken


async def bare_postgres(url: str, made: Sequence[Mapping[str, list[dict[str, Any]]]]) -> float:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    sql = {table: statement(table, rows[0], "$") for table, rows in made[0].items()}
    waiting = iter(made)

    async def work(connection: asyncpg.Connection) -> None:
        for rows in waiting:
            async with connection.transaction():
                await connection.execute(sql["identities"], *rows["identities"][0].values())
                appeal = await connection.fetchval(sql["appeals"], *rows["appeals"][0].values())
                step = rows["appeal_steps"][0]
                step["appeal_id"] = appeal
                await connection.execute(sql["appeal_steps"], *step.values())
                await connection.executemany(sql["outbox"], [tuple(each.values()) for each in rows["outbox"]])

    async with asyncpg.create_pool(plain, min_size=WAYS["postgresql"], max_size=WAYS["postgresql"]) as pool:
        connections = [await pool.acquire() for _ in range(WAYS["postgresql"])]
        gc.collect()
        began = time.perf_counter()
        await asyncio.gather(*(work(each) for each in connections))
        taken = time.perf_counter() - began
        for each in connections:
            await pool.release(each)
    return len(made) / taken


async def left_by_one(db: Database, context: ServiceContext, chat: Chat) -> dict[str, list[dict[str, Any]]]:
    """The rows that one appeal of ours leaves, as the driver sees them."""
    before = await _read(db)
    await ours(db, context, [chat])
    after = await _read(db)
    keys = {table: ("alias" if table == "identities" else "id") for table in TABLES}
    old = {table: {row[keys[table]] for row in before[table]} for table in TABLES}
    return {table: [row for row in after[table] if row[keys[table]] not in old[table]] for table in TABLES}


async def _read(db: Database) -> dict[str, list[dict[str, Any]]]:
    async with db.connect() as connection:
        return {
            table: [dict(row._mapping) for row in await connection.exec_driver_sql(f"SELECT * FROM {table}")]
            for table in TABLES
        }


async def measure(name: str, settings: Settings, known: knowledge.Knowledge, given: argparse.Namespace) -> bool:
    db, context = database_of(settings), ServiceContext(known, queue=True)
    async with db.begin() as session:
        await agencies.ensure(session, known.appeals.offices)
    [first] = await people(db, 1)
    rows = await left_by_one(db, context, first)
    await ours(db, context, await people(db, 50))  # statements are compiled and prepared
    got: list[tuple[float, float]] = []
    for number in range(given.rounds):
        mine = await ours(db, context, await people(db, given.n))
        made = [copies(rows, number * given.n + each) for each in range(given.n)]
        if name == "sqlite":
            theirs = await asyncio.to_thread(bare_sqlite, str(make_url(settings.database).database), made)
        else:
            theirs = await bare_postgres(settings.database, made)
        got.append((mine, theirs))
    await db.close()
    mine, theirs = (statistics.median(column) for column in zip(*got, strict=True))
    share = statistics.median(one / other for one, other in got)
    verdict = "goal" if share >= GOAL else "floor" if share >= FLOOR else "MISSED"
    count = sum(len(each) for each in rows.values())
    print(
        f"submit {name:11} ours {mine:7.0f}/s   bare {theirs:7.0f}/s   {share:.2f} x   {verdict}   "
        f"{count} rows each, {WAYS[name]} at a time",
        flush=True,
    )
    return share >= FLOOR


async def main(given: argparse.Namespace) -> bool:
    print(machine())
    known, well = knowledge.load(), True
    with tempfile.TemporaryDirectory() as folder:
        async with fresh(given.postgres) as url:
            for name, place in (("sqlite", ""), ("postgresql", url)):
                settings = Settings(var=Path(folder) / name, database_url=place, _env_file=None)
                await asyncio.to_thread(migrate.upgrade, settings)
                well &= await measure(name, settings, known, given)
    return well


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--postgres", default=POSTGRES)
    raise SystemExit(not uvloop.run(main(parser.parse_args())))
