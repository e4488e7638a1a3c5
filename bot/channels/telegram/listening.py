"""Hearing voice notes, of every channel: after the message was dealt with, in the relay's own time.

A sound that cannot be heard is where it would be without this: kept, for people to listen to.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from telegram import Update

from bot import log
from bot.channels.telegram.fetching import download
from bot.channels.telegram.transport import BotApi
from bot.channels.telegram.unit import Unit
from bot.errors import Refused, TryLater
from bot.messaging.callbacks import UseHeard, button
from bot.queue import jobs, outbox
from bot.services.core.context import ServiceContext
from bot.speech import Speech
from bot.store.db import Database
from bot.store.models import Channel, Chat, Outbox, now

logger = log.get(__name__)

TRIES, FRESH = 3, timedelta(minutes=10)  # after which nobody waits for it any more


def wanted(update: Update, unit: Unit) -> list[Outbox]:
    """The row that has a voice note heard, where somebody hears."""
    voice = update.message.voice if update.message is not None else None
    if voice is None or not unit.services.hears:
        return []
    payload: jobs.Hear = {"chat": unit.chat.id, "file": voice.file_id, "number": unit.spoken_to}
    return [jobs.HEAR.row(payload, subject=f"hear:{voice.file_unique_id}", due_at=now())]


class Listener:
    """Carries out jobs.HEAR."""

    def __init__(
        self,
        db: Database,
        apis: Mapping[Channel, BotApi],
        services: Callable[[], ServiceContext],
        speech: Speech | None,
    ) -> None:
        self.db, self.apis, self.services, self.speech = db, apis, services, speech

    async def __call__(self, row: Outbox) -> None:
        """Ask the person whether they said what was heard.  Raises Refused, TryLater."""
        payload = jobs.HEAR.payload(row)
        if self.speech is None or row.attempts >= TRIES or now() - row.created_at > FRESH:
            raise Refused("not heard in time")
        async with self.db.read() as session:
            chat = await session.get(Chat, payload["chat"])
        api = self.apis.get(chat.channel) if chat is not None else None
        if api is None:
            raise Refused("nobody is there any more")
        try:
            heard = await self.speech.words(await download(api, payload["file"]))
        except (Refused, TryLater) as error:
            logger.warning("voice not heard", why=log.hide(str(error)), attempts=row.attempts)
            raise
        await self._ask(payload, heard)

    async def _ask(self, payload: jobs.Hear, heard: str) -> None:
        async with self.db.begin() as session:
            if (chat := await session.get(Chat, payload["chat"])) is None:
                return
            say = self.services().knowledge.texts.say
            choices = [
                [button(say(chat.language, f"heard.{use}"), UseHeard(use, payload["number"]))] for use in ("yes", "no")
            ]
            text = say(chat.language, "heard.ask", words=heard)
            asked = jobs.message(chat, {"do": "say", "text": text, "choices": choices}, due_at=now())
            await outbox.put(session, [asked])
