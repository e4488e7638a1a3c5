"""Handing somebody everything we hold about them: a file in their chat, made when it leaves and kept nowhere."""

import asyncio
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from bot.channels.telegram.transport import BotApi, OutgoingFile
from bot.services.attachments import attachments
from bot.services.privacy import data_export
from bot.store.base import vault_of
from bot.store.db import Database
from bot.store.models import Attachment, Channel, Chat, Outbox
from knowledge import held as held_file

NAME = "my-data.zip"  # in letters that every client of the Bot API reads
PLAIN = "data.json"  # the same for programs
MOST = 40 * 2**20  # bytes of pictures in one file; the Bot API takes 50 MB
SUFFIXES = {"image/jpeg": "jpg", "audio/ogg": "ogg", "audio/webm": "webm", "audio/mp4": "m4a", "audio/amr": "amr"}


class Exporter:
    """Carries out jobs.EXPORT: the row names a chat, and nothing of what is held."""

    def __init__(self, db: Database, apis: Mapping[Channel, BotApi], folder: Path) -> None:
        self.db, self.apis, self.folder = db, apis, folder

    async def __call__(self, row: Outbox) -> None:
        """Raises Refused, TryLater."""
        async with self.db.read() as session:
            chat = await session.get(Chat, row.chat_id)
            if chat is None:
                return
            held = await data_export.of(session, chat)
            files = await data_export.files_of(session, chat.id)
        document = OutgoingFile(NAME, await asyncio.to_thread(self._packed, held, files))
        parameters = {"chat_id": chat.address, "document": document, "caption": held_file.caption()}
        await self.apis[chat.channel].call("sendDocument", parameters, key=f"outbox-{row.id}")

    def _packed(self, held: dict[str, Any], files: Sequence[tuple[str, Attachment]]) -> bytes:
        """A ZIP: everything in words and for programs, and the pictures and voice notes in folders named by their case."""
        vault, out, left = vault_of(self.db.engine.dialect), io.BytesIO(), MOST
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            plain = orjson.dumps(held, option=orjson.OPT_INDENT_2)
            # With the mark that Windows tells UTF-8 by.
            packed.writestr(held_file.file(), held_file.told(orjson.loads(plain)).encode("utf-8-sig"))
            packed.writestr(PLAIN, plain)
            for number, each in files:
                left -= each.size
                if left > 0:
                    name = f"{number}/{each.id}.{SUFFIXES.get(each.mime, 'bin')}"
                    packed.writestr(name, attachments.read(self.folder, vault, each.name))
        return out.getvalue()
