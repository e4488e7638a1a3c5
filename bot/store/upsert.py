"""An INSERT that says what happens to a row that is there already: its dialect is the database's."""

from typing import Any, cast

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession


def insert(transaction: AsyncSession | AsyncConnection, table: Any) -> postgresql.Insert:
    """To be followed by `on_conflict_do_nothing` or `on_conflict_do_update`, which both dialects have."""
    bind = transaction.get_bind() if isinstance(transaction, AsyncSession) else transaction
    made = postgresql.insert(table) if bind.dialect.name == "postgresql" else sqlite.insert(table)
    return cast(postgresql.Insert, made)
