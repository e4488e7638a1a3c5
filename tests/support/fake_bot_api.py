"""A crowd behind a Bot API on loopback: it notes when each call came, and refuses what a test tells it to.

`python -m tests.support.fake_bot_api URL KEY API RATE` runs a bulk lane on its own, to be killed.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time as clock
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import orjson
from aiohttp import web

from bot.bulk import Bulk, Clocks
from bot.channels.telegram.transport import BotApi
from bot.queue.rate_limiter import RateLimiter
from bot.services.chats import chats
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Actor, Role
from bot.services.notices import approvals, notices
from bot.services.notices.audience import Audience
from bot.services.notices.notices import NoticeDraft
from bot.services.staff import accounts
from bot.services.units import agencies
from bot.store.db import Database
from bot.store.models import Channel, Notice, NoticeKind, now
from knowledge import Knowledge, texts
from tests.support.web_driver import opened

TOKEN = "4711:CROWD"
FAST = Clocks(
    look=0.05, lane=1.0, lease=8.0, patience=6.0, margin=0.3
)  # patient: the tests of one machine all wait for it
NEVER = (clock(0), clock(0))  # quiet hours that are none: tests must not depend on the time of day
Refuse = Callable[[int, str], dict[str, Any] | None]  # (chat, method) -> what Telegram answers instead
KNOWN = "AgACAgUAAx0"  # what the crowd's server calls any photo
SILENCE = {"error_code": 0}  # the call is taken, and no answer comes


@dataclass
class Crowd:
    """Everybody's phones."""

    refuse: Refuse = lambda chat, method: None
    delay: float = 0.0
    calls: list[tuple[float, str, int, dict[str, Any]]] = field(default_factory=list)
    forgotten: str = ""  # the name of a photo the server does not know any more
    updates: list[dict[str, Any]] = field(default_factory=list)  # that nobody has asked for yet
    odd: dict[str, list[bytes]] = field(default_factory=dict)  # answers to a method that come before right ones
    api: str = ""
    _runner: web.AppRunner | None = None

    async def start(self) -> "Crowd":
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.api = f"http://127.0.0.1:{self._runner.addresses[0][1]}/bot"
        return self

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def got(self, method: str = "sendMessage") -> Counter[int]:
        """How many messages each person got."""
        return Counter(chat for _, name, chat, _ in self.calls if name == method)

    def said(self, chat: int) -> list[str]:
        return [call.get("text", "") for _, _, to, call in self.calls if to == chat]

    def most_in_a_second(self) -> int:
        """The most calls that came within any second."""
        times, first, most = sorted(at for at, *_ in self.calls), 0, 0
        for last, at in enumerate(times):
            while times[first] <= at - 1.0:
                first += 1
            most = max(most, last - first + 1)
        return most

    def closest(self) -> float:
        """Seconds between the two closest messages to one person."""
        theirs: dict[int, list[float]] = {}
        for at, _, chat, _ in self.calls:
            theirs.setdefault(chat, []).append(at)
        gaps = (late - early for times in theirs.values() for early, late in pairwise(times))
        return min(gaps, default=float("inf"))

    async def _take(self, request: web.Request) -> web.StreamResponse:
        method, call = request.match_info["method"], await _parameters(request)
        if odd := self.odd.get(method):
            return web.Response(body=odd.pop(0), content_type="application/json")
        if "chat_id" not in call:
            return web.json_response({"ok": True, "result": await self._own(method, call)})
        chat = call["chat_id"]
        refused = STALE if self.forgotten and call.get("photo") == self.forgotten else self.refuse(chat, method)
        if refused is None or refused is SILENCE:
            self.calls.append((time.monotonic(), method, chat, call))
        if self.delay:
            await asyncio.sleep(self.delay)
        if refused is SILENCE:
            request.transport.abort()
        elif refused:
            return web.json_response({"ok": False, **refused}, status=refused["error_code"])
        photo = {"photo": [{"file_id": "small"}, {"file_id": KNOWN}]} if method == "sendPhoto" else {}
        return web.json_response({"ok": True, "result": {"message_id": len(self.calls), **photo}})

    async def _own(self, method: str, call: dict[str, Any]) -> Any:
        """What a bot asks for itself."""
        if method == "getMe":
            return {"id": 4711, "is_bot": True, "first_name": "暖新", "username": "nuanxin_bot"}
        if method != "getUpdates":
            return True
        waiting = [each for each in self.updates if each["update_id"] >= call.get("offset", 0)]
        if not waiting:
            await asyncio.sleep(0.05)
        return waiting

    def write(self, number: int, chat: int, text: str) -> None:
        """Somebody writes to the bot."""
        person = {"id": chat, "first_name": "王", "type": "private"}
        who = {"id": chat, "first_name": "王", "is_bot": False}
        message = {"message_id": number, "date": 1760000000, "chat": person, "from": who, "text": text}
        self.updates.append({"update_id": number, "message": message})


