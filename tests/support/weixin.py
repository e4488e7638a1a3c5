"""A stand-in for WeChat, over real HTTP both ways: its API as far as we call it, and followers who write to the account.

What it knows of the protocol was read in WeChat's documents; nothing here has met the live one.  Its crypto is written
apart from ours.
"""

import asyncio
import base64
import hashlib
import html
import os
import re
import struct
import time
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.etree import ElementTree

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

APP_ID, APP_SECRET = "wx5823bf96d3bd56c7", "0123456789abcdef0123456789abcdef"
TOKEN, AES_KEY = "QDG6eKtoken0123456789", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
TICKET = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
ACCOUNT = "gh_7f083739789a"
PATIENCE, TRIES = 5.0, 3  # seconds for an answer, and how often it is asked for
BROKEN = "该公众号提供的服务出现故障，请稍后再试"
LINK = re.compile(r'<a href="([^"]*)">([^<]*)</a>')
HOURS, MINUTE = 48 * 3600, 60


def settings(weixin: "Weixin") -> dict[str, Any]:
    """What the operator types into our settings."""
    return {
        "wechat_app_id": APP_ID,
        "wechat_app_secret": APP_SECRET,
        "wechat_token": TOKEN,
        "wechat_aes_key": AES_KEY,
        "wechat_api_url": weixin.origin,
    }


class Weixin:
    """One account.  `sent` and `rung` are what was posted to its customer service and its templates."""

    def __init__(self) -> None:
        self.origin, self.app_ids = "", {APP_ID: APP_SECRET}
        self.sent: list[tuple[str, str]] = []  # openid, text
        self.rung: list[dict[str, Any]] = []
        self.allowed: dict[str, int] = {}  # openid to how many 订阅通知 they allowed
        self.menu: dict[str, Any] = {}
        self.media: dict[str, tuple[str, bytes]] = {}
        self.calls: list[str] = []  # paths
        self.left: dict[str, tuple[int, float]] = {}  # what may be sent to whom, and until when
        self.refused: list[int] = []  # codes of the API's errors
        self.faults: dict[str, list[dict[str, Any]]] = {}  # answers in place of the real ones, by path
        self.date = ""  # of its clock, where it is not this machine's
        self.tokens = ["token-1"]
        self.codes: dict[str, tuple[str, int]] = {}  # OAuth: code to openid and is_snapshotuser
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/cgi-bin/stable_token", self._token)
        app.router.add_get("/cgi-bin/media/get", self._media)
        app.router.add_get("/sns/oauth2/access_token", self._who)
        app.router.add_post("/cgi-bin/message/custom/send", self._send)
        app.router.add_post("/cgi-bin/message/template/send", self._template)
        app.router.add_post("/cgi-bin/message/subscribe/bizsend", self._subscribed)
        app.router.add_get("/cgi-bin/ticket/getticket", self._ticket)
        app.router.add_post("/cgi-bin/menu/create", self._menu)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def code(self, openid: str, *, snapshot: bool = False) -> str:
        """A code of OAuth: once, for somebody who opened the page."""
        code = os.urandom(8).hex()
        self.codes[code] = openid, int(snapshot)
        return code

    def kill_token(self) -> None:
        """The token dies before its time, as when somebody has it refreshed by force."""
        self.tokens.append(f"token-{len(self.tokens) + 1}")

    async def _token(self, request: web.Request) -> web.Response:
        self.calls.append(request.path)
        given = await request.json()
        if self.app_ids.get(given["appid"]) != given["secret"]:
            return self._error(40001)
        if fault := self._fault(request):
            return fault
        headers = {"Date": self.date} if self.date else {}
        return web.json_response({"access_token": self.tokens[-1], "expires_in": 7200}, headers=headers)

    async def _media(self, request: web.Request) -> web.Response:
        if fault := self._fault(request) or self._unknown(request):
            return fault
        known = self.media.get(request.query["media_id"])
        return web.Response(body=known[1], content_type=known[0]) if known else self._error(40007)

    async def _who(self, request: web.Request) -> web.Response:
        known = self.codes.pop(request.query["code"], None)
        if known is None or self.app_ids.get(request.query["appid"]) != request.query["secret"]:
            return self._error(40029)
        return web.json_response({"access_token": "x", "openid": known[0], "is_snapshotuser": known[1]})

    async def _send(self, request: web.Request) -> web.Response:
        if fault := self._fault(request) or self._unknown(request):
            return fault
        given = await request.json()
        left, until = self.left.get(given["touser"], (0, 0.0))
        if time.time() > until:
            return self._error(45015)
        if not left:
            return self._error(45047)
        if len(given["text"]["content"].encode()) > 2048:
            return self._error(45002)
        self.left[given["touser"]] = left - 1, until
        self.sent.append((given["touser"], given["text"]["content"]))
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    async def _template(self, request: web.Request) -> web.Response:
        if fault := self._fault(request) or self._unknown(request):
            return fault
        given = await request.json()
        if all(given["client_msg_id"] != each.get("client_msg_id") for each in self.rung):
            self.rung.append(given)
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": len(self.rung)})

    async def _subscribed(self, request: web.Request) -> web.Response:
        """One for each time somebody allowed it."""
        if fault := self._fault(request) or self._unknown(request):
            return fault
        given = await request.json()
        if not self.allowed.get(given["touser"]):
            return self._error(43101)
        self.allowed[given["touser"]] -= 1
        self.rung.append(given)
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": len(self.rung)})

    async def _ticket(self, request: web.Request) -> web.Response:
        if fault := self._fault(request) or self._unknown(request):
            return fault
        return web.json_response({"errcode": 0, "errmsg": "ok", "ticket": TICKET, "expires_in": 7200})

    async def _menu(self, request: web.Request) -> web.Response:
        if fault := self._fault(request) or self._unknown(request):
            return fault
        given = await request.json()
        for button in given["button"]:
            assert len(button["name"].encode()) <= 16, button
            for below in button.get("sub_button", []):
                assert len(below["name"].encode()) <= 60, below
                assert len(below.get("key", "").encode()) <= 128, below
        assert len(given["button"]) <= 3
        assert all(len(button.get("sub_button", [])) <= 5 for button in given["button"])
        self.menu = given
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    def _fault(self, request: web.Request) -> web.Response | None:
        planned = self.faults.get(request.path)
        return web.json_response(planned.pop(0)) if planned else None

    def _unknown(self, request: web.Request) -> web.Response | None:
        self.calls.append(request.path)
        return None if request.query.get("access_token") == self.tokens[-1] else self._error(40001)

    def _error(self, code: int) -> web.Response:
        self.refused.append(code)
        return web.json_response({"errcode": code, "errmsg": f"error {code}"})


