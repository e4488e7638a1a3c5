"""The database in a backup: a copy of one moment while everybody works, and put back.

SQLite by its own backup; PostgreSQL by pg_dump and pg_restore, which must not be older than the server.
"""

import asyncio
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from pathlib import Path

from sqlalchemy import func, inspect, make_url, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.backup.archive import Unusable
from bot.store.db import Database, connect
from bot.store.vault import Vault

NAME = "database"  # in the archive
WORDS = {"host": "PGHOST", "port": "PGPORT", "username": "PGUSER", "password": "PGPASSWORD", "database": "PGDATABASE"}
OPTIONS = {"sslmode": "PGSSLMODE", "ssl": "PGSSLMODE", "connect_timeout": "PGCONNECT_TIMEOUT"}
SIDE_FILES = ("-wal", "-shm", "-journal")  # of SQLite, beside the database


async def save(db: Database, url: str, file: Path) -> dict[str, int]:
    """Copy the database of one moment into a file.  Returns the rows of each table in it.

    PostgreSQL counts and dumps in the same snapshot; nobody waits for either.
    """
    if db.dialect == "sqlite":
        return await asyncio.to_thread(_copy, Path(make_url(url).database or ""), file)
    options = {"isolation_level": "REPEATABLE READ"}
    async with db.engine.execution_options(**options).begin() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        snapshot = await connection.scalar(text("SELECT pg_export_snapshot()"))
        arguments = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={file}")
        await _run("pg_dump", *arguments, url=url)
        return await counted(connection, names)


def _copy(source: Path, file: Path) -> dict[str, int]:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(file)) as new:
        old.backup(new)
        names = [name for (name,) in new.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: new.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608


async def counted(connection: AsyncConnection, names: Iterable[str]) -> dict[str, int]:
    """The rows of each table."""
    count = select(func.count())
    return {name: await connection.scalar(count.select_from(table(name))) or 0 for name in names}


async def load(url: str, file: Path, *, again: bool = False) -> None:
    """Put a copy in the place of an empty database, all of it or nothing; `again`: of what an earlier try left."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        await asyncio.to_thread(_place, file, Path(parsed.database or ""))
        return
    anew = ("--clean", "--if-exists") if again else ()
    arguments = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", *anew)
    await _run("pg_restore", *arguments, f"--dbname={parsed.database}", str(file), url=url)


def _place(file: Path, target: Path) -> None:
    for suffix in SIDE_FILES:
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    file.replace(target)


async def is_empty(db: Database) -> bool:
    async with db.connect() as connection:
        return not await connection.run_sync(lambda sync: inspect(sync).get_table_names())


@asynccontextmanager
async def scratch(url: str, file: Path, vault: Vault) -> AsyncIterator[str]:
    """The URL of a copy as a database of its own, thrown away afterwards: on PostgreSQL one beside the real one."""
    parsed, admin = make_url(url), None
    if parsed.get_backend_name() == "sqlite":
        own = parsed.set(database=str(file))
    else:
        own, admin = parsed.set(database=f"nuanxin_verify_{secrets.token_hex(4)}"), connect(url, vault)
        await _maintain(admin, f'CREATE DATABASE "{own.database}" TEMPLATE template0')
    named = own.render_as_string(hide_password=False)
    try:
        if admin:
            await load(named, file)
        yield named
    finally:
        if admin:
            await _maintain(admin, f'DROP DATABASE "{own.database}" WITH (FORCE)')
            await admin.close()


async def _maintain(db: Database, statement: str) -> None:
    async with db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text(statement))


async def sound(db: Database) -> bool:
    """Whether SQLite finds its own file in order; PostgreSQL has checked while it restored."""
    if db.dialect != "sqlite":
        return True
    async with db.connect() as connection:
        return bool(await connection.scalar(text("PRAGMA integrity_check")) == "ok")


async def _run(program: str, *arguments: str, url: str) -> None:
    """Run a program of PostgreSQL; the password goes by its environment, where no list of processes shows it."""
    parsed = make_url(url)
    given = {name: str(value) for word, name in WORDS.items() if (value := getattr(parsed, word)) is not None}
    given |= {name: str(parsed.query[word]) for word, name in OPTIONS.items() if word in parsed.query}
    try:
        running = await asyncio.create_subprocess_exec(
            program, *arguments, env={**os.environ, **given}, stderr=asyncio.subprocess.PIPE
        )
    except FileNotFoundError:
        raise Unusable(f"{program} is not installed here: it comes with PostgreSQL's client programs") from None
    _, said = await running.communicate()
    if running.returncode:
        raise Unusable(f"{program}: {said.decode(errors='replace').strip()}")
