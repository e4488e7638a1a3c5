"""Work that goes through whole tables, at size: how long it takes, and how long the process answers nobody meanwhile.

    python -m benchmarks.long_work [--n 100000] [--sqlite 100000] [--postgres URL]

Fills a database as `benchmarks.console` does, then does what the night and the organisers do: a batch of retention and
its foresight, ledgers of a week and of a month, counting an audience and its samples, erasing somebody.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

import knowledge
from benchmarks.console import Watch, filled
from benchmarks.databases import POSTGRES, fresh
from benchmarks.machine import machine
from bot import log
from bot.app import Application
from bot.services.notices import audience
from bot.services.notices.audience import Audience
from bot.services.privacy import erasure, retention
from bot.services.reports import ledgers
from bot.services.reports.ledgers import LedgerRequest
from bot.settings import Settings
from bot.store.models import Chat, NoticeKind, Outbox, now
from tests.conftest import free_port

GOAL = 50.0  # ms of the loop's own work during which nobody is answered
OLD = timedelta(days=900)
AGED = 2_000  # rows of what was sent that the night finds
Work = Callable[[AsyncSession], Awaitable[object]]


def works(app: Application) -> Mapping[str, Work]:
    whom = Audience(regions=("2101",))

    async def erases(session: AsyncSession) -> None:
        chat = await session.scalar(select(Chat).order_by(Chat.id).limit(1))
        assert chat is not None
        await erasure.erase(session, app.services, chat)

    return {
        "a night's first batch": lambda session: retention.run(session, app.services),
        "its second batch": lambda session: retention.run(session, app.services),
        "its foresight": lambda session: retention.foresee(session, app.knowledge.retention),
        "ledger, week": lambda session: ledgers.freeze(session, app.services, _last("week")),
        "ledger, month": lambda session: ledgers.freeze(session, app.services, _last("month")),
        "audience, activity": lambda session: audience.count(session, whom, NoticeKind.ACTIVITY),
        "audience, service": lambda session: audience.count(session, whom, NoticeKind.SERVICE),
        "its samples": lambda session: audience.samples(session, whom, NoticeKind.SERVICE),
        "erasing somebody": erases,
    }


def _last(kind: str) -> LedgerRequest:
    return LedgerRequest(kind, ledgers.last(kind), "2101")


async def measure(app: Application) -> None:
    async with app.db.begin() as session:
        await session.execute(update(Outbox).where(Outbox.id <= AGED).values(created_at=now() - OLD))
        await session.execute(
            update(Chat).where(Chat.id <= 40).values(address=7)
        )  # What is filled in cannot be opened.
        await session.execute(update(Chat).where(Chat.id.between(2, 40)).values(blocked_at=now() - OLD))
    for name, work in works(app).items():
        began = time.perf_counter()
        with Watch() as watch:
            await asyncio.sleep(0)
            async with app.db.begin() as session:
                await work(session)
        took, stood, worked = ((time.perf_counter() - began) * 1000, watch.stood * 1000, watch.worked * 1000)
        verdict = "" if worked <= GOAL else "  GOAL MISSED"
        slowest = f"{watch.worst[0] * 1000:.0f} ms {watch.worst[1][:60]}" if verdict else ""
        print(
            f"  {name:22} {took:8.1f} ms  loop {stood:6.1f} worked {worked:5.1f}{verdict}  {slowest}".rstrip(),
            flush=True,
        )


async def main(given: argparse.Namespace) -> None:
    log.configure("CRITICAL", as_json=False)
    print(machine())
    known = knowledge.load()
    with tempfile.TemporaryDirectory() as folder:
        chosen: dict[str, Any] = {"search": "lexical", "quiet_hours": "0-0"}
        if given.sqlite:
            settings = Settings(var=Path(folder), port=free_port(), _env_file=None, **chosen)
            async with filled(settings, known, given.sqlite) as app:
                await measure(app)
        if given.n:
            async with fresh(given.postgres) as url:
                settings = Settings(var=Path(folder), database_url=url, port=free_port(), _env_file=None, **chosen)
                async with filled(settings, known, given.n) as app:
                    await measure(app)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--sqlite", type=int, default=100_000)
    parser.add_argument("--postgres", default=POSTGRES)
    uvloop.run(main(parser.parse_args()))
