"""The migrations make the tables of the models; a connection that died while nobody used it costs nobody an answer."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from alembic import command
from sqlalchemy import UniqueConstraint, event, make_url, select, text
from sqlalchemy.exc import DBAPIError

from bot import health
from bot.__main__ import parse
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
from bot.store.base import Base
from bot.store.models import Appeal, Channel, Hazard
from bot.store.opening import database_of
from tests.support import databases

# Tables that grow with staff, units and settings, not with what people write.
SMALL = set(
    "agencies api_keys compounds gates calendar_changes case_presences consultation_units consultations contacts hazard_rules import_files "
    "ledgers notice_approvals notice_writers notices offerings outlets policy_revisions screen_sign_ins trial_members "
    "visits vouchers web_presses".split()
)
WRITE = "UPDATE chats SET region = ''"


async def test_the_migrations_make_the_tables_that_the_models_describe(settings):
    await asyncio.to_thread(command.check, migrate.config(settings))  # raises when a revision is missing


def test_rows_of_large_tables_that_refer_to_others_are_found_by_an_index():
    """Nobody deletes a row, or asks for what refers to it, by reading a table that grows with the work of a city."""
    found = {
        f"{table.name}.{key.parent.name}"
        for table in Base.metadata.tables.values()
        if table.name not in SMALL
        for key in table.foreign_keys
        if key.parent.name not in _first_columns(table)
    }
    assert found == set()


def _first_columns(table):
    indexes = [list(each.columns) for each in (*table.indexes, table.primary_key)]
    unique = [list(each.columns) for each in table.constraints if isinstance(each, UniqueConstraint)]
    return {columns[0].name for columns in indexes + unique if columns} | {
        column.name for column in table.columns if column.unique
    }


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


async def test_migrate_says_what_it_would_do_before_it_does_anything(settings, capsys):
    await asyncio.to_thread(command.downgrade, migrate.config(settings), "0010")
    assert await asyncio.to_thread(migrate.run, parse(["migrate", "--dry-run"]), settings) == 0
    said = capsys.readouterr().out
    assert [line[:4] for line in said.splitlines()][:2] == ["0011", "0012"]
    assert "newest revision" not in said
    assert len(await asyncio.to_thread(migrate.pending, settings)) == len([x for x in said.splitlines() if x[0] == "0"])
    assert await asyncio.to_thread(migrate.run, parse(["migrate", "--finish"]), settings) == 0
    assert "newest revision after" in capsys.readouterr().out
    assert await asyncio.to_thread(migrate.pending, settings) == []


async def test_the_old_code_keeps_its_tables_until_the_new_code_is_everywhere(settings, capsys):
    clears = text("DELETE FROM station_files WHERE at < '2026-01-01'")  # as its retention does every night
    await asyncio.to_thread(command.downgrade, migrate.config(settings), "0016")
    db = database_of(settings)
    assert await migrate.is_behind(db)
    assert await asyncio.to_thread(migrate.run, parse(["migrate"]), settings) == 0
    assert "waits for `migrate --finish`" in capsys.readouterr().out
    assert not await migrate.is_behind(db)
    async with db.begin() as session:
        await session.execute(clears)
    assert await asyncio.to_thread(migrate.run, parse(["migrate", "--finish"]), settings) == 0
    assert "waits for `migrate" not in capsys.readouterr().out
    with pytest.raises(DBAPIError):
        async with db.begin() as session:
            await session.execute(clears)
    await db.close()


async def test_a_database_of_an_unknown_version_is_refused_with_a_sentence(settings, capsys):
    await _stands_at(settings, "20261122_0640")
    db = database_of(settings)
    assert not await migrate.is_behind(db)  # a newer version's tables carry the one before it
    await db.close()
    given = parse(["migrate"])
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


@pytest.mark.parametrize("patience", [store.RETURN, 0.0])
async def test_a_transaction_that_is_cut_off_while_the_program_ends_leaves_no_connection_open(
    settings, monkeypatch, patience
):
    monkeypatch.setattr(store, "RETURN", patience)
    db = database_of(settings)
    opened = _watched(db)
    begun = asyncio.Event()

    async def writes() -> None:
        async with db.begin() as session:
            await session.execute(text(WRITE))
            begun.set()
            await asyncio.Event().wait()

    writing = asyncio.create_task(writes())
    await begun.wait()
    writing.cancel()
    await db.close()
    assert not opened or not patience
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert not opened


async def test_what_somebody_opens_after_the_end_is_closed_when_they_have_done(settings):
    db = database_of(settings)
    opened = _watched(db)
    await _writes(db)
    await db.close()
    await _writes(db)
    async with db.read() as session:
        await session.execute(text("SELECT 1"))
    assert not opened


def _watched(db: store.Database) -> set[int]:
    """The connections that are open, from now on."""
    opened: set[int] = set()
    for each in {db.engine.sync_engine.pool, db.reader.sync_engine.pool}:
        event.listen(each, "connect", lambda connection, _record: opened.add(id(connection)))
        event.listen(each, "close", lambda connection, _record: opened.discard(id(connection)))
    return opened


async def _cut(url: str) -> None:
    """End all connections to this test's database; SQLite has none that could end."""
    if not databases.is_meant():
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


@pytest.mark.skipif(databases.is_meant(), reason="PostgreSQL has as many writers as there are")
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


@pytest.mark.skipif(
    not databases.is_meant(), reason="SQLite has one writer at a time, so two never wait for each other"
)
async def test_of_two_that_wait_for_each_other_one_is_undone_and_may_be_tried_again(settings):
    db = database_of(settings)
    async with db.begin() as session:
        await session.execute(text("INSERT INTO attempts (key, times, until) VALUES ('a', 0, 0), ('b', 0, 0)"))

    async def counts(*keys: str, met: asyncio.Barrier) -> None:
        async with db.begin() as session:
            for at, key in enumerate(keys):
                await session.execute(
                    text("UPDATE attempts SET times = times + 1 WHERE key = :key"), {"key": key.encode()}
                )
                if at == 0:
                    await met.wait()

    met = asyncio.Barrier(2)
    ends = await asyncio.gather(counts("a", "b", met=met), counts("b", "a", met=met), return_exceptions=True)
    [lost] = [each for each in ends if each is not None]
    assert store.is_down(lost)
    await counts("a", "b", met=asyncio.Barrier(1))
    async with db.read() as session:
        assert list(await session.scalars(text("SELECT times FROM attempts"))) == [2, 2]
    await db.close()
