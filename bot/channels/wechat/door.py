"""Where WeChat comes in: proves the address, and hears what people send, in safe mode only."""

import re
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from bot import log
from bot.channels.web.finishing import Finishing
from bot.channels.wechat import xml
from bot.channels.wechat.answering import Answer
from bot.channels.wechat.crypto import Envelope, Unreadable
from bot.channels.wechat.xml import Document
from bot.doors import forms, numbers
from bot.messaging.urls import WECHAT
from bot.store.db import is_down

logger = log.get(__name__)

WINDOW = 300  # seconds by which a signature may be off our clock
PROOF = r"MP_[A-Za-z0-9_]{1,64}\.txt"  # a file that WeChat has us serve, to prove whose host it is
LONGEST_PROOF = 1024  # bytes
SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
ECHO = re.compile(r"[\w+/=-]{1,128}", re.ASCII)
NONCE = 64  # characters


class Hears(Protocol):
    """What becomes of a message."""

    def __call__(self, document: Document, until: float) -> Awaitable[Answer | None]: ...


class Door:
    """WeChat's callbacks for one account.

    hear: acts on a message, and gives the answer by a moment of time.monotonic; given: is told when it has left.
    proofs: the folder of files that prove whose host this is.
    """

    def __init__(
        self, envelope: Envelope, hear: Hears, given: Any, finishing: Finishing, proofs: Path, patience: float
    ) -> None:
        self.envelope, self.hear, self.given = envelope, hear, given
        self.finishing, self.proofs, self.patience = finishing, proofs, patience

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(WECHAT, self.verify),
            web.post(WECHAT, self.callback),
            web.get(f"/{{name:{PROOF}}}", self.proof),
        ]

    async def verify(self, request: web.Request) -> web.Response:
        """WeChat asks whether this address is the account's: its own word comes back."""
        echo = request.query.get("echostr", "")
        if not self._is_wechat(request) or not ECHO.fullmatch(echo):
            return _refused(403)
        return web.Response(text=echo, headers=SAFE)

    async def proof(self, request: web.Request) -> web.Response:
        """A verification file, byte for byte; its name is a pattern, so it leads nowhere else."""
        path = self.proofs / request.match_info["name"]
        if not path.is_file() or path.stat().st_size > LONGEST_PROOF:
            return _refused(404)
        return web.Response(body=path.read_bytes(), content_type="text/plain", headers=SAFE)

    async def callback(self, request: web.Request) -> web.StreamResponse:
        """A message or an event.  Whoever cannot sign is refused before a byte of the body is read."""
        until = time.monotonic() + self.patience
        if not self._is_wechat(request) or request.query.get("encrypt_type") != "aes":
            return _refused(403)
        try:
            document = self._opened(request, await forms.whole(request, xml.MOST))
        except Unreadable as error:
            logger.warning("wechat: unreadable callback", why=str(error))
            return _refused(400)
        try:
            answer = await self.finishing.run(self._heard(document, until))
        except Exception as error:
            if not is_down(error):
                logger.exception("wechat: callback failed")
            return _refused(503)  # WeChat comes again, twice.
        # WeChat hangs up as soon as it has the answer, which ends this handler, but not the note that it has it.
        return await self.finishing.run(self._respond(request, document, answer))

    async def _respond(self, request: web.Request, document: Document, answer: Answer | None) -> web.Response:
        response = self._sealed(document, answer) if answer else web.Response(text="success", headers=SAFE)
        await response.prepare(request)
        await response.write_eof()
        if answer is not None:
            self.given(answer)
        return response

    async def _heard(self, document: Document, until: float) -> Answer | None:
        return await self.hear(document, until)

    def _is_wechat(self, request: web.Request) -> bool:
        query = request.query
        stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        at = numbers.whole(stamp, most=2**40)
        fresh = at is not None and abs(time.time() - at) <= WINDOW
        return fresh and len(nonce) <= NONCE and self.envelope.is_signed(query.get("signature", ""), stamp, nonce)

    def _opened(self, request: web.Request, body: bytes) -> Document:
        """Raises Unreadable.  `signature` does not cover the body: `msg_signature` does."""
        sealed, query = xml.parse(body).get("Encrypt"), request.query
        if not self.envelope.is_signed(query.get("msg_signature", ""), query["timestamp"], query["nonce"], sealed):
            raise Unreadable("not signed")
        document = xml.parse(self.envelope.open(sealed))
        if not document.get("FromUserName") or not document.get("MsgType"):
            raise Unreadable("nobody's")
        return document

    def _sealed(self, document: Document, answer: Answer) -> web.Response:
        at, nonce = int(time.time()), str(time.time_ns() % 10**10)
        said = xml.write(
            ToUserName=document.get("FromUserName"),
            FromUserName=document.get("ToUserName"),
            CreateTime=at,
            MsgType="text",
            Content=answer.text,
        )
        sealed = self.envelope.seal(said)
        signature = self.envelope.sign(str(at), nonce, sealed)
        body = xml.write(Encrypt=sealed, MsgSignature=signature, TimeStamp=at, Nonce=nonce)
        return web.Response(body=body, content_type="application/xml", charset="utf-8", headers=SAFE)


def _refused(status: int) -> web.Response:
    return web.Response(status=status, headers=SAFE)
