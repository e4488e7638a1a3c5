"""PostgreSQL databases that tests borrow: making and dropping one costs more than most tests, emptying one a moment."""

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import make_url

UP = "NUANXIN_TEST_DATABASE"  # "sqlite", or the URL of a PostgreSQL server's database
LARGE = 1 << 20  # bytes of a table from which on it is truncated: that costs files, deleting costs rows
# All that a migration or a grant leaves behind.  Whatever is made anew has another oid.
SHAPE = """
SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (
    SELECT concat('r', oid, relname, relacl) FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat('a', attrelid, attname, atttypid, attnotnull, attisdropped) FROM pg_attribute
        WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL SELECT concat('t', oid, tgenabled) FROM pg_trigger
    UNION ALL SELECT concat('k', oid) FROM pg_constraint
    UNION ALL SELECT concat('f', oid, md5(prosrc)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat('n', oid, nspacl) FROM pg_namespace WHERE nspname !~ '^pg_'
) AS parts (part)
"""
# Rows stand in the order in which they were written, as in a new table, as long as nobody gives away the room of old ones.
UNSWEPT = """
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = false)', name);
    END LOOP;
END $$
"""
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
LARGE_ONES = """
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_table_size(oid) > $1
"""
SEQUENCES = "SELECT sequencename, last_value, start_value FROM pg_sequences WHERE schemaname = 'public'"
REWIND = "SELECT setval(quote_ident($1)::regclass, coalesce($2::bigint, $3::bigint), $2::bigint IS NOT NULL)"
LEFT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
Make = Callable[[str], Awaitable[None]]


def is_meant() -> bool:
    return os.environ.get(UP, "sqlite").startswith("postgresql")


def url(name: str) -> str:
    """What SQLAlchemy opens this database by."""
    return make_url(os.environ[UP]).set(database=name).render_as_string(hide_password=False)


@asynccontextmanager
async def connected(name: str | None = None) -> "AsyncIterator[asyncpg.Connection[Any]]":
    """A plain connection: to this database, or to the one that the tests were given."""
    address = make_url(os.environ[UP]).set(drivername="postgresql")
    if name is not None:
        address = address.set(database=name)
    connection = await asyncpg.connect(address.render_as_string(hide_password=False), statement_cache_size=0)
    try:
        yield connection
    finally:
        await connection.close()


async def execute(statement: str) -> None:
    async with connected() as connection:
        await connection.execute(statement)


class Borrowed:
    """One database, and how it was when it was made."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._shape: str
        self._tables: list[str]
        self._rows: dict[str, list[Any]] = {}
        self._sequences: dict[str, int | None] = {}

    async def remember(self) -> None:
        async with connected(self.name) as connection:
            await connection.execute(UNSWEPT)
            self._shape = await connection.fetchval(SHAPE)
            self._tables = [each["relname"] for each in await connection.fetch(TABLES)]
            for table in await self._filled(connection):
                rows = await connection.fetch(f'SELECT * FROM "{table}"')  # noqa: S608 (a table of our own)
                self._rows[table] = [tuple(each) for each in rows]
            self._sequences = {each[0]: each[1] for each in await connection.fetch(SEQUENCES)}

    async def empty(self) -> bool:
        """Make it what it was.  Returns whether it could be: a changed table is not worth mending."""
        async with connected(self.name) as connection:
            await connection.execute(LEFT)
            if await connection.fetchval(SHAPE) != self._shape:
                return False
            async with connection.transaction():
                await connection.execute("SET LOCAL session_replication_role = replica")  # no trigger, no foreign key
                if large := [f'"{each[0]}"' for each in await connection.fetch(LARGE_ONES, LARGE)]:
                    await connection.execute(f"TRUNCATE {', '.join(large)} CASCADE")
                for table in await self._filled(connection):
                    await connection.execute(f'DELETE FROM "{table}"')  # noqa: S608
                for table, rows in self._rows.items():
                    await connection.copy_records_to_table(table, records=rows)
                await self._rewind(connection)
        return True

    async def _filled(self, connection: "asyncpg.Connection[Any]") -> list[str]:
        asked = (f"SELECT '{each}' WHERE EXISTS (SELECT FROM \"{each}\")" for each in self._tables)  # noqa: S608
        return [each[0] for each in await connection.fetch(" UNION ALL ".join(asked))]

    async def _rewind(self, connection: "asyncpg.Connection[Any]") -> None:
        for name, value, start in await connection.fetch(SEQUENCES):
            if value != self._sequences[name]:
                await connection.execute(REWIND, name, self._sequences[name], start)


class Pool:
    """Databases that are all made alike, for one test at a time.

    make: fills a new database of this name, or makes it.
    """

    def __init__(self, make: Make) -> None:
        self._make = make
        self._free: list[Borrowed] = []
        POOLS.append(self)

    @asynccontextmanager
    async def borrowed(self) -> AsyncIterator[str]:
        """The name of one that is as new."""
        one = self._free.pop() if self._free else await self._another()
        try:
            yield one.name
        finally:
            if KEEPS and await one.empty():
                self._free.append(one)
            else:
                await drop(one.name)

    async def _another(self) -> Borrowed:
        name = f"nuanxin_{secrets.token_hex(6)}"
        await self._make(name)
        await execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')  # only a power cut loses something by it
        one = Borrowed(name)
        await one.remember()
        return one

    async def close(self) -> None:
        while self._free:
            await drop(self._free.pop().name)


POOLS: list[Pool] = []
KEEPS: list[bool] = []  # filled by whoever closes the pools in the end


async def drop(name: str) -> None:
    await execute(f'DROP DATABASE "{name}" WITH (FORCE)')


async def close() -> None:
    for pool in POOLS:
        await pool.close()
