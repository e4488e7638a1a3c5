"""Sending one text to many: ours, and the peers as their own documentation teaches it.

    python -m benchmarks.senders fill FOLDER PEOPLE
    python -m benchmarks.senders ours|hasty FOLDER API RATE
    python -m benchmarks.senders count FOLDER
    python -m benchmarks.senders ptb|ptb-limiter|aiogram FOLDER API PEOPLE

Each prints one line of JSON: seconds, CPU seconds and peak memory of its sending.  Ours reads its people from the
database and writes a row for each; the peers have a list of numbers and write nothing.
"""

import asyncio
import gc
import json
import math
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from types import SimpleNamespace
from typing import cast

import uvloop

from bot.bulk import Bulk, Clocks
from bot.channels.telegram.transport import BotApi
from bot.commands import migrate
from bot.queue.rate_limiter import RateLimiter
from bot.services.chats import chats
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Actor, Role
from bot.services.notices import approvals, notices
from bot.services.notices import deliveries as notice_deliveries
from bot.services.notices import start as notice_start
from bot.services.notices import totals as notice_totals
from bot.services.notices.audience import Audience
from bot.services.notices.notices import NoticeDraft
from bot.services.notices.states import NoticeState
from bot.services.staff import accounts
from bot.services.units import agencies
from bot.settings import Settings
from bot.store.base import vault_of
from bot.store.models import Channel, Chat, NoticeKind, now
from bot.store.opening import database_of
from knowledge import Knowledge, texts

TOKEN = "123456:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
FIRST = 2_000_000  # the first address
AT_ONCE = 128  # messages on their way, for everybody
PART = 5_000  # people written at once
TEXT = "<b>免费体检</b>\n周六上午八点到十一点半，带身份证，在浑南区户外劳动者驿站，不用预约。\n—— 沈阳市总工会"
NEVER = (clock(0), clock(0))
HASTY = Clocks(lane=2.0, lease=8.0, patience=4.0, margin=0.5)  # for who is killed often


class Cost:
    """What something took, from now on."""

    def __init__(self) -> None:
        self._start, self._cpu = time.perf_counter(), time.process_time()

    def tell(self, **more: float) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        taken = {"seconds": time.perf_counter() - self._start, "cpu": time.process_time() - self._cpu}
        sys.stdout.write(json.dumps({**taken, "peak_mb": peak, **more}) + "\n")


def settings(folder: str) -> Settings:
    return Settings(var=folder, _env_file=None)  # type: ignore[call-arg]


async def fill(folder: str, people: int) -> None:
    """A database with so many people who pressed Start, and a notice for them that everybody agreed to."""
    db = database_of(settings(folder))
    vault, table = vault_of(db.engine.dialect), Chat.__table__
    old = datetime(2026, 1, 1, tzinfo=UTC)
    blank = chats.contents(chats.blank(Channel.TELEGRAM, b"", 0)) | {"channel": Channel.TELEGRAM, "version": 0}
    blank |= {"created_at": old, "started_at": old, "region": "2101"}
    for first in range(FIRST, FIRST + people, PART):
        numbers = range(first, min(first + PART, FIRST + people))
        rows = [blank | {"address": each, "key": vault.blind(f"telegram:{each}", "chats.key")} for each in numbers]
        async with db.connect() as connection:
            await connection.execute(table.insert(), rows)  # type: ignore[attr-defined]
    context = await _service_context()
    async with db.begin() as session:
        await agencies.ensure(session, context.knowledge.offices)
        ids = {person.username: person.id for person in await accounts.seed_demo(session)}
        author = Actor(Role.ORGANISER, ids["demo.organiser"])
        until = now() + timedelta(days=2)
        draft = NoticeDraft(NoticeKind.SERVICE, "免费体检", TEXT[:60], "沈阳市总工会", until, Audience())
        notice = await notices.write(session, context, author, draft)
        await notices.submit(session, context, notice, author)
        await approvals.approve(session, notice, Actor(Role.APPROVER, ids["demo.approver"]), people)
        at = now().isoformat()
        await notice_start.ring(session, context, {"notice": notice.id, "version": notice.version, "at": at})
    cost = Cost()
    complete = False
    while not complete:
        async with db.begin() as session:
            complete = await notice_deliveries.freeze(session, await notices.get(session, 1, lock=True))
    cost.tell(people=people)
    await db.close()


