"""What every table shares: names of constraints, moments with a zone, sealed columns."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    TypeDecorator,
    bindparam,
    literal,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute

from bot.store.vault import Vault

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up INTEGER keys only.


_told: ContextVar[datetime | None] = ContextVar("told", default=None)


def now() -> datetime:
    return _told.get() or datetime.now(UTC)


@contextmanager
def as_of(moment: datetime) -> Iterator[None]:
    """Let this be the moment for whatever is done in here: the demo tells of days that are over."""
    token = _told.set(moment)
    try:
        yield
    finally:
        _told.reset(token)


class Moment(TypeDecorator[datetime]):
    """Aware datetimes in, aware datetimes out.  SQLite alone would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None else None


class Sealed(TypeDecorator[Any]):
    """A JSON value that only the holder of the vault's key can read; the purpose is authenticated with it.

    The vault hangs on the engine's dialect (see `bot.store.db.connect`), so no key is a global.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else vault_of(dialect).seal(orjson.dumps(value), self.purpose)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(vault_of(dialect).open(value, self.purpose))


def vault_of(dialect: Dialect) -> Vault:
    vault = getattr(dialect, "vault", None)
    if not isinstance(vault, Vault):
        raise TypeError("the engine was not opened by bot.store.db.connect: it has no vault")
    return vault


def among(column: ColumnElement[Any] | InstrumentedAttribute[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Whether a column holds one of some values that stand in our code.

    They are part of the statement.  PostgreSQL plans a statement for unknown values once it ran five times, and for
    states that plan took ten times as long at a million rows.
    """
    known = bindparam(None, sorted(values), type_=column.type, expanding=True, literal_execute=True)
    return column.in_(known)


def at_most(rows: int) -> ColumnElement[int]:
    """A limit that is part of the statement, for the same reason."""
    return literal(rows, literal_execute=True)


def index_of_few(column: str, table: str) -> Index:
    """An index of the rows that refer to another one, where most refer to none."""
    there = text(f"{column} IS NOT NULL")
    return Index(f"ix_{table}_{column}", column, sqlite_where=there, postgresql_where=there)


def locked(query: Select[Any]) -> Select[Any]:
    """The rows as they are now, whatever the session knew of them, and nobody else's until the transaction ends.

    Not their keys: rows that belong to them may be written meanwhile, so nobody waits for somebody who waits for them.
    """
    return query.with_for_update(key_share=True).execution_options(populate_existing=True)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: Moment, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012 (SQLAlchemy's)
