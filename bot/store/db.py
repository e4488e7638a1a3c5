"""Opening the database.  `db.begin()` is one transaction: committed on a clean exit, rolled back otherwise."""

import asyncio
import math
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Executable, Row, event, make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.util.concurrency import await_only

from bot.errors import Down
from bot.store import address, sqlite
from bot.store.vault import Vault

BUSY = 5.0  # seconds that a writer waits for another process, such as a command
PAUSE = 0.005  # seconds between two tries to become the writer, and two looks at what is still lent
RETURN = 0.5  # seconds for connections to come back in the end
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # What was acknowledged survives a power cut, too.
    f"busy_timeout={BUSY * 1000:.0f}",  # milliseconds
    "foreign_keys=ON",
)
DISCREET: Any = {"hide_parameters": True}  # An error of the database ends in the log, and must not quote anybody.
RESTED = 1.0  # seconds a connection may lie in the pool without being asked whether it still lives
POOL = 20  # connections of one process to PostgreSQL


OVERTAKEN = frozenset({"40001", "40P01"})  # states of SQL: rolled back for another transaction's sake


def is_down(error: BaseException) -> bool:
    """Whether an error means "no database now" rather than "our mistake".

    So does a transaction that was rolled back because it and another one waited for each other: nothing of it was done,
    and the same again works.

    asyncpg lets OSError through when the server is not there, and a connection that dies inside a
    transaction comes as a bare DBAPIError, the base class of our mistakes (measured, SQLAlchemy 2.1.9).
    SQLite's OperationalError is as often a typo of ours: only "locked" and "disk" ones count.
    """
    raw = error.orig if isinstance(error, OperationalError) else error
    if isinstance(raw, sqlite3.OperationalError):
        return any(word in str(raw) for word in ("locked", "disk", "unable to open"))
    if isinstance(error, DBAPIError) and (
        error.connection_invalidated or getattr(error.orig, "sqlstate", "") in OVERTAKEN
    ):
        return True
    return isinstance(error, Down | OSError | PoolTimeout | OperationalError)


class Database:
    """One database: transactions through `begin`, single reads without one through `first`."""

    def __init__(self, engine: AsyncEngine, reader: AsyncEngine) -> None:
        self.engine = engine
        self.reader = reader
        self._kept: AsyncConnection | None = None
        self._closed = False
        self.dialect = engine.dialect.name
        for each in {engine.sync_engine.pool, reader.sync_engine.pool}:
            event.listen(each, "checkin", self._end)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A transaction without ORM."""
        async with self.engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """A transaction.  Objects stay readable after the commit."""
        async with session_of(self.engine) as session, session.begin():
            yield session

    async def first(self, statement: Executable, values: Mapping[str, Any]) -> Row[Any] | None:
        """The first row of a query, read outside any transaction and behind no writer."""
        if self.dialect == "sqlite":
            # One connection kept open is enough: none of its statements yields.
            kept = self._kept or await self._keep()
            return (await kept.execute(statement, values)).first()
        async with self.reader.connect() as connection:
            return (await connection.execute(statement, values)).first()

    async def _keep(self) -> AsyncConnection:
        made = await self.reader.connect()
        (await made.get_raw_connection()).driver_connection.shared = True  # type: ignore[union-attr]
        if self._kept is None:
            self._kept = made
        else:  # Somebody else was quicker.
            await made.close()
        return self._kept

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for reading only; it takes no write lock on SQLite."""
        async with session_of(self.reader) as session:
            yield session

    async def close(self) -> None:
        """Close every connection, as soon as whoever still has one brought it back.

        A transaction that is cancelled ends in a task of its own, later than whoever cancelled it knows of, and a pool that
        was disposed of keeps what comes back, open and unknown to anybody.
        """
        if self._kept is not None:
            await self._kept.close()
        until = time.monotonic() + RETURN
        while any(map(_lent, (self.reader, self.engine))) and time.monotonic() < until:  # noqa: ASYNC110 (a pool tells nobody what comes back)
            await asyncio.sleep(PAUSE)
        self._closed = True
        await self.reader.dispose()
        await self.engine.dispose()

    def _end(self, _connection: object, record: Any) -> None:
        """What is used later still, or comes back later, is closed as soon as it comes back."""
        if self._closed:
            record.invalidate()


def _lent(engine: AsyncEngine) -> int:
    """How many connections are in somebody's hands."""
    lent: int = engine.pool.checkedout()  # type: ignore[attr-defined]  # Both of our pools are queues.
    return lent


def session_of(bind: AsyncEngine | AsyncConnection) -> AsyncSession:
    return AsyncSession(bind, expire_on_commit=False)


def connect(url: str, vault: Vault) -> Database:
    """Open the database a URL names; nothing is asked of it yet.

    `sqlite:///file` is one process's; for several, `postgresql+asyncpg://`.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        parsed = parsed.set(drivername=f"sqlite+{sqlite.DRIVER}")
        # One writer: waiting in the pool's queue is fair, waiting on SQLite's lock is not.
        engine = create_async_engine(parsed, pool_size=1, max_overflow=0, **DISCREET)
        reader = create_async_engine(parsed, pool_size=2, max_overflow=8, isolation_level="AUTOCOMMIT", **DISCREET)
        for each in (engine, reader):
            event.listen(each.sync_engine, "connect", _tame)
        event.listen(engine.sync_engine, "connect", _hurry)
        event.listen(engine.sync_engine, "begin", _begin_immediate)
    else:
        parsed, options = address.postgres(parsed)
        engine = create_async_engine(parsed, pool_size=POOL, max_overflow=0, connect_args=options, **DISCREET)
        event.listen(engine.sync_engine, "checkin", _rest)
        event.listen(engine.sync_engine, "checkout", _wake)
        # A pooler keeps a statement and its preparation together within a transaction only.
        pooled = options.get(address.CACHE) == 0
        reader = engine if pooled else engine.execution_options(isolation_level="AUTOCOMMIT")
    for each in (engine, reader):
        each.dialect.vault = vault  # type: ignore[attr-defined]  # Read by bot.store.base.Sealed.
    return Database(engine, reader)


def _rest(_connection: Any, record: Any) -> None:
    record.info["rested"] = time.monotonic()


def _wake(connection: Any, record: Any, _proxy: object) -> None:
    """Ask a connection that has rested whether it still lives.

    SQLAlchemy would ask every time, and on PostgreSQL that is three round trips: a third of what a small
    transaction takes.
    """
    if time.monotonic() - record.info.get("rested", math.inf) < RESTED:
        return
    try:
        connection.ping()
    except Exception as error:
        # All that rested with it are as dead.
        raise InvalidatePoolError(str(error)) from error


def _tame(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # Or the driver begins transactions behind SQLAlchemy's back.
    cursor = sqlite3.Cursor(connection)
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _hurry(connection: Any, _record: object) -> None:
    """A writer that finds another one is told so at once, instead of holding up the event loop."""
    sqlite3.Cursor(connection).execute("PRAGMA busy_timeout=0").close()


def _begin_immediate(connection: Any) -> None:
    """Take the write lock at once: a read that becomes a write later fails with "database is locked".

    Whoever has it is waited for without holding up the loop; in this very loop they could not end otherwise.
    """
    until = time.monotonic() + BUSY
    raw = connection.connection.driver_connection
    while True:
        try:
            sqlite3.Cursor(raw).execute("BEGIN IMMEDIATE").close()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        await_only(asyncio.sleep(PAUSE))
