"""SQLite inside the event loop: SQLAlchemy's async dialect without a thread in between, as long as that is short.

aiosqlite hands every statement to a thread and back, which costs more than the statement: a unit of four
statements runs 4 times as often without it (docs/decisions/0002).  A statement of ours takes tens of microseconds, so
the loop does not notice.  Where it would:

* a query that goes on for `SHORT` is broken off and begun anew in a thread, on the same connection; it changes
  nothing, so it may be asked twice.  The next time it is asked there at once;
* a change that took `SHORT` is made in a thread the next time: breaking it off would undo its whole transaction;
* who sends many short statements one after another lets others have their turn every `TURN`.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from sqlalchemy import URL, pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util.concurrency import await_only

DRIVER = "inloop"
TURN = 0.01  # seconds after which a task that goes on asking lets others have their turn
SHORT = 0.02  # seconds that one statement may hold up the loop, on top of that
MANY = 500  # rows that are written in a thread, as it takes long
KNOWN = 500  # statements that are remembered as long ones
STEPS = 5_000  # of SQLite's machine between two looks at the clock: well below a millisecond
QUERIES = ("SELECT", "WITH")  # what these begin with changes nothing, as long as nothing is RETURNING


class _Turns:
    """When the task that runs now began to hold up the loop."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def take(self) -> None:
        """Let the others have their turn, if the present one has been long enough."""
        loop = asyncio.get_running_loop()
        if self._since is None or loop is not self._loop:
            self._since, self._loop = time.monotonic(), loop
            loop.call_soon(self._end)  # The loop comes to it as soon as the task waits for anything.
        elif time.monotonic() - self._since > TURN:
            await asyncio.sleep(0)

    def _end(self) -> None:
        self._since = None


async def _no_wait() -> None:
    """Nothing to wait for; SQLAlchemy insists that an async driver awaits once per statement."""


_turns = _Turns()
_long: set[str] = set()


class _Cursor(sqlite3.Cursor):
    """A cursor that SQLAlchemy's async layer takes for one of its own.  The rows of a query are read at once."""

    server_side = False
    _rows: list[Any] | None = None  # of a query; None for other statements, whose rows the base class has

    def execute(self, sql: str, parameters: Any = (), /) -> "_Cursor":
        connection: _Connection = self.connection  # type: ignore[assignment]
        await_only(_no_wait() if connection.shared else _turns.take())
        self._rows = None
        if connection.shared:
            super().execute(sql, parameters)
            return self
        if not _is_query(sql):
            self._change(sql, parameters)
            return self
        rows = None if sql in _long else self._shortly(sql, parameters)
        self._rows = await_only(self._elsewhere(partial(self._ask, sql, parameters))) if rows is None else rows
        self._rows.reverse()
        return self

    def _change(self, sql: str, parameters: Any) -> None:
        change = partial(super().execute, sql, parameters)
        if sql in _long:
            await_only(self._elsewhere(change))
            return
        begun = time.thread_time()
        change()
        if time.thread_time() - begun > SHORT:
            _remember(sql)

    def _shortly(self, sql: str, parameters: Any) -> list[Any] | None:
        """The rows of a query; None when that takes long."""
        connection: _Connection = self.connection  # type: ignore[assignment]
        connection.until = time.thread_time() + SHORT
        try:
            return self._ask(sql, parameters)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
        finally:
            connection.until = None
        _remember(sql)
        return None

    def _ask(self, sql: str, parameters: Any) -> list[Any]:
        super().execute(sql, parameters)
        return super().fetchall()

    async def _elsewhere(self, work_of: Callable[[], Any]) -> Any:
        """What a statement that takes long gives.  Who does not want it any more leaves the connection at rest."""
        connection: _Connection = self.connection  # type: ignore[assignment]
        connection.set_progress_handler(None, 0)  # It would want Python's lock again and again.
        work = asyncio.get_running_loop().run_in_executor(None, work_of)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            connection.interrupt()
            await asyncio.gather(work, return_exceptions=True)
            raise
        finally:
            connection.watch()

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> "_Cursor":
        await_only(_turns.take())
        self._rows = None
        given = list(parameters)
        change = partial(super().executemany, sql, given)
        if len(given) > MANY:
            await_only(self._elsewhere(change))
        else:
            change()
        return self

    def fetchone(self) -> Any:
        if self._rows is None:
            return super().fetchone()
        return self._rows.pop() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        if self._rows is None:
            return super().fetchmany(size or self.arraysize)
        return [self._rows.pop() for _ in range(min(size or self.arraysize, len(self._rows)))]

    def fetchall(self) -> list[Any]:
        if self._rows is None:
            return super().fetchall()
        rows, self._rows = self._rows[::-1], []
        return rows

    async def _async_soft_close(self) -> None:
        """Called when a result is exhausted; nothing is held open."""


def _remember(sql: str) -> None:
    if len(_long) >= KNOWN:
        _long.clear()
    _long.add(sql)


def _is_query(sql: str) -> bool:
    return sql.startswith(QUERIES) and "RETURNING" not in sql


class _Connection(sqlite3.Connection):
    """Breaks off a query of the loop when its time is over."""

    until: float | None = None  # by time.thread_time; None while it may take as long as it does

    shared = False  # Many ask at once: a statement has to be over before anybody else has their turn.

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.watch()

    def watch(self) -> None:
        self.set_progress_handler(self._is_over, STEPS)

    def _is_over(self) -> bool:
        return self.until is not None and time.thread_time() > self.until

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


class InLoopDialect(SQLiteDialect_pysqlite):
    """`sqlite+inloop://`: pysqlite, declared async."""

    driver = DRIVER
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[pool.Pool]:
        return pool.AsyncAdaptedQueuePool

    def create_connect_args(self, url: URL) -> Any:
        arguments, options = super().create_connect_args(url)
        return arguments, {**options, "factory": _Connection, "check_same_thread": False}


registry.register(f"sqlite.{DRIVER}", __name__, InLoopDialect.__name__)
