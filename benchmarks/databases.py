"""PostgreSQL databases of a run's own, dropped when it ends."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import make_url

POSTGRES = "postgresql+asyncpg://postgres@127.0.0.1:5432/test"


@asynccontextmanager
async def fresh(server: str | None) -> AsyncIterator[str]:
    """The URL of an empty database at this server; without one "", which to Settings is a file of its own."""
    if server is None:
        yield ""
        return
    name = f"benchmark_{secrets.token_hex(4)}"
    await _execute(server, f'CREATE DATABASE "{name}"')
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        await _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _execute(server: str, statement: str) -> None:
    admin = await asyncpg.connect(make_url(server).set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        await admin.execute(statement)
    finally:
        await admin.close()
