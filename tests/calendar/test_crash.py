"""A process that sets cases right is killed in the middle of a case: the next one finishes, and nothing is done twice."""

import asyncio
import sys
from collections import Counter
from datetime import datetime
from types import SimpleNamespace

import pytest
import time_machine
from sqlalchemy import select

from bot.queue import jobs, outbox
from bot.services import replanning
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.services.core.working_days import ZONE
from bot.services.replanning import Replanner
from bot.services.units import agencies
from bot.store.models import Appeal, AppealStep, Outbox, now
from bot.store.opening import database_of
from tests.support.appeals import filed
from tests.support.calendar import LAST, forget, make_up
from tests.support.project import ROOT

CASES = 7


@pytest.fixture
async def house(settings, knowledge):
    """Database and services without anything that runs by itself, and cases that wait for a date."""
    house = SimpleNamespace(db=database_of(settings), services=ServiceContext(knowledge))
    async with house.db.begin() as session:
        await agencies.ensure(session, knowledge.appeals.offices)
        await forget(session)
    with time_machine.travel(datetime(LAST, 12, 23, 10, tzinfo=ZONE)):
        house.numbers = [await filed(house) for _ in range(CASES)]
    async with house.db.begin() as session:
        await make_up(session, [LAST + 1])
        row = jobs.REPLAN.row({}, subject=jobs.REPLAN.kind, due_at=now() + outbox.LEASE)
        await outbox.put(session, [row])
    house.row = row.id
    yield house
    await house.db.close()


async def killed(settings, row: int, cases: int) -> None:
    """Let a process work, and kill it inside the transaction of its so-manieth case."""
    command = (sys.executable, "-m", "tests.support.replan_child", str(settings.var), settings.database)
    child = await asyncio.create_subprocess_exec(
        *command, str(row), str(cases), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert await child.stdout.readline() == b"here\n"
    child.kill()
    await child.wait()


async def test_whoever_comes_next_goes_on_where_a_killed_process_ended(settings, house):
    dated = []
    for cases in (1, 2, 3):
        await killed(settings, house.row, cases)
        async with house.db.read() as session:
            dated.append(len(list(await session.scalars(select(Appeal.id).where(Appeal.due_at.is_not(None))))))
    assert dated == [0, 0, 2]  # what a transaction began is undone with it
    async with house.db.read() as session:
        row = await session.get_one(Outbox, house.row)
    await Replanner(house.db, lambda: house.services)(row)
    async with house.db.read() as session:
        assert await replanning.undated(session) == 0
        lines = await session.scalars(select(AppealStep.appeal_id).where(AppealStep.name == "redate"))
        assert sorted(Counter(lines).values()) == [1] * CASES
        told = await session.scalars(select(Outbox.chat_id).where(Outbox.chat_id.is_not(None)))
        assert sorted(Counter(told).values()) == [1] * CASES
        found = await timers.waiting(session, house.numbers)
        assert {number: len(rings) for number, rings in found.items()} == dict.fromkeys(house.numbers, 3)
