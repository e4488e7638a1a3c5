"""Consent to be rung for notices: the page where people give it to WeChat, and what WeChat tells us of it.

The page has WeChat's own button (`wx-open-subscribe`), because nobody else may ask.  Source: developers.weixin.qq.com,
"订阅通知" and "JS-SDK 使用权限签名算法".
"""

import hashlib
import html
import secrets
import time
from importlib.resources import files
from string import Template

import orjson
from aiohttp import web

from bot import log
from bot.channels.web.shared import Shared
from bot.channels.web.words import Words
from bot.channels.wechat import rows
from bot.channels.wechat.bell import Bell, Outcome
from bot.channels.wechat.client import Client
from bot.channels.wechat.rows import Account
from bot.channels.wechat.xml import Document
from bot.doors import numbers
from bot.errors import Refused, TryLater
from bot.messaging.urls import WECHAT_BELL
from bot.store.base import now

logger = log.get(__name__)

SCRIPTS = "https://res.wx.qq.com"  # where WeChat's own script and what it draws come from
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
ASKED = {"subscribe_msg_popup_event": "SubscribeMsgPopupEvent", "subscribe_msg_change_event": "SubscribeMsgChangeEvent"}
FINISHED, SENT = "templatesendjobfinish", "subscribe_msg_sent_event"
EVENTS = frozenset({*ASKED, FINISHED, SENT})


class Consent:
    """base: how people reach this server."""

    def __init__(self, shared: Shared, client: Client, words: Words, bell: Bell, *, base: str) -> None:
        self.shared, self.client, self.words, self.bell, self.base = shared, client, words, bell, base
        page = files("bot.channels.wechat").joinpath("bell.html").read_text(encoding="utf-8")
        self._page = Template(page)

    def routes(self) -> list[web.RouteDef]:
        """Without a template there is nothing to allow."""
        return [web.get(WECHAT_BELL, self.page)] if self.client.settings.notice_template else []

    async def page(self, request: web.Request) -> web.Response:
        """WeChat's button, signed for this very address; without WeChat the page says what it is for."""
        try:
            config = self._config(await self.client.ticket(), str(request.rel_url))
        except (Refused, TryLater) as error:
            logger.warning("wechat: no ticket", why=str(error))
            return web.Response(status=503, text=self.words["bell_later"], headers=HEADERS)
        nonce = secrets.token_urlsafe(16)
        said = {
            name: html.escape(self.words[f"bell_{name}"]) for name in ("title", "what", "allow", "thanks", "elsewhere")
        }
        # In a script, "<" could end it.
        shown = orjson.dumps(config).decode().replace("<", "\\u003c")
        template = html.escape(self.client.settings.notice_template)
        page = self._page.substitute(said, nonce=nonce, config=shown, template=template, scripts=SCRIPTS)
        policy = f"default-src 'none'; script-src 'nonce-{nonce}' {SCRIPTS}; style-src 'unsafe-inline'; "
        policy += f"img-src data: {SCRIPTS}; connect-src {SCRIPTS}; frame-src {SCRIPTS}; frame-ancestors 'none'"
        return web.Response(text=page, content_type="text/html", headers=HEADERS | {"Content-Security-Policy": policy})

    async def heard(self, openid: str, document: Document) -> None:
        """An event about consent, or about what became of a ring.  Hearing it twice changes nothing."""
        async with self.shared.db.connect() as connection:
            account = await rows.known(connection, rows.key_of(self.shared, openid))
            if account is None:
                return
            name = document.get("Event").lower()
            if name in ASKED and (said := self._answer(document, name)):
                await rows.change(connection, account, consented_at=now() if said == "accept" else None)
        if name not in ASKED:
            await self._finished(account, document, name)

    def _answer(self, document: Document, name: str) -> str:
        """Their last word on our template; a change is told under either name of WeChat's documents."""
        said = ""
        for wrapper in (ASKED[name], *ASKED.values()):
            templates = document.all(f"{wrapper}/List/TemplateId")
            answers = document.all(f"{wrapper}/List/SubscribeStatusString")
            for template, answer in zip(templates, answers, strict=False):
                said = answer.lower() if template == self.client.settings.notice_template else said
        return said

    async def _finished(self, account: Account, document: Document, name: str) -> None:
        if name == FINISHED:
            number, status = document.get("MsgID"), document.get("Status").lower()
            came = Outcome.ARRIVED if status == "success" else Outcome.FAILED
            came = Outcome.BLOCKED if "block" in status else came
        else:
            inside = "SubscribeMsgSentEvent/List"
            number = document.get(f"{inside}/MsgID")
            came = Outcome.ARRIVED if document.get(f"{inside}/ErrorCode") == "0" else Outcome.FAILED
        await self.bell.heard(account, numbers.whole(number, most=numbers.LONG), came)

    def _config(self, ticket: str, path: str) -> dict[str, object]:
        nonce, at = secrets.token_hex(8), int(time.time())
        return {
            "appId": self.client.settings.app_id,
            "timestamp": at,
            "nonceStr": nonce,
            "signature": signed(ticket, nonce, at, f"{self.base}{path}"),
            "jsApiList": [],
            "openTagList": ["wx-open-subscribe"],
        }


def signed(ticket: str, nonce: str, at: int, url: str) -> str:
    """What lets a page use WeChat's script; SHA-1 is the protocol's."""
    parts = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={at}&url={url}"
    return hashlib.sha1(parts.encode(), usedforsecurity=False).hexdigest()