async def _parameters(request: web.Request) -> dict[str, Any]:
    """Of a call in JSON, or of a form with a file in it, whose bytes stand in the file's place."""
    if request.content_type != "multipart/form-data":
        return dict(orjson.loads(await request.read() or b"{}"))
    form: dict[str, Any] = {}
    for name, value in (await request.post()).items():
        form[name] = value.file.read() if isinstance(value, web.FileField) else value
    return form | {"chat_id": int(form["chat_id"])}


def refusal(code: int, why: str, **parameters: Any) -> dict[str, Any]:
    return {"error_code": code, "description": why, "parameters": parameters}


STALE = refusal(400, "Bad Request: wrong remote file identifier specified: Wrong padding in the string")


class Town:
    """A database with people in it and staff who write to them."""

    def __init__(self, db: Database, knowledge: Knowledge) -> None:
        self.db = db
        self.services = ServiceContext(knowledge, quiet=NEVER)
        self.author = self.second = self.third = Actor(Role.ORGANISER)

    async def settle(self) -> "Town":
        async with self.db.begin() as session:
            await agencies.ensure(session, self.services.knowledge.offices)
            people = {person.username: person.id for person in await accounts.seed_demo(session)}
        self.author = Actor(Role.ORGANISER, people["demo.organiser"])
        self.second = Actor(Role.APPROVER, people["demo.approver"])
        self.third = Actor(Role.APPROVER, people["demo.admin"])
        return self

    async def people(self, count: int, *, first: int = 1, channel: Channel = Channel.TELEGRAM, **more: Any) -> None:
        """So many people with the addresses 1, 2, 3..., who have pressed Start."""
        known = {"started_at": now(), "region": "2101", "job": "rider"} | more
        async with self.db.begin() as session:
            for address in range(first, first + count):
                chat = chats.blank(channel, chats.key_of(self.db, channel, address), address)
                for name, value in known.items():
                    setattr(chat, name, value)
                session.add(chat)

    def draft(self, **more: Any) -> NoticeDraft:
        given = {
            "kind": NoticeKind.SERVICE,
            "title": "体检",
            "text": "**免费**体检，周六上午",
            "unit": "沈阳市总工会",
            "valid_until": now() + timedelta(days=2),
            "audience": Audience(),
        }
        return NoticeDraft(**(given | more))

    async def submitted(self, **more: Any) -> Notice:
        async with self.db.begin() as session:
            notice = await notices.write(session, self.services, self.author, self.draft(**more))
            await notices.submit(session, self.services, notice, self.author)
        return notice

    async def agreed(self, **more: Any) -> Notice:
        """A notice that everybody it needs has agreed to."""
        notice = await self.submitted(**more)
        await self.agree(notice.id)
        return notice

    async def agree(self, number: int) -> None:
        async with self.db.begin() as session:
            notice = await notices.get(session, number, lock=True)
            for actor in (self.second, self.third)[: approvals.needed(notice)]:
                await approvals.approve(session, notice, actor, notice.count)

    async def now(self, number: int) -> Notice:
        async with self.db.read() as session:
            return await notices.get(session, number)


def lane(db: Database, api: BotApi, context: ServiceContext, rate: float, *, paid: bool = False) -> Bulk:
    return Bulk(db, Channel.TELEGRAM, api, RateLimiter(rate), lambda: context, FAST, paid=paid)


async def _serve(url: str, key: str, api: str, rate: str) -> None:
    db = opened(url, key)
    client = BotApi(api, "", TOKEN)
    await client.open()
    words = cast("Knowledge", SimpleNamespace(texts=texts.load()))  # All it says; reading the rest takes seconds.
    context = ServiceContext(words, quiet=NEVER)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await lane(db, client, context, float(rate)).run()


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