class Follower:
    """Somebody's WeChat: writes to the account, taps what it says, and is asked again when nobody answers."""

    def __init__(self, weixin: Weixin, url: str, openid: str) -> None:
        self.weixin, self.url, self.openid = weixin, url, openid
        self.said = ""  # the last text that came as an answer
        self.numbers = int.from_bytes(os.urandom(5))

    async def types(self, text: str, **more: str) -> str:
        """Type something; the account's answer, "" for none."""
        return await self.sends("text", Content=text, **more)

    async def taps(self, label: str) -> str:
        """Tap the link of the last answer whose label holds these words."""
        for url, shown in LINK.findall(self.said):
            if label in shown and url.startswith("weixin://bizmsgmenu?"):
                asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
                return await self.types(asked["msgmenucontent"], bizmsgmenuid=asked["msgmenuid"])
        raise AssertionError(f"no link {label!r} in {self.said}")

    async def event(self, name: str, **more: str) -> str:
        return await self.sends("event", Event=name, **more)

    async def allows(self, template: str, answer: str = "accept", event: str = "subscribe_msg_popup_event") -> None:
        """Answer WeChat's own question whether the account may send a 订阅通知."""
        if event == "subscribe_msg_popup_event" and answer == "accept":
            self.weixin.allowed[self.openid] = self.weixin.allowed.get(self.openid, 0) + 1
        one = f"<TemplateId><![CDATA[{template}]]></TemplateId>"
        one += f"<SubscribeStatusString><![CDATA[{answer}]]></SubscribeStatusString><PopupScene>1</PopupScene>"
        await self.tells(event, f"<SubscribeMsgPopupEvent><List>{one}</List></SubscribeMsgPopupEvent>")

    async def tells(self, event: str, inside: str) -> None:
        """An event with elements in it, which nobody is answered."""
        at, names = int(time.time()), {"ToUserName": ACCOUNT, "FromUserName": self.openid, "MsgType": "event"}
        whole = xml({**names, "CreateTime": str(at), "Event": event}).replace(b"</xml>", f"{inside}</xml>".encode())
        status, body = await post(self.url, whole, at)
        assert (status, body) == (200, b"success")

    async def sends(self, kind: str, **more: str) -> str:
        """Send a message of a kind, or an event, as WeChat does it."""
        self._refill(kind, more)
        self.numbers += 1
        own = {} if kind == "event" else {"MsgId": str(self.numbers)}
        heard = await self.posts({"MsgType": kind, **own, **more})
        self.said = heard or self.said
        return heard

    async def posts(self, fields: dict[str, str], tries: int = TRIES) -> str:
        """Post an envelope until it is answered; what is shown to the person."""
        at = int(time.time())
        whole = {"ToUserName": ACCOUNT, "FromUserName": self.openid, "CreateTime": str(at), **fields}
        for _ in range(tries):
            try:
                status, body = await post(self.url, xml(whole), at)
            except (TimeoutError, aiohttp.ClientError, OSError):
                await asyncio.sleep(0.2)  # WeChat's own pause is not known.
                continue
            if status == 200:
                return shown(body)
            await asyncio.sleep(0.2)
        return BROKEN

    def _refill(self, kind: str, more: dict[str, str]) -> None:
        tapped = "bizmsgmenuid" in more or more.get("Event") in ("subscribe", "SCAN", "CLICK")
        left, until = self.weixin.left.get(self.openid, (0, 0.0))
        if tapped:
            known = (max(left, 3), until) if until > time.time() + MINUTE else (3, time.time() + MINUTE)
            self.weixin.left[self.openid] = known
        elif kind != "event":
            self.weixin.left[self.openid] = 5, time.time() + HOURS


