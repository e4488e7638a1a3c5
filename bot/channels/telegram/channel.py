"""One channel at one Bot API server: its client, its receiver, and how updates come in."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from telegram.ext import Application, BaseHandler, ContextTypes

from bot import backoff, log
from bot.channels.telegram import renderer, webhook
from bot.channels.telegram.polling import UPDATES, Poller
from bot.channels.telegram.receiver import ContentSource, Outwards, Receiver
from bot.channels.telegram.transport import AiohttpRequest, BotApi, message_id
from bot.channels.telegram.unit import Context
from bot.errors import Blocked, Refused, TryLater
from bot.queue import jobs
from bot.queue.rate_limiter import RateLimiter
from bot.services.appeals import notifications as appeal_notifications
from bot.services.chats import chats
from bot.store.db import Database
from bot.store.models import Channel, NoticePhoto, Outbox
from bot.supervisor import Job, Supervisor

logger = log.get(__name__)

FIRST, LONGEST = 1.0, 60.0  # seconds between attempts to introduce ourselves


class BotChannel:
    """Telegram, or the web chat: the same calls, at another address."""

    def __init__(
        self,
        channel: Channel,
        *,
        api: BotApi,
        token: str,
        api_url: str,
        db: Database,
        library: ContentSource,
        deliver: Callable[[Sequence[Outbox]], None],
        holds: Callable[[Sequence[int]], bool],
        note: Callable[[Sequence[Any]], None],
        rate_limiter: RateLimiter,
    ) -> None:
        self.channel = channel
        self.rate_limiter = rate_limiter
        self.api = api
        self.db = db
        self.opened = asyncio.Event()  # Updates come, and people can be written to.
        self.why_closed = "not started"
        self.poller: Poller | None = None
        self._polling: Job | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.receiver: Receiver = (
            Application.builder()  # type: ignore[assignment]
            .application_class(
                Receiver,
                {
                    "channel": channel,
                    "db": db,
                    "library": library,
                    "outwards": Outwards(deliver=deliver, holds=holds, call=self.call_soon, note=note),
                },
            )
            .context_types(ContextTypes(context=Context))
            .token(token)
            .base_url(api_url)
            .request(AiohttpRequest())
            .get_updates_request(AiohttpRequest())
            .updater(None)
            .job_queue(None)
            .build()
        )

    def add_handlers(self, handlers: Sequence[BaseHandler[Any, Any, Any]]) -> None:
        for handler in handlers:
            self.receiver.add_handler(handler)

    async def start(self) -> None:
        """Open the connections.  Waits for the server to be there; without it nothing can be said anyway."""
        await self.api.open()
        await self._patiently(self.receiver.initialize)

    @property
    def name(self) -> str:
        """The bot's username; "" until the server said it."""
        return self.receiver.bot.username if self.receiver.is_ready else ""

    async def listen_by_polling(self, supervisor: Supervisor) -> None:
        await self._patiently(lambda: self.api.call("deleteWebhook", {"drop_pending_updates": False}))
        self.poller = Poller(self.api, self.receiver)
        self._polling = supervisor.start(f"{self.channel} poller", self.poller.run)

    async def listen_by_webhook(self, url: str, secret: str) -> None:
        """Ask for updates at a URL whose endpoint is `webhook.endpoint(self.receiver, secret)`."""
        call = {"url": url, "secret_token": secret, "allowed_updates": UPDATES, "max_connections": 40}
        await self._patiently(lambda: self.api.call("setWebhook", call))

    def endpoint(self, secret: str) -> Any:
        return webhook.endpoint(self.receiver, secret)

    async def introduce(self, calls: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Set commands, menu and descriptions.  A server that refuses one of them still gets the others."""
        for method, parameters in calls:
            try:
                await self.api.call(method, parameters)
            except (Refused, TryLater) as error:
                logger.warning("introduction refused", method=method, why=str(error))

    async def send(self, row: Outbox) -> int | None:
        """Send an outbox row; the relay's sender for this channel.  Raises Refused, TryLater."""
        address, reply, step = jobs.read(row)
        if reply["do"] == "photo" and "picture" in reply:
            reply["jpeg"] = await self._picture(reply.pop("picture"))
        method, parameters = renderer.render(reply, address)
        self.rate_limiter.spend(row.chat_id or 0)
        try:
            result = await self.api.call(method, parameters, key=f"outbox-{row.id}")
        except Blocked:
            await self._leave_alone(row)
            raise
        except TryLater as hint:
            if hint.after is not None:
                self.rate_limiter.halt(hint.after.total_seconds())
            raise
        if step is not None:
            await self._tick(step)
        return message_id(result)

    def report(self) -> dict[str, Any]:
        """What /readyz says: whether updates come in and, if not, why."""
        why = self.why_closed if not self.opened.is_set() else ""
        if self.poller is not None and self.poller.failures:
            why = self.poller.why
        return {"ok": not why} | ({"why": why} if why else {})

    def call_soon(self, method: str, parameters: dict[str, Any]) -> None:
        """Call now, once, and forget it: for what is worthless a moment later."""
        self._spawn(self._once(method, parameters))

    async def settled(self) -> None:
        """Wait until nothing called by call_soon is underway."""
        while once := [task for task in self._tasks if task.get_name() == "once"]:
            await asyncio.wait(once)

    async def stop_polling(self) -> None:
        """Take no more updates; those underway are finished and confirmed."""
        if self.poller is not None and self._polling is not None:
            await self.poller.stop()
            await self._polling.end()

    async def stop(self) -> None:
        await self.settled()
        await self.receiver.shutdown()
        await self.receiver.bot.shutdown()  # PTB leaves its connections open when it never learned who it is.
        await self.api.close()

    async def _once(self, method: str, parameters: dict[str, Any]) -> None:
        with contextlib.suppress(Refused, TryLater):
            await self.api.call(method, parameters)

    async def _leave_alone(self, row: Outbox) -> None:
        async with self.db.begin() as session:
            await chats.block(session, row.chat_id)

    async def _picture(self, digest: str) -> bytes:
        async with self.db.read() as session:
            photo = await session.get(NoticePhoto, digest)
        if photo is None:
            raise Refused("its photo is gone")
        return photo.data

    async def _tick(self, step: int) -> None:
        """The worker's channel took the message about a step of their case."""
        async with self.db.begin() as session:
            await appeal_notifications.told(session, step)

    async def _patiently(self, attempt: Callable[[], Any]) -> Any:
        """Try until the server is there; a start during an outage of Telegram must not fail."""
        failures = 0
        while True:
            try:
                return await attempt()
            except Exception as error:
                failures += 1
                pause = backoff.pause(failures, FIRST, LONGEST)
                self.why_closed = type(error).__name__
                logger.warning("no Bot API yet", channel=self.channel, why=log.hide(repr(error)), pause=pause)
                await asyncio.sleep(pause)

    def _spawn(self, work: Any) -> None:
        name = "once" if work.__name__ == "_once" else work.__name__
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
