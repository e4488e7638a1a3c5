"""Who carries out each kind of outbox row: the one table the relay works by."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.channels.telegram.channel import BotChannel
from bot.channels.telegram.exporting import Exporter
from bot.channels.telegram.fetching import Fetcher
from bot.channels.telegram.listening import Listener
from bot.errors import Refused
from bot.queue import jobs
from bot.queue.relay import Relay, Send
from bot.services.appeals.text_receipts import TextSender
from bot.services.attachments.attachments import Shredder
from bot.services.core.context import ServiceContext
from bot.services.privacy.deletion_log import DeletionLog
from bot.services.replanning import Replanner
from bot.services.staff.sign_in import LinkSender
from bot.services.timer_handlers import TimerHandler
from bot.sms import Sms
from bot.speech import Speech
from bot.store.db import Database
from bot.store.models import Channel, Outbox


@dataclass(frozen=True, slots=True)
class JobResources:
    """What jobs are carried out with."""

    db: Database
    relay: Relay
    services: Callable[[], ServiceContext]  # as they are at this moment
    channels: Mapping[Channel, BotChannel]
    var: Path  # the folder of this installation's own files
    ring: Callable[[int, datetime], Awaitable[None]] | None  # a browser, for a message written then
    speech: Speech | None  # hears voice notes
    sms: Sms | None  # the operator's gateway


class Ringer:
    """Carries out jobs.RING."""

    def __init__(self, ring: Callable[[int, datetime], Awaitable[None]] | None) -> None:
        self._ring = ring

    async def __call__(self, row: Outbox) -> None:
        """Raises Refused, TryLater."""
        if self._ring is None:
            raise Refused("no web chat")
        await self._ring(jobs.RING.payload(row)["subscription"], row.created_at)


def handlers(given: JobResources) -> dict[str, Send]:
    """The handler of every kind in bot.queue.jobs that leaves one at a time."""
    db, services, uploads = given.db, given.services, given.var / "uploads"
    apis = {channel: each.api for channel, each in given.channels.items()}
    return {
        jobs.TIMER.kind: TimerHandler(db, services),
        jobs.FILES.kind: Fetcher(db, apis, uploads, services),
        jobs.SHRED.kind: Shredder(db, uploads),
        jobs.EXPORT.kind: Exporter(db, apis, uploads),
        jobs.ERASED.kind: DeletionLog(given.var),
        jobs.REPLAN.kind: Replanner(db, services),
        jobs.RING.kind: Ringer(given.ring),
        jobs.HEAR.kind: Listener(db, apis, services, given.speech),
        jobs.SMS.kind: TextSender(db, given.sms),
        jobs.SIGN_IN.kind: LinkSender(db, services, given.relay.deliver),
        **{channel: each.send for channel, each in given.channels.items()},
    }
