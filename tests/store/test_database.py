"""The migrations make the tables of the models; a connection that died while nobody used it costs nobody an answer."""

import argparse
import asyncio
from datetime import timedelta

import asyncpg
import pytest
from alembic import command
from sqlalchemy import make_url, select, text

from bot import health
from bot.app import database_of
from bot.commands import migrate
from bot.services.appeals import appeals
from bot.services.appeals.appeals import AppealDraft
from bot.services.appeals.deadlines import DEADLINES
from bot.services.calendar.time_limits import Rules
from bot.services.chats import chats
from bot.services.core.context import ServiceContext
from bot.services.core.working_days import Calendar
from bot.services.hazards import hazards
from bot.services.hazards.hazards import HazardDraft
from bot.settings import Settings
from bot.store import db as store
from bot.store.models import Appeal, Channel, Hazard
from tests.conftest import on_postgres

WRITE = "UPDATE chats SET region = ''"


async def test_the_migrations_make_the_tables_that_the_models_describe(settings):
    await asyncio.to_thread(command.check, migrate.config(settings))  # raises when a revision is missing


async def _stands_at(settings, revision):
    db = database_of(settings)
    async with db.begin() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    await db.close()


async def test_a_database_of_the_last_preview_is_taken_over_as_it_is(settings):
    await asyncio.to_thread(command.downgrade, migrate.config(settings), migrate.BASELINE)  # its tables
    await _stands_at(settings, migrate.PREVIEW)
    await asyncio.to_thread(migrate.upgrade, settings)
    await asyncio.to_thread(command.check, migrate.config(settings))


async def test_open_cases_from_before_their_limits_were_kept_stay_due_when_they_were(settings, knowledge):
    db, context = database_of(settings), ServiceContext(knowledge)
    async with db.begin() as session:
        chat = chats.blank(Channel.WEB, bytes(16), 1)
        session.add(chat)
        await session.flush()
        filed = await appeals.submit(session, context, chat, AppealDraft("wages", "十月的工资一直没发，问了三次"))
        draft = HazardDraft("gas", "楼下漏气", origin="open311")
        reported = await hazards.submit(session, context, None, draft)
        appeal = await appeals.get(session, filed.number)
        appeal.due_at = filed.due_at + timedelta(seconds=28)  # as a question of 28 seconds used to leave it
    await db.close()
    await asyncio.to_thread(command.downgrade, migrate.config(settings), migrate.BASELINE)
    await asyncio.to_thread(migrate.upgrade, settings)
    async with db.read() as session:
        appeal, hazard = await session.scalar(select(Appeal)), await session.scalar(select(Hazard))
    await db.close()
    assert appeal.due_at == filed.due_at
    assert DEADLINES.clock(context, Rules(), appeal).due(Calendar()) == filed.due_at
    assert (hazard.limit_amount, hazard.limit_unit, hazard.due_at) == (2, "hours", reported.due_at)


async def test_a_database_of_an_unknown_version_is_refused_with_a_sentence(settings, capsys):
    await _stands_at(settings, "20261122_0640")
    given = argparse.Namespace(app=None)
    assert await asyncio.to_thread(migrate.run, given, settings) == 1
    assert "another version of the program" in capsys.readouterr().out


async def test_connections_that_died_in_the_pool_are_replaced(settings, monkeypatch):
    monkeypatch.setattr(store, "RESTED", 0.0)
    db = database_of(settings)
    for _ in range(2):
        async with db.begin() as session:
            await session.execute(text("SELECT 1"))
        await _cut(settings.database)
    async with db.begin() as session:
        assert await session.scalar(text("SELECT 1")) == 1
    async with db.read() as session:
        assert await session.scalar(text("SELECT 1")) == 1
    await db.close()


async def _cut(url: str) -> None:
    """End all connections to this test's database; SQLite has none that could end."""
    if not on_postgres():
        return
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    admin = await asyncpg.connect(plain)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await admin.close()


@pytest.mark.parametrize("name", ["a%20b", "a?b", "a#b", "a b", "a%b"])
async def test_whatever_the_folder_is_called_the_database_is_in_it(tmp_path, name):
    settings = Settings(var=tmp_path / name, _env_file=None)
    db = database_of(settings)
    async with db.connect() as connection:
        await connection.execute(text("CREATE TABLE here (x INTEGER)"))
    await db.close()
    assert {each.name for each in tmp_path.iterdir()} == {name}
    assert (tmp_path / name / "nuanxin.db").stat().st_size > 0
    assert health.folders(settings) == {tmp_path / name}


@pytest.mark.skipif(on_postgres(), reason="PostgreSQL has as many writers as there are")
async def test_a_writer_who_waits_for_another_one_holds_nobody_up_and_says_when_it_took_too_long(settings, monkeypatch):
    monkeypatch.setattr(store, "BUSY", 0.2)
    first, second = database_of(settings), database_of(settings)
    turns = 0
    async with first.begin() as session:
        await session.execute(text(WRITE))
        waiting = asyncio.create_task(_writes(second))
        while not waiting.done():
            await asyncio.sleep(0)
            turns += 1
    assert turns > 10
    assert store.is_down(waiting.exception())
    await _writes(second)
    for each in (first, second):
        await each.close()


async def _writes(db: store.Database) -> None:
    async with db.begin() as session:
        await session.execute(text(WRITE))
