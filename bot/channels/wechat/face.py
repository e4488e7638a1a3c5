"""WeChat as a whole: the door, what becomes of a message, and the way to the page."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from bot.channels.web import WebChat
from bot.channels.web.finishing import Finishing
from bot.channels.wechat import consent, hearing, rows, words
from bot.channels.wechat.acting import Acting, Said, Unfetched, press_of
from bot.channels.wechat.answering import PATIENCE, Answer, Answering, Owes
from bot.channels.wechat.bell import Bell, Notices
from bot.channels.wechat.client import Client
from bot.channels.wechat.consent import Consent
from bot.channels.wechat.courier import Courier
from bot.channels.wechat.crypto import Envelope
from bot.channels.wechat.door import Door
from bot.channels.wechat.enter import Enter
from bot.channels.wechat.settings import WeChatSettings, settings_of
from bot.channels.wechat.xml import Document
from bot.messaging.urls import WECHAT_ENTER
from bot.settings import Settings
from bot.supervisor import Supervisor

BeginErasure = Callable[[int], Awaitable[None]]


class WeChat:
    """One account in front of one web chat.

    secret: signs the way to the page.  base: how people reach this server.  proofs: the folder of verification files.
    begin_erasure: starts erasing what is held about a person of the web chat.  notices: is asked about notices, and told whom the bell rang.
    owes: whether the bot has something to say to a person that has not gone yet.
    """

    def __init__(
        self,
        chat: WebChat,
        settings: WeChatSettings,
        *,
        secret: str,
        base: str,
        proofs: Path,
        begin_erasure: BeginErasure,
        notices: Notices,
        owes: Owes,
        patience: float = PATIENCE,
    ) -> None:
        self.shared, self.words = chat.shared, words.load()
        self.client, self.finishing = Client(settings), Finishing()
        self.acting = Acting(chat.people, self.client, self.words, begin_erasure)
        page = f"{base}{WECHAT_ENTER}"
        self.answering = Answering(self.shared, self.words, page, owes)
        self.courier = Courier(self.shared, self.client, self.words, page)
        self.bell = Bell(self.shared, self.client, self.words, page, notices)
        self.consent = Consent(self.shared, self.client, self.words, self.bell, base=base)
        envelope = Envelope(settings.token, settings.aes_key, settings.app_id)
        self.door = Door(envelope, self.hear, self.answering.given, self.finishing, proofs, patience)
        self.enter = Enter(chat.page, self.client, secret=secret, base=base)

    def routes(self) -> list[web.RouteDef]:
        return [*self.door.routes(), *self.enter.routes(), *self.consent.routes()]

    def start(self, supervisor: Supervisor) -> None:
        """Tell what comes later."""
        self.courier.start(supervisor)
        self.bell.start(supervisor)

    async def stop(self) -> None:
        """Finish what is in flight."""
        await self.finishing.settled()
        await self.answering.gone.settled()
        await self.courier.stop()
        await self.bell.stop()
        await self.client.close()

    async def hear(self, document: Document, until: float) -> Answer | None:
        """Act on what somebody sent, and give the answer; None when it is late, or there is none to give."""
        openid = document.get("FromUserName")
        key = rows.blind(self.shared, hearing.key_of(document), "wechat_callbacks.key")
        if (answer := await self.answering.before(key)) is not None:
            return answer
        if document.get("Event").lower() == "unsubscribe":
            await self._leave(openid)
            return None
        if document.get("Event").lower() in consent.EVENTS:
            await self.consent.heard(openid, document)
            return None
        async with self.shared.db.connect() as connection:
            account = await rows.linked(connection, self.shared, openid)
            act, is_new = await hearing.decided(connection, self.shared, account, key, document)
            said = await self.acting.say_within(connection, account, act, key)
        if act == hearing.NOTHING:
            return None
        press = press_of(key) if act["do"] == "press" else ""
        event = await self.answering.event_of(account) if press else 0
        with self.answering.listening(account) as listener:
            instead = await self._done(account, act, key, said)
            if not instead:
                await self.answering.heard(account, press, until, listener, is_new=is_new)
        if time.monotonic() > until + 0.5:
            return None  # WeChat has hung up: whoever comes next tells them.
        return await self.answering.written(account, key, instead, press, event)

    async def _done(self, account: rows.Account, act: hearing.Act, key: bytes, said: Said | None) -> str:
        """Do it, unless it is a saying, which is done already; what is said instead of the bot."""
        if said is not None:
            if said.tell is not None:
                said.tell()
            return said.instead
        try:
            return await self.acting.carry_out(account, act, key)
        except Unfetched as error:
            return str(error)

    async def _leave(self, openid: str) -> None:
        async with self.shared.db.connect() as connection:
            account = await rows.known(connection, rows.key_of(self.shared, openid))
        if account is not None:
            await self.acting.leave(account)


def wechat_of(
    chat: WebChat, settings: Settings, secret: str, begin_erasure: BeginErasure, notices: Notices, owes: Owes
) -> WeChat | None:
    """None where the settings name no account."""
    if (known := settings_of(settings)) is None:
        return None
    return WeChat(
        chat,
        known,
        secret=secret,
        base=settings.base_url,
        proofs=settings.var / "wechat",
        begin_erasure=begin_erasure,
        notices=notices,
        owes=owes,
    )
