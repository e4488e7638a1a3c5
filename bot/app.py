"""The one place that builds everything and joins it."""

import asyncio
import secrets
from datetime import UTC, datetime
from functools import partial

from aiohttp import web

from bot import health
from bot.backend.inbound_status import InboundStatus
from bot.backend.publisher import publisher_of
from bot.backend.relay import EventRelay
from bot.bulk import Bulk
from bot.channels.telegram.channel import BotChannel
from bot.channels.telegram.transport import BotApi
from bot.channels.web import PushSettings, WebChat
from bot.channels.wechat import Notices, WeChat, wechat_of
from bot.console import build as build_console
from bot.content_store import ContentStore, endpoint_of
from bot.doors import listening
from bot.maps.tiles import Tiles
from bot.messaging import urls
from bot.notes import Notes
from bot.open311.server import Open311
from bot.parts import EVERYTHING, Part
from bot.public.server import PublicPages
from bot.queue.handlers import JobResources, handlers
from bot.queue.rate_limiter import RateLimiter
from bot.queue.relay import Relay
from bot.server import Server
from bot.services import startup
from bot.services.chats import chats
from bot.services.core import quiet_hours
from bot.services.core.context import ServiceContext
from bot.services.notices import responses
from bot.services.privacy import erasure
from bot.services.reports.keeper import Keeper
from bot.settings import Settings
from bot.sms import sms_of
from bot.speech import speech_of
from bot.store.models import Channel
from bot.store.opening import database_of, secret_of, vault_of
from bot.supervisor import End, Supervisor, end_each
from bot.writer import writer_of
from handlers import HANDLERS, introduction
from knowledge import Knowledge, search
from knowledge.geo import Point

MESSAGES_A_MINUTE = 20  # what one person may send to the web chat
CALLS = 1_000  # calls the demo remembers, for its tests
# Seconds stopping gives the first step to finish, the second half of that, and each of four steps to close: within the
# limit of the program together.
FINISH, CLOSE = 4.0, 0.7


