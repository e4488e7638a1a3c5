"""Tombstones: who was erased, kept in the database and in a file beside it, so that a restored backup is erased again.

A backup is older than the deletions after it, so the database alone cannot remember them.  The file holds a line for
each: the chat's blind index in hex, which nobody can read without our secret key, and the moment.
"""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import jobs
from bot.queue.jobs import Erased
from bot.services.core.timers import written
from bot.store import upsert
from bot.store.models import Chat, Outbox, Tombstone, now
from bot.store.vault import private

NAME = "tombstones"  # the file below NUANXIN_VAR


async def put(session: AsyncSession, key: bytes) -> datetime:
    """Remember that a chat is erased from now on.  Returns the moment."""
    at = now()
    statement = upsert.insert(session, Tombstone).values(key=key, at=at)
    await session.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"at": at}))
    return at


def row(key: bytes, at: datetime) -> Outbox:
    """The outbox row that has the file written, once the deletion is committed."""
    return jobs.ERASED.row({"key": key.hex(), "at": written(at)}, subject=jobs.ERASED.kind, due_at=now())


class DeletionLog:
    """Carries out jobs.ERASED."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def __call__(self, row: Outbox) -> None:
        """Add the line to the file; killed before it is noted, the row comes again and adds it twice."""
        write(self.folder, jobs.ERASED.payload(row))


def write(folder: Path, payload: Erased) -> None:
    """Add a line to the file and have it on disk before returning; the same line again is harmless."""
    private(folder)
    with (folder / NAME).open("a", encoding="ascii") as file:
        file.write(f"{payload['key']} {payload['at']}\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> dict[bytes, datetime]:
    """The newest moment of each chat in a file.  A last line that a power cut left half is passed over."""
    found: dict[bytes, datetime] = {}
    for line in path.read_text(encoding="ascii").splitlines() if path.exists() else ():
        try:
            key, at = line.split()
            found[bytes.fromhex(key)] = datetime.fromisoformat(at)
        except ValueError:
            continue
    return found


def merge(folder: Path, old: Path) -> None:
    """Add what an older file knows to the file of a folder, and have it on disk before returning."""
    known, lines = read(folder / NAME), read(old)
    with (folder / NAME).open("a", encoding="ascii") as file:
        for key, at in lines.items():
            if key not in known or known[key] < at:
                file.write(f"{key.hex()} {at.isoformat()}\n")
        file.flush()
        os.fsync(file.fileno())


async def is_behind(session: AsyncSession, folder: Path, since: datetime) -> bool:
    """Whether the file knows of a deletion that the database does not: an older database was put back.

    The last line tells: what came before it was in the database when that line was written.
    Lines from before `since` say nothing: the database has forgotten those by itself.
    """
    newest = max(read(folder / NAME).items(), key=lambda line: line[1], default=None)
    if newest is None or newest[1] <= since:
        return False
    known = await session.scalar(select(Tombstone.at).where(Tombstone.key == newest[0]))
    return known is None or known < newest[1]


async def every(session: AsyncSession) -> dict[bytes, datetime]:
    """The newest moment of each chat in the database."""
    return {each.key: each.at for each in await session.scalars(select(Tombstone))}


async def returned(session: AsyncSession, known: Iterable[tuple[bytes, datetime]]) -> list[Chat]:
    """Chats that were erased and are here all the same: a backup brought them back.

    Whoever wrote to us again after having been erased is somebody new, and stays.
    """
    found: list[Chat] = []
    for key, at in known:
        older = select(Chat).where(Chat.key == key, Chat.created_at <= at).with_for_update()
        found += await session.scalars(older)
    return found
