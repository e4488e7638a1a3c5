"""Attachments: fetched after the case is filed, made anew from their pixels or sound, sealed on disk; no original stays."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.doors import pictures, sounds
from bot.doors.pictures import NoPicture
from bot.errors import Refused
from bot.queue import jobs
from bot.services.attachments import fingerprints
from bot.store.base import vault_of
from bot.store.db import Database
from bot.store.models import Appeal, Attachment, Channel, HazardPhoto, Outbox, now
from bot.store.vault import Vault

MOST = 9  # attachments of one case
EDGE = 2_000  # pixels of the longer side that is kept
QUALITY = 85
SMALL, SMALL_QUALITY = 120, 70  # pixels of the longer side of a copy for lists: no plate can be read on it
STRAY = 3600  # seconds after which a file that nothing names is nobody's
LOOKED_UP = 500  # names at once
NAMES = (Attachment.name, HazardPhoto.name, HazardPhoto.shown)  # columns that name files of the folder
PURPOSE = "attachments.file"  # what the vault authenticates with the bytes


@dataclass(frozen=True, slots=True)
class Made:
    """What is stored in place of what was sent."""

    data: bytes
    mime: str
    print: str = ""  # of a picture
    small: bytes = b""  # of a picture: a copy for lists


async def add(session: AsyncSession, appeal_id: int, channel: Channel, files: Sequence[dict[str, Any]]) -> None:
    """Note where the files of a case are to be fetched."""
    if files:
        values = [
            {"appeal_id": appeal_id, "kind": each["kind"], "origin": {"channel": channel, "file": each["file"]}}
            for each in files
        ]
        await session.execute(insert(Attachment), values)


def rows(number: str, count: int) -> list[Outbox]:
    """The outbox row that has the files of a case fetched."""
    return [jobs.FILES.row({"number": number}, subject=f"files:{number}", due_at=now())] if count else []


def shred(names: Sequence[str], *, strays: bool = False) -> Outbox:
    """The outbox row that has files removed, once nothing in the database names them any more.

    With `strays`, those a crash left behind before anything named them as well.
    """
    return jobs.SHRED.row({"names": [*names], "strays": strays}, subject=jobs.SHRED.kind, due_at=now())


def make(data: bytes, kind: str) -> Made:
    """A new picture from the pixels, or a sound whose first bytes say that it is one.

    Decoding and encoding anew leaves EXIF, XMP, ICC, thumbnails and whatever hides behind the picture.
    Raises Refused.
    """
    if kind == "voice":
        mime = sounds.kind(data)
        if mime is None:
            raise Refused("not a voice note")
        return Made(data, mime)
    try:
        picture = pictures.upright(data, EDGE)
        return made_of(picture)
    except NoPicture as why:
        raise Refused(f"no picture: {why}") from None


def made_of(picture: Image.Image) -> Made:
    """What is stored of decoded pixels."""
    little = picture.copy()
    little.thumbnail((SMALL, SMALL))
    small = pictures.jpeg(little, SMALL_QUALITY)
    return Made(pictures.jpeg(picture, QUALITY), "image/jpeg", fingerprints.of(picture), small)


def keep(folder: Path, vault: Vault, made: Made) -> str:
    """Write bytes sealed under a random name; the file appears whole or not at all.  Returns the name."""
    folder.mkdir(parents=True, exist_ok=True)
    name = secrets.token_hex(16)
    half = folder / f"{name}.part"
    half.write_bytes(vault.seal(made.data, PURPOSE))
    half.replace(folder / name)
    return name


class Shredder:
    """Carries out jobs.SHRED."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db, self.folder = db, folder

    async def __call__(self, row: Outbox) -> None:
        """Remove files; those that are gone already do not matter."""
        wanted = jobs.SHRED.payload(row)
        names = set(wanted["names"])
        if wanted["strays"]:
            async with self.db.read() as session:
                names |= await unnamed(session, self._old())
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def _old(self) -> list[str]:
        """Names in the folder that have had time enough to be written down."""
        before = time.time() - STRAY
        entries = self.folder.iterdir() if self.folder.is_dir() else ()
        return [each.name for each in entries if each.stat().st_mtime < before]


async def unnamed(session: AsyncSession, names: Sequence[str]) -> set[str]:
    """Which of these files nothing in the database names."""
    left = set(names)
    for column in NAMES:
        for at in range(0, len(names), LOOKED_UP):
            left -= set(await session.scalars(select(column).where(column.in_(names[at : at + LOOKED_UP]))))
    return left


def read(folder: Path, vault: Vault, name: str) -> bytes:
    """The bytes of a kept file.  Raises FileNotFoundError."""
    return vault.open((folder / name).read_bytes(), PURPOSE)


async def waiting(session: AsyncSession, number: str) -> list[Attachment]:
    """What is still to be fetched for a case."""
    mine = select(Attachment).join(Appeal, Appeal.id == Attachment.appeal_id)
    return list(await session.scalars(mine.where(Appeal.number == number, Attachment.state == "waiting")))


async def of_case(session: AsyncSession, appeal_id: int) -> list[Attachment]:
    return list(
        await session.scalars(select(Attachment).where(Attachment.appeal_id == appeal_id).order_by(Attachment.id))
    )


def vault_for(session: AsyncSession) -> Vault:
    return vault_of(session.get_bind().dialect)
