"""SQLite inside the event loop: SQLAlchemy's async dialect without a thread in between.

aiosqlite hands every statement to a thread and back, which costs more than the statement: a unit of four
statements runs 4 times as often without it (docs/decisions/0002).  A statement of ours takes tens of
microseconds, so the loop does not notice; what takes long belongs on PostgreSQL.
"""

import sqlite3
import types
from collections.abc import Generator, Iterable
from typing import Any

from sqlalchemy import URL, pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util.concurrency import await_only

DRIVER = "inloop"


@types.coroutine
def _no_wait() -> Generator[None, None, None]:
    """Nothing to wait for; SQLAlchemy insists that an async driver awaits once per statement."""
    return
    yield


class _Cursor(sqlite3.Cursor):
    """A cursor that SQLAlchemy's async layer takes for one of its own."""

    server_side = False

    def execute(self, sql: str, parameters: Any = (), /) -> "_Cursor":
        await_only(_no_wait())
        super().execute(sql, parameters)
        return self

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> "_Cursor":
        await_only(_no_wait())
        super().executemany(sql, parameters)
        return self

    async def _async_soft_close(self) -> None:
        """Called when a result is exhausted; nothing is held open."""


class _Connection(sqlite3.Connection):
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
        return arguments, {**options, "factory": _Connection}


registry.register(f"sqlite.{DRIVER}", __name__, InLoopDialect.__name__)