def xml(fields: dict[str, str]) -> bytes:
    parts = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items())
    return f"<xml>{parts}</xml>".encode()


async def post(url: str, plain: bytes, at: int, **instead: str) -> tuple[int, bytes]:
    """One callback; `instead` puts other values into its address."""
    sealed = encrypted(plain)
    return await post_raw(url, xml({"ToUserName": ACCOUNT, "Encrypt": sealed}), query(at, sealed) | instead)


def query(at: int, sealed: str = "", nonce: str = "1320562132") -> dict[str, str]:
    """What stands in a callback's address."""
    return {
        "signature": signature(TOKEN, str(at), nonce),
        "timestamp": str(at),
        "nonce": nonce,
        "encrypt_type": "aes",
        "msg_signature": signature(TOKEN, str(at), nonce, sealed),
    }


async def post_raw(url: str, body: bytes, given: dict[str, str]) -> tuple[int, bytes]:
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with (
        aiohttp.ClientSession(timeout=timeout) as http,
        http.post(f"{url}/wechat", params=given, data=body, headers={"Content-Type": "text/xml"}) as response,
    ):
        return response.status, await response.read()


def shown(body: bytes) -> str:
    """What WeChat shows of an answer."""
    if body in (b"", b"success"):
        return ""
    outer = ElementTree.fromstring(body)  # noqa: S314 (our own answer)
    sealed = outer.findtext("Encrypt") or ""
    parts = TOKEN, outer.findtext("TimeStamp") or "", outer.findtext("Nonce") or "", sealed
    assert outer.findtext("MsgSignature") == signature(*parts)
    inner = ElementTree.fromstring(decrypted(sealed))  # noqa: S314
    assert inner.findtext("MsgType") == "text"
    assert inner.findtext("FromUserName") == ACCOUNT
    text = inner.findtext("Content") or ""
    return text if len(text.encode()) <= 2048 else BROKEN


def signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 (the protocol's)


def encrypted(message: bytes, owner: str = APP_ID) -> str:
    body = os.urandom(16) + struct.pack(">I", len(message)) + message + owner.encode()
    body += bytes([32 - len(body) % 32]) * (32 - len(body) % 32)
    key = base64.b64decode(AES_KEY + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(body) + encryptor.finalize()).decode()


def decrypted(sealed: str) -> bytes:
    key = base64.b64decode(AES_KEY + "=")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = decryptor.update(base64.b64decode(sealed)) + decryptor.finalize()
    length = struct.unpack(">I", plain[16:20])[0]
    assert plain[20 + length : -plain[-1]] == APP_ID.encode()
    return plain[20 : 20 + length]


def labels(text: str) -> list[str]:
    """The labels of what can be tapped."""
    return [html.unescape(shown) for _, shown in LINK.findall(text)]


__all__ = ["Follower", "Weixin", "decrypted", "encrypted", "labels", "post", "post_raw", "query", "quote", "unquote"]
