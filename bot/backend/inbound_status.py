"""The doors news come in by: the broker's, where nobody waits for an answer, and POST /backend/status, where one does."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from aiohttp import web
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import log
from bot.backend import messages
from bot.backend.messages import UnreadableMessage
from bot.doors import forms
from bot.doors.signature import SLACK, Unsigned, check
from bot.services.appeals import status_updates
from bot.services.appeals.status_updates import Reading, StatusVerdict
from bot.services.core.context import ServiceContext
from bot.store.db import Database, is_down
from bot.store.models import BackendKey, now

logger = log.get(__name__)

LARGEST = 65_536  # bytes
WAIT = 2.0  # seconds between two tries while there is no database
STATUS = {
    Reading.TAKEN: 200,
    Reading.KNOWN: 200,
    Reading.LATE: 200,
    Reading.UNKNOWN: 404,
    Reading.ILLEGAL: 409,
    Reading.LACKING: 422,
}


class Replayed(Exception):
    """This very request has been taken before."""


class InboundStatus:
    """Lets the backend's news in: each in one transaction."""

    def __init__(self, db: Database, context: Callable[[], ServiceContext], secret: str) -> None:
        self.db, self.services = db, context
        self._secret = secret

    async def hear(self, body: bytes) -> None:
        """News from the broker.  Returns when they are in the database, or in the dead letters: then they are done."""
        why = ""
        while True:
            try:
                async with self.db.begin() as session:
                    if why:
                        await _park(session, body, why)
                    else:
                        await self._take(session, body)
                return
            except Exception as error:
                if is_down(error):
                    await asyncio.sleep(WAIT)
                elif why:
                    raise
                else:
                    logger.exception("news failed")
                    why = f"failed: {type(error).__name__}"

    async def post(self, request: web.Request) -> web.Response:
        """News by HTTP.  The answer says what became of them; only 503 asks for the same again."""
        try:
            body = await forms.whole(request, LARGEST)
            nonce = check(self._secret, request.headers, body)
            async with self.db.begin() as session:
                await _once(session, nonce)
                verdict = await self._take(session, body)
        except web.HTTPRequestEntityTooLarge:
            return _answer(413, error=f"more than {LARGEST} bytes")
        except Unsigned as error:
            return _answer(401, error=str(error))
        except (Replayed, IntegrityError):
            return _answer(
                409, error="this request was taken before: sign what you send again anew, the id makes it harmless"
            )
        except Exception as error:
            if not is_down(error):
                raise
            return _answer(503, error="not now")
        if isinstance(verdict, UnreadableMessage):
            return _answer(400, error="unreadable", faults=verdict.faults)
        return self._said(verdict)

    async def _take(self, session: AsyncSession, body: bytes) -> StatusVerdict | UnreadableMessage:
        try:
            said = messages.read(body)
        except UnreadableMessage as error:
            await _park(session, body, str(error))
            return error
        verdict = await status_updates.take(session, self.services(), said)
        logger.info("news", number=said.number, state=said.state, reading=verdict.reading)
        return verdict

    def _said(self, verdict: StatusVerdict) -> web.Response:
        more: dict[str, Any] = {"state": verdict.state} if verdict.state else {}
        if verdict.reading is Reading.ILLEGAL:
            more["legal"] = list(verdict.legal)
        if verdict.lacking is not None:
            texts = self.services().knowledge.texts
            more["lacking"] = texts.say("zh", verdict.lacking.key, **verdict.lacking.values)
        return _answer(STATUS[verdict.reading], reading=verdict.reading, **more)


async def _once(session: AsyncSession, nonce: str) -> None:
    """Raises Replayed."""
    await session.execute(delete(BackendKey).where(BackendKey.until < now()))
    if not await status_updates.remember(session, "nonce", nonce, timedelta(seconds=2 * SLACK)):
        raise Replayed


async def _park(session: AsyncSession, body: bytes, why: str) -> None:
    await status_updates.park(session, body[:LARGEST].decode("utf-8", "replace").replace("\0", ""), why)


def _answer(status: int, **said: Any) -> web.Response:
    headers = {"Retry-After": "5"} if status == 503 else {}
    return web.json_response(said, status=status, headers=headers)
