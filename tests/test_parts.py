"""Processes that do a part each are one installation."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from bot.__main__ import parse
from bot.app import Application
from bot.parts import Part
from bot.queue import jobs, outbox
from bot.services.core.lifecycle import Role
from bot.store.db import Database
from bot.store.models import Channel, Chat, now
from tests.conftest import free_port, hasten
from tests.support.desk import Desk
from tests.support.phone import Phone
from tests.support.web_driver import eventually


@pytest.fixture
async def processes(settings, knowledge) -> AsyncIterator[dict[Part, Application]]:
    """One for each part, on the same database."""
    running: dict[Part, Application] = {}
    for part in Part:
        own = settings.model_copy(update={"port": free_port()})
        app = running[part] = Application(own, knowledge, parts=frozenset({part}))
        hasten(app)
        await app.start()
        await app.channels[Channel.WEB].opened.wait()
    yield running
    for app in running.values():
        await app.stop()


async def status(app: Application, path: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{app.port}{path}") as response:
        return response.status


async def test_people_staff_and_what_is_due_have_processes_of_their_own(processes):
    found = {
        part: {
            path for path in ("/chat", "/console/login", "/open311/v2/services.json") if await status(app, path) == 200
        }
        for part, app in processes.items()
    }
    assert found == {
        Part.WEB: {"/chat", "/open311/v2/services.json"},
        Part.CONSOLE: {"/console/login"},
        Part.RELAY: set(),
        Part.BULK: set(),
    }
    assert [await status(app, "/readyz") for app in processes.values()] == [200] * len(Part)
    async with Desk(processes[Part.CONSOLE], Role.REVIEWER) as desk:
        await desk.gets("/console/appeals")
    async with Phone(processes[Part.WEB]) as phone:
        await phone.opens()
        assert await phone.types("/start")
        await leave_behind(processes[Part.WEB].db, {"do": "say", "text": "前一句的回答"})
        assert await eventually(lambda: phone.hears(settle=False)) == ["前一句的回答"]
    await processes[Part.RELAY].relay.settled()
    assert processes[Part.RELAY].relay.sent == 1


async def leave_behind(db: Database, message: dict[str, Any]) -> None:
    """What a killed process leaves, once its lease is over: a message that is written down and on nobody's way."""
    async with db.begin() as session:
        left = jobs.message(await session.scalar(select(Chat)), message)
        left.due_at = now()
        await outbox.put(session, [left])


def test_parts_are_named_on_the_command_line_and_a_slip_says_which_there_are(capsys):
    assert parse(["run"]).only == frozenset(Part)
    assert parse(["run", "--only", "relay, bulk"]).only == {Part.RELAY, Part.BULK}
    with pytest.raises(SystemExit):
        parse(["run", "--only", "rellay"])
    assert "web, console, relay, bulk" in capsys.readouterr().err
