"""An empty database of the kind that the tests run on, such as a machine has that was set up a moment ago."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support import databases


@asynccontextmanager
async def empty_database(folder: Path) -> AsyncIterator[str]:
    """Its URL; on PostgreSQL it is dropped afterwards."""
    if not databases.is_meant():
        yield f"sqlite:///{folder / 'empty.db'}"
        return
    name = f"nuanxin_empty_{secrets.token_hex(4)}"
    await databases.execute(f'CREATE DATABASE "{name}"')
    try:
        yield databases.url(name)
    finally:
        await databases.drop(name)
