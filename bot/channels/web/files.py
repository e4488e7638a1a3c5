"""Files: sealed bytes in a folder under random names, and what is known about them in the database.

The bytes are written before the row, and removed after it: a crash in between leaves bytes that no row names.
`sweep` removes those.
"""

import asyncio
import mimetypes
import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web.rows import FILES
from bot.store.base import now
from bot.store.db import Database
from bot.store.vault import CannotOpen, Vault

ORPHAN = 3600  # seconds after which bytes without a row are nobody's any more
IN_LOOP = 2**16  # bytes; more than that is read and written beside the loop
BATCH = 500  # names looked up at once
EXTENSIONS = {
    "image/jpeg": ".jpg",
    "audio/ogg": ".oga",
    "audio/webm": ".webm",
    "audio/mp4": ".m4a",
    "audio/amr": ".amr",
    "text/plain": ".txt",
}
FOLDERS = {"photo": "photos", "document": "documents", "voice": "voice"}


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that lie in the folder already."""

    name: str
    size: int  # bytes, unsealed


@dataclass(frozen=True, slots=True)
class File:
    """What the database knows of a file."""

    id: str
    name: str
    size: int
    conversation_id: int | None
    about: dict[str, Any]

    @property
    def path(self) -> str:
        """The Bot API's file_path."""
        mime = self.about.get("mime", "")
        suffix = EXTENSIONS.get(mime) or mimetypes.guess_extension(mime) or ".bin"
        return f"{FOLDERS.get(self.about['kind'], 'documents')}/{self.name}{suffix}"

    @property
    def shown(self) -> dict[str, Any]:
        """What every kind of Bot API file says."""
        return {"file_id": self.id, "file_unique_id": self.name, "file_size": self.size}


class Files:
    """The folder."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        self.folder, self.vault = folder, vault

    async def keep(self, data: bytes) -> Kept:
        """Seal bytes and write them down."""
        name = secrets.token_hex(12)
        if len(data) > IN_LOOP:
            await asyncio.to_thread(self._write, name, data)
        else:
            self._write(name, data)
        return Kept(name, len(data))

    async def read(self, name: str) -> bytes:
        """Raises FileNotFoundError when the bytes are gone, or were changed."""
        path = self.folder / name
        try:
            if path.stat().st_size > IN_LOOP:
                return await asyncio.to_thread(self._read, path)
            return self._read(path)
        except CannotOpen as error:
            raise FileNotFoundError(name) from error

    def erase(self, names: Iterable[str]) -> None:
        for name in names:
            with suppress(FileNotFoundError):
                (self.folder / name).unlink()

    def strays(self) -> list[str]:
        """Names in the folder, old enough to have a row by now."""
        if not self.folder.is_dir():
            return []
        before = time.time() - ORPHAN
        with os.scandir(self.folder) as entries:
            return [each.name for each in entries if each.is_file() and each.stat().st_mtime < before]

    def _write(self, name: str, data: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / name).open("xb") as file:
            file.write(self.vault.seal(data, purpose(name)))
            file.flush()
            os.fsync(file.fileno())

    def _read(self, path: Path) -> bytes:
        return self.vault.open(path.read_bytes(), purpose(path.name))


def purpose(name: str) -> str:
    """What the vault authenticates with the bytes of a file."""
    return f"web_files.{name}"


_INSERT = insert(FILES)
_COLUMNS = (FILES.c.id, FILES.c.name, FILES.c.size, FILES.c.conversation_id, FILES.c.about)
_BY_ID = select(*_COLUMNS).where(FILES.c.id == bindparam("file"))
_BY_NAME = select(*_COLUMNS).where(FILES.c.name == bindparam("file_name"))
_SHARED = update(FILES).where(FILES.c.id == bindparam("file")).values(conversation_id=None)


async def add(
    connection: AsyncConnection,
    kept: Kept,
    about: dict[str, Any],
    *,
    conversation_id: int,
    person_id: int | None = None,
) -> File:
    """Write down what is known of bytes kept; `person_id` says who sent them, if it was not the bot."""
    file = File(secrets.token_urlsafe(32), kept.name, kept.size, conversation_id, about)
    values = {
        "id": file.id,
        "name": file.name,
        "size": file.size,
        "about": about,
        "conversation_id": conversation_id,
        "person_id": person_id,
        "created_at": now(),
    }
    await connection.execute(_INSERT, values)
    return file


async def by_id(connection: AsyncConnection, file_id: str) -> File | None:
    row = (await connection.execute(_BY_ID, {"file": file_id})).first()
    return File(*row) if row else None


async def look(db: Database, *, file_id: str = "", name: str = "") -> File | None:
    """A file by one of its names, read outside a transaction."""
    row = await (db.first(_BY_ID, {"file": file_id}) if file_id else db.first(_BY_NAME, {"file_name": name}))
    return File(row.id, row.name, row.size, row.conversation_id, row.about) if row else None


async def share(connection: AsyncConnection, file: File, conversation_id: int) -> None:
    """Note that another conversation shows the file too: it outlives the first one."""
    if file.conversation_id not in (None, conversation_id):
        await connection.execute(_SHARED, {"file": file.id})


async def sweep(db: Database, files: Files) -> int:
    """Remove bytes that no row names; how many there were."""
    strays = await asyncio.to_thread(files.strays)
    removed = 0
    for start in range(0, len(strays), BATCH):
        batch = set(strays[start : start + BATCH])
        async with db.read() as session:
            batch -= set(await session.scalars(select(FILES.c.name).where(FILES.c.name.in_(batch))))
        files.erase(batch)
        removed += len(batch)
    return removed
