"""The demo lets in whoever sits at the machine: it and production take nothing over from each other."""

import asyncio
import os
import signal
import sys

import pytest

from bot.services.core.lifecycle import Role
from bot.services.staff import accounts
from bot.services.units import agencies
from bot.store.opening import database_of
from tests.support.desk import BY
from tests.support.project import ROOT

PATIENCE = 60  # seconds


async def starts(settings, command: str, *more: str, until: str = "") -> tuple[int, str]:
    """Run a command on these settings until it ends, or says something; its status and what it said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUANXIN_")}
    chosen = {"VAR": settings.var, "DATABASE_URL": settings.database_url, "PORT": settings.port, "SEARCH": "lexical"}
    environment |= {f"NUANXIN_{name}": str(value) for name, value in chosen.items()} | {"PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", command, *more),
        env=environment,
        cwd=settings.var,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = ""
    async with asyncio.timeout(PATIENCE):
        while line := (await process.stdout.readline()).decode():
            said += line
            if until and until in said:
                process.send_signal(signal.SIGTERM)
        return await process.wait(), said


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"database_url": f"sqlite:///{settings.var / 'nuanxin.db'}"})


async def test_production_refuses_a_database_that_the_demo_made(settings):
    status, said = await starts(settings, "demo", "--empty", until="Ctrl+C")
    assert (status, "demo.admin" in said or "演示·区域管理员" in said) == (0, True)
    status, said = await starts(settings, "run")
    assert status == 1
    assert "made by `python -m bot demo`" in said
    assert "Traceback" not in said


async def test_the_demo_refuses_a_database_with_real_staff(settings, knowledge):
    assert (await starts(settings, "migrate"))[0] == 0
    db = database_of(settings)
    async with db.begin() as session:
        await agencies.ensure(session, knowledge.offices)
        person = await accounts.add(session, None, BY, name="王芳", username="wang.fang")
        await accounts.give(session, None, BY, person, accounts.Grant(Role.SYSTEM_ADMIN))
    await db.close()
    status, said = await starts(settings, "demo")
    assert status == 1
    assert "Real staff works in this database" in said
