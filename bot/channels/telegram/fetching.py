"""Fetching attachments: after the case is filed, from the channel that holds them, in the relay's own time."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bot.channels.telegram.transport import DOWNLOAD, BotApi
from bot.doors import pictures
from bot.errors import Refused
from bot.queue import jobs
from bot.services.appeals import appeals
from bot.services.appeals import notifications as appeal_notifications
from bot.services.attachments import attachments
from bot.services.attachments.attachments import Made
from bot.services.core.context import ServiceContext
from bot.services.hazards import followers, photos
from bot.services.hazards import transitions as hazard_transitions
from bot.store.base import vault_of
from bot.store.db import Database
from bot.store.models import Attachment, Channel, HazardPhoto, Outbox

File = Attachment | HazardPhoto


class Fetcher:
    """Carries out jobs.FILES: one row has all files of a case fetched."""

    def __init__(
        self, db: Database, apis: Mapping[Channel, BotApi], folder: Path, context: Callable[[], ServiceContext]
    ) -> None:
        self.db, self.apis, self.folder, self.services = db, apis, folder, context

    async def __call__(self, row: Outbox) -> None:
        """Fetch what is still waiting.  Each file is noted on its own, so a crash repeats at most one.

        Raises TryLater when the channel does not answer.
        """
        payload = jobs.FILES.payload(row)
        number, of_hazard = payload["number"], payload.get("of") == "hazard"
        waiting: Sequence[File]
        async with self.db.read() as session:
            waiting = await (photos if of_hazard else attachments).waiting(session, number)
        refused = [each for each in waiting if not await self._fetch(each)]
        if refused:
            await self._tell(number, len(refused), of_hazard=of_hazard)

    async def _tell(self, number: str, count: int, *, of_hazard: bool) -> None:
        key = "case.file_refused"
        async with self.db.begin() as session:
            if of_hazard:
                await followers.tell(
                    session, self.services(), await hazard_transitions.get(session, number), key, count=count
                )
            else:
                appeal = await appeals.get(session, number)
                await appeal_notifications.tell(session, self.services(), appeal, key, count=count)

    async def _fetch(self, attachment: File) -> bool:
        try:
            made = await pictures.aside(attachments.make, await self._download(attachment), attachment.kind)
        except Refused as why:
            await self._note(attachment, why=str(why))
            return False
        name = await asyncio.to_thread(attachments.keep, self.folder, vault_of(self.db.engine.dialect), made)
        await self._note(attachment, name=name, made=made)
        return True

    async def _download(self, attachment: File) -> bytes:
        origin = attachment.origin or {}
        api = self.apis.get(Channel(origin["channel"]))
        if api is None:
            raise Refused("its channel is not served any more")
        return await download(api, origin["file"])

    async def _note(self, attachment: File, *, name: str = "", made: Made | None = None, why: str = "") -> None:
        async with self.db.begin() as session:
            row: File | None = await session.get(type(attachment), attachment.id)
            if row is not None and made is not None:
                row.state, row.name, row.mime, row.size = "ready", name, made.mime, len(made.data)
            elif row is not None:
                row.state, row.why = "refused", why[:200]
            if isinstance(row, HazardPhoto) and made is not None:
                await photos.fetched(session, row, made)
            if row is not None:
                row.origin = None  # Where it came from is nobody's business from now on.


async def download(api: BotApi, file: str) -> bytes:
    """The bytes of a channel's file.  Raises Refused, TryLater."""
    path = (await api.call("getFile", {"file_id": file}))["file_path"]
    data = bytearray()
    async with api.file(path) as content:
        async for piece in content.iter_chunked(2**16):
            data += piece
            if len(data) > DOWNLOAD:
                raise Refused("file is too big")
    return bytes(data)
