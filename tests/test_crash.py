"""The bot is killed again and again while people write to it: every message is answered, none twice, in order."""

import asyncio
import os
import random
import re
import secrets
import signal
import sys
from collections.abc import Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.services.chats import chats
from bot.settings import Settings
from bot.store.db import Database
from bot.store.models import Channel, Outbox, OutboxState, now
from bot.store.opening import database_of
from bot.store.vault import new_key
from tests.conftest import free_port
from tests.support.project import ROOT
from tests.support.web_driver import TOKEN, Server, database

PEOPLE, LINES, KILLS = 20, 20, 4
PATIENCE = 120  # seconds until a drill is given up
QUOTED = re.compile(r"[^“]*“([^”]*)”.*", re.DOTALL)  # The refusal repeats what was typed.


class Replica:
    """`python -m bot run`, as an operator starts it, against a Bot API server of ours."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.environment = {**os.environ, **settings}
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        command = (sys.executable, "-m", "bot", "run")
        self.process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=self.environment, stderr=asyncio.subprocess.DEVNULL
        )

    async def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


@asynccontextmanager
async def telegram(folder: Path):
    """A Bot API server in Telegram's place, with a database of its own."""
    folder.mkdir()  # noqa: ASYNC240
    async with database(folder) as url:
        server = await Server(url, folder, key=new_key()).start()
        try:
            yield server
        finally:
            await server.stop()


def environment(server: Server, url: str, folder: Path, *, webhook: bool) -> dict[str, str]:
    port = free_port()
    found = {
        "NUANXIN_VAR": str(folder / "var"),
        "NUANXIN_DATABASE_URL": url,
        "NUANXIN_TELEGRAM_TOKEN": TOKEN,
        "NUANXIN_TELEGRAM_API_URL": f"{server.url}/bot",
        "NUANXIN_TELEGRAM_FILE_URL": f"{server.url}/file/bot",
        "NUANXIN_WEB_CHAT": "false",
        "NUANXIN_SEARCH": "lexical",
        "NUANXIN_PORT": str(port),
    }
    if webhook:
        found["NUANXIN_TELEGRAM_WEBHOOK_URL"] = f"http://127.0.0.1:{port}/telegram"
        found["NUANXIN_TELEGRAM_WEBHOOK_SECRET"] = "of-the-drill-and-of-nobody-else-0123"
    return found


async def said(server: Server, person: int) -> list[str]:
    """What the bot has said to somebody, oldest first."""
    bot = await server.chat.shared.bots.own()
    state = await server.chat.page.views.state(bot, person)
    if state is None:
        return []
    first = await server.chat.page.views.first(state, person)
    return [each.get("text", "") for each in first["messages"] if not each["mine"]]


async def write(server: Server, person: int, text: str) -> None:
    bot = await server.chat.shared.bots.own()
    await server.chat.people.say(bot, person, {"text": text}, key=secrets.token_hex(8))


@pytest.mark.long
@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
async def test_every_message_is_answered_once_and_in_order_whatever_dies(webhook, database_url, tmp_path):
    async with telegram(tmp_path / "telegram") as server:
        settings = environment(server, database_url, tmp_path, webhook=webhook)
        people = range(2_000_001, 2_000_001 + PEOPLE)
        await _ask_for_their_city(settings, people)
        replica = Replica(settings)
        await replica.start()
        try:
            await asyncio.gather(*(_talk(server, person) for person in people), _kill(replica))
            async with asyncio.timeout(PATIENCE):
                while [person for person in people if len(await said(server, person)) < LINES]:  # noqa: ASYNC110
                    await asyncio.sleep(0.3)  # The bot is another process: there is nothing to wait on.
        finally:
            await replica.kill()
        for person in people:
            answers = await said(server, person)
            assert [QUOTED.sub(r"\1", answer) for answer in answers] == [f"找{n:02}号" for n in range(LINES)]
    await _nothing_left(settings)


async def _talk(server: Server, person: int) -> None:
    for number in range(LINES):
        await write(server, person, f"找{number:02}号")
        await asyncio.sleep(random.uniform(0, 0.4))


async def _kill(replica: Replica) -> None:
    for _ in range(KILLS):
        await asyncio.sleep(random.uniform(2.0, 3.5))
        await replica.kill()
        await replica.start()


def opened(settings: dict[str, str]) -> Database:
    var, url = Path(settings["NUANXIN_VAR"]), settings["NUANXIN_DATABASE_URL"]
    return database_of(Settings(var=var, database_url=url, _env_file=None))


async def _ask_for_their_city(settings: dict[str, str], people: Iterable[int]) -> None:
    """Put everybody at a question whose refusal repeats what was typed: so each answer tells what it answers."""
    db = opened(settings)
    async with db.begin() as session:
        for person in people:
            chat = chats.blank(Channel.TELEGRAM, chats.key_of(db, Channel.TELEGRAM, person), person)
            chat.flow, chat.step, chat.answers, chat.flow_at = "home", "where", {}, now()
            session.add(chat)
    await db.close()


async def _nothing_left(settings: dict[str, str]) -> None:
    db = opened(settings)
    async with db.read() as session:
        waits = Outbox.state == OutboxState.WAITING, Outbox.due_at <= now()  # What is for the night waits for it.
        assert await session.scalar(select(func.count()).select_from(Outbox).where(*waits)) == 0
    await db.close()
