"""Chains of rows: each holds the hash of the one before, so an edit, a gap or a swap shows.

A chain has one writer at a time: PostgreSQL takes an advisory lock until the transaction ends, SQLite has one
writer anyway.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.base import Base

START = bytes(32)  # what the first row of a chain holds for the one before
PAGE = 1000  # rows checked at once
HELD = {"id", "before", "hash"}  # columns that are no content


async def append(session: AsyncSession, model: type[Base], values: Mapping[str, Any]) -> None:
    """Add a row to the model's chain.  `values` are all its contents, moments included."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key(model.__tablename__)})
    table = model.__table__
    before = await session.scalar(select(table.c.hash).order_by(table.c.id.desc()).limit(1)) or START
    row = {**values, "before": before, "hash": digest(before, values)}
    await session.execute(insert(model).values(row))


def digest(before: bytes, values: Mapping[str, Any]) -> bytes:
    """The hash of a row: of the one before, and of its contents in the order of their names."""
    contents = orjson.dumps({name: values[name] for name in sorted(values)}, default=str, option=orjson.OPT_UTC_Z)
    return hashlib.sha256(before + contents).digest()


async def broken_at(session: AsyncSession, model: type[Base]) -> int | None:
    """The id of the first row that does not follow from the one before; None for an unbroken chain."""
    table, before, last = model.__table__, START, 0
    names = [column.name for column in table.c if column.name not in HELD]
    page = select(table).where(table.c.id > bindparam("last")).order_by(table.c.id).limit(PAGE)
    while rows := (await session.execute(page, {"last": last})).all():
        for row in rows:
            contents = {name: row._mapping[name] for name in names}
            if row.before != before or row.hash != digest(before, contents):
                return int(row.id)
            before, last = row.hash, row.id
    return None


def _key(name: str) -> int:
    """A number for the lock of a chain: 63 bits of a hash."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest()) >> 1