class Application:
    """Everything that runs in one process: channels, relay, web server."""

    def __init__(
        self, settings: Settings, knowledge: Knowledge, *, demo: bool = False, parts: frozenset[Part] = EVERYTHING
    ) -> None:
        if not settings.port:
            settings = settings.model_copy(update={"port": listening.free_port(settings.host)})
        self.settings = settings
        self.parts = parts
        self.db = database_of(settings)
        self.supervisor = Supervisor()
        self.notes = Notes(self.db)
        self.content_store = ContentStore(self.db, knowledge, settings.var / "vectors")
        self.relay = Relay(self.db)
        self.events: EventRelay | None = None  # None without a backend
        self.channels: dict[Channel, BotChannel] = {}
        self.bulk: dict[Channel, Bulk] = {}
        self.web_chat: WebChat | None = None
        self.wechat: WeChat | None = None
        self.server = Server(settings, demo=demo, patience=CLOSE)
        self._secret = secrets.token_urlsafe(32)  # of the web chat's webhook: inside this process only
        self.writer, self.speech, self.sms = writer_of(settings), speech_of(settings), sms_of(settings)
        self._quiet = quiet_hours.read(settings.quiet_hours)
        self._build(demo=demo)

    def _build(self, *, demo: bool) -> None:
        settings = self.settings
        if token := settings.telegram_token.get_secret_value():
            telegram = self._channel(Channel.TELEGRAM, token, settings.telegram_api_url, settings.telegram_file_url)
            if settings.telegram_webhook_url and self.hears:
                secret = settings.telegram_webhook_secret.get_secret_value()
                self.server.app.router.add_post(urls.TELEGRAM, telegram.endpoint(secret))
        if settings.web_chat:
            base, token = self.server.own_url, self._web_token
            self.web_chat = WebChat(
                self.db,
                secret=secret_of(settings),
                token=token,
                files=settings.var / "web",
                demo=demo,
                origin=settings.public_url,
                messages_a_minute=None if demo else MESSAGES_A_MINUTE,
                calls_kept=CALLS if demo else 0,
                hotlines=self.knowledge.hotlines.values(),
                stations=lambda *at: self.knowledge.shown.pins(Point(*at), datetime.now(UTC)),
                tiles=self._tiles,
                push=PushSettings(settings.push_contact, tuple(settings.push_services.split())),
            )
            self.server.app.add_routes(self.web_chat.routes() if self.hears else self.web_chat.bot_routes())
            web_bot = self._channel(Channel.WEB, token, f"{base}/bot", f"{base}/file/bot")
            self.server.app.router.add_post(urls.WEB_CHANNEL, web_bot.endpoint(self._secret))
            asks = (
                partial(erasure.begin, self.db, Channel.WEB),
                self._notices(),
                partial(chats.owes, self.db, Channel.WEB),
            )
            self.wechat = wechat_of(self.web_chat, settings, secret_of(settings), *asks)
            self.server.app.add_routes(self.wechat.routes() if self.wechat is not None and self.hears else ())
        ring = self.web_chat.push.ring if self.web_chat is not None else None
        self.relay.handlers = handlers(
            JobResources(
                self.db, self.relay, lambda: self.services, self.channels, settings.var, ring, self.speech, self.sms
            )
        )
        if self.hears:
            open311 = Open311(self.db, lambda: self.services, base=settings.base_url, uploads=settings.var / "uploads")
            self.server.app.add_subapp(urls.OPEN311, open311.app())
        if Part.CONSOLE in self.parts:
            self.server.app.add_subapp(urls.CONSOLE, self._console(demo=demo))
        if self.hears:
            public = PublicPages(
                self.db, lambda: self.services, telegram=lambda: self.telegram_name, web_chat=self.web_chat is not None
            )
            self.server.app.add_routes(public.routes())
        self._build_backend()
        health.add_routes(self.server.app, self, metrics=not settings.metrics_port)

    def _notices(self) -> Notices:
        """What the bell of WeChat asks and tells about notices."""
        given = self.db, Channel.WEB
        return Notices(
            partial(responses.kinds, *given),
            partial(responses.reminded, *given),
            partial(responses.not_reminded, *given),
        )

    def _build_backend(self) -> None:
        secret = self.settings.queue_secret.get_secret_value()
        opened = InboundStatus(self.db, lambda: self.services, secret)
        if secret and self.hears:
            self.server.app.router.add_post(urls.BACKEND_STATUS, opened.post)
        if url := self.settings.queue_url:
            self.events = EventRelay(self.db, publisher_of(url, secret, opened.hear))

    def _console(self, *, demo: bool) -> web.Application:
        """The pages of staff.  The bots whose chats link an account may sign staff in."""
        telegram = self.settings.telegram_token.get_secret_value()
        tokens = {Channel.TELEGRAM: telegram, Channel.WEB: self._web_token if self.web_chat is not None else ""}
        known = {channel: token for channel, token in tokens.items() if token}
        uploads, base_url = self.settings.var / "uploads", self.settings.base_url
        return build_console(
            *(self.db, self.relay, self), uploads=uploads, base_url=base_url, tokens=known, tiles=self._tiles, demo=demo
        )

    @property
    def hears(self) -> bool:
        """Whether people write to this process."""
        return Part.WEB in self.parts

    @property
    def port(self) -> int:
        return self.settings.port

    @property
    def _tiles(self) -> Tiles:
        """The streets under all maps."""
        return Tiles(tuple(self.settings.map_tiles.split()), self.settings.map_attribution, self.settings.map_datum)

    @property
    def knowledge(self) -> Knowledge:
        """The content as it is now."""
        return self.content_store.knowledge

    @knowledge.setter
    def knowledge(self, knowledge: Knowledge) -> None:
        self.content_store.knowledge = knowledge

    @property
    def services(self) -> ServiceContext:
        """What services need to know at this moment."""
        rephrase = self.writer.rephrase if self.writer else None
        return ServiceContext(
            self.knowledge,
            hears=self.speech is not None,
            sms=self.sms is not None,
            queue=bool(self.settings.queue_url),
            quiet=self._quiet,
            rephrase=rephrase,
            base_url=self.settings.base_url,
            operator=(self.settings.operator_name, self.settings.operator_phone),
        )

    @property
    def telegram_name(self) -> str:
        """What the bot is called there, once Telegram said so; "" without it."""
        telegram = self.channels.get(Channel.TELEGRAM)
        return telegram.name if telegram is not None else ""

    @property
    def _web_token(self) -> str:
        """The web chat's bot token, the same in every process of this installation."""
        return f"1:{vault_of(self.settings).blind('web', 'app.web_token').hex()}"

    def _channel(self, channel: Channel, token: str, api_url: str, file_url: str) -> BotChannel:
        made = BotChannel(
            channel,
            api=BotApi(api_url, file_url, token),
            token=token,
            api_url=api_url,
            db=self.db,
            library=self,
            deliver=self.relay.deliver,
            holds=self.relay.holds,
            note=self.notes.take,
            rate_limiter=RateLimiter(self.settings.bulk_per_second),
        )
        made.add_handlers(HANDLERS)
        self.channels[channel] = made
        paid = self.settings.bulk_paid and channel is Channel.TELEGRAM
        self.bulk[channel] = Bulk(self.db, channel, made.api, made.rate_limiter, lambda: self.services, paid=paid)
        return made

    async def start(self) -> None:
        """Serve.  Returns when the web server listens; each channel comes when its server answers."""
        await self.prepare()
        await self.server.listen(self)
        if self.web_chat is not None:
            await self.web_chat.start(self.supervisor, hears=self.hears)
        for channel in self.channels.values():
            self.supervisor.start(f"{channel.channel} channel", partial(self._open, channel), once=True)
        if Part.RELAY in self.parts:
            self.supervisor.start("relay", self.relay.run)
            self.supervisor.start("counts", Keeper(self.db, lambda: self.knowledge.measures).run)
            if self.events is not None:
                self.events.start(self.supervisor)
            if self.wechat is not None:
                self.wechat.start(self.supervisor)
        self.supervisor.start("notes", self.notes.run)
        self.supervisor.start("content", self.content_store.run)
        if self.parts & {Part.WEB, Part.CONSOLE}:  # Nobody asks the others anything.
            depth = search.Tier[self.settings.search.upper()]
            deepen = partial(self.content_store.deepen, depth, endpoint_of(self.settings))
            self.supervisor.start("search", deepen, once=True)

    async def prepare(self) -> None:
        """Rows that have to be there, and the content as staff published it."""
        async with self.db.begin() as session:
            await startup.ensure(session, self.services)
        await self.refresh()
        if self.writer is not None:
            await self.writer.open()

    async def _open(self, channel: BotChannel) -> None:
        await channel.start()
        if self.hears:
            await self._listen(channel)
        if Part.BULK in self.parts:
            self.bulk[channel.channel].start(self.supervisor)
        channel.opened.set()

    async def _listen(self, channel: BotChannel) -> None:
        if channel.channel is Channel.WEB:
            await channel.listen_by_webhook(f"{self.server.own_url}{urls.WEB_CHANNEL}", self._secret)
        elif self.settings.telegram_webhook_url:
            secret = self.settings.telegram_webhook_secret.get_secret_value()
            await channel.listen_by_webhook(self.settings.telegram_webhook_url, secret)
        else:
            await channel.listen_by_polling(self.supervisor)
        await channel.introduce(introduction.calls(self.knowledge.texts))

    async def stop(self) -> None:
        """Finish what is underway, then close.  What was accepted is in the database already.

        Whatever does not end in its time, or fails, is left behind: nothing holds up the others.
        """
        self.supervisor.leave()
        inward: list[End] = [each.stop_polling for each in self.channels.values()]
        if self.web_chat is not None:
            inward.append(self.web_chat.stop)
        if self.wechat is not None:
            inward.append(self.wechat.stop)
        await end_each(FINISH, *inward, *(each.stop for each in self.bulk.values()))
        await end_each(FINISH / 2, self.relay.stop, *([self.events.stop] if self.events else []))
        await end_each(CLOSE, self.supervisor.stop, *([self.web_chat.close] if self.web_chat else []))
        await end_each(CLOSE, self.notes.flush, *(each.stop for each in self.channels.values()))
        asked = [each.close for each in (self.writer, self.speech, self.sms) if each is not None]
        await end_each(CLOSE, *asked, *self.server.ends())
        await end_each(CLOSE, self.db.close)

    async def settled(self) -> None:
        """Wait until nobody waits for anything: no update underway, nothing unsent that is due."""
        if self.web_chat is not None:
            await self.channels[Channel.WEB].opened.wait()
        while True:
            before = self.relay.sent
            if self.web_chat is not None:
                await self.web_chat.settled()
            await self.relay.sweep()  # What an update wrote behind rows of a dead process waits for this.
            await self.relay.settled()
            await asyncio.gather(*(each.settled() for each in self.bulk.values()))
            for channel in self.channels.values():
                await channel.settled()
            if self.relay.sent == before:
                return

    async def flush(self) -> None:
        """Write the notes taken since the last time."""
        await self.notes.flush()

    async def refresh(self) -> None:
        """Take over content that was changed in the database since the last look."""
        await self.content_store.refresh()
