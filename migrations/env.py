"""Alembic's entry: runs the revisions on the database of the settings, or on the one a caller hands in."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection

from bot.app import database_of
from bot.settings import Settings
from bot.store.base import Moment, Sealed
from bot.store.models import Base


def render(kind: str, item: object, _context: object) -> str | bool:
    """Spell our own column types in plain SQLAlchemy: a revision must not import code that will change."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Sealed):
        return "sa.LargeBinary()"
    return False


def compared(_item: object, name: str | None, kind: str, reflected: bool, _other: object) -> bool:
    """Whether a model has to know of something: not of indexes over expressions, which Alembic cannot compare."""
    return not (kind == "index" and reflected and (name or "").endswith("_ended"))


def number(_context: object, _revision: object, directives: list[Any]) -> None:
    """Name a new revision by the number after the last one."""
    last = context.script.get_current_head()
    directives[0].rev_id = f"{int(last or 0) + 1:04}"


def run(connection: Connection) -> None:
    # SQLite cannot alter a table in place: Alembic copies it ("batch").  Its DDL does roll back.
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        transactional_ddl=True,
        render_item=render,
        include_object=compared,
        process_revision_directives=number,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # Fail rather than stall the live bot; and let only one of several starting processes migrate.
            connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(20261122)")
        context.run_migrations()


async def main() -> None:
    settings = context.config.attributes.get("settings") or Settings()
    db = database_of(settings)
    async with db.connect() as connection:
        await connection.run_sync(run)
    await db.close()


asyncio.run(main())