async def ours(folder: str, api: str, rate: str, clocks: Clocks | None = None) -> None:
    db = database_of(settings(folder))
    client = BotApi(f"{api}/bot", "", TOKEN)
    await client.open()
    context = await _service_context()
    gc.collect()
    gc.freeze()  # As the program does at its start.
    lane = Bulk(db, Channel.TELEGRAM, client, RateLimiter(float(rate) or math.inf), lambda: context, clocks or Clocks())
    cost = Cost()
    lane.start()
    while True:
        await asyncio.sleep(0.2)
        async with db.read() as session:
            if (await notices.get(session, 1)).state in (
                NoticeState.COMPLETED,
                NoticeState.SOME_FAILED,
                NoticeState.FAULTY,
            ):
                counts = await notice_totals.tally(session, 1)
                break
    cost.tell(**{str(state): people for state, people in counts.items()})
    await lane.stop()
    await client.close()
    await db.close()


async def count(folder: str) -> None:
    """What the page of a notice asks for, as often as somebody watches."""
    db = database_of(settings(folder))
    async with db.read() as session:
        await notice_totals.gone(session, 1)
        cost = Cost()
        await notice_totals.outcome(session, 1)
        cost.tell()
    await db.close()


async def ptb(api: str, people: int) -> None:
    """One after another, as most bots do."""
    from telegram import Bot

    async with Bot(TOKEN, base_url=f"{api}/bot") as bot:
        cost = Cost()
        for each in range(FIRST, FIRST + people):
            await bot.send_message(each, TEXT, parse_mode="HTML")
        cost.tell()


async def ptb_limiter(api: str, people: int) -> None:
    """python-telegram-bot's AIORateLimiter, with a limit it never reaches, and a pool that lets all of them out."""
    from telegram.ext import AIORateLimiter, ExtBot
    from telegram.request import HTTPXRequest

    request = HTTPXRequest(connection_pool_size=AT_ONCE)
    limiter = AIORateLimiter(overall_max_rate=1_000_000, overall_time_period=1)
    async with ExtBot(TOKEN, base_url=f"{api}/bot", request=request, rate_limiter=limiter) as bot:
        ways = asyncio.Semaphore(AT_ONCE)

        async def send(each: int) -> None:
            async with ways:
                await bot.send_message(each, TEXT, parse_mode="HTML")

        cost = Cost()
        await asyncio.gather(*(send(each) for each in range(FIRST, FIRST + people)))
        cost.tell()


async def aiogram(api: str, people: int) -> None:
    """aiogram with a semaphore."""
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer

    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(api), limit=AT_ONCE))
    ways = asyncio.Semaphore(AT_ONCE)

    async def send(each: int) -> None:
        async with ways:
            await bot.send_message(each, TEXT, parse_mode="HTML")

    cost = Cost()
    await asyncio.gather(*(send(each) for each in range(FIRST, FIRST + people)))
    cost.tell()
    await bot.session.close()


async def _service_context() -> ServiceContext:
    return ServiceContext(cast("Knowledge", SimpleNamespace(texts=texts.load())), quiet=NEVER)


async def main(name: str, folder: str, *more: str) -> None:
    match name:
        case "fill":
            await fill(folder, int(more[0]))
        case "count":
            await count(folder)
        case "ours":
            await ours(folder, *more)
        case "hasty":
            await ours(folder, *more, clocks=HASTY)
        case _:
            peers = {"ptb": ptb, "ptb-limiter": ptb_limiter, "aiogram": aiogram}
            await peers[name](more[0], int(more[1]))


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        migrate.upgrade(settings(sys.argv[2]))  # It runs an event loop of its own.
    uvloop.run(main(*sys.argv[1:]))
