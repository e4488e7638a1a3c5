"""The Bot API over HTTP: /bot<token>/<method> and /file/bot<token>/<path>."""

from collections import deque
from typing import Any

import orjson
from aiohttp import web
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import log
from bot.channels.web import files, parameters
from bot.channels.web.bots import Bot
from bot.channels.web.faults import Faults, RateCheck, Recorded
from bot.channels.web.files import Kept
from bot.channels.web.finishing import Finishing
from bot.channels.web.methods import METHODS, Method
from bot.channels.web.parameters import Parameters
from bot.channels.web.polling import Polling
from bot.channels.web.refusal import ApiRefusal, refused
from bot.channels.web.rows import RESULTS
from bot.channels.web.rules import DOWNLOAD, Limits
from bot.channels.web.shared import Call, Shared
from bot.store.base import now, vault_of

logger = log.get(__name__)

KEY = "Idempotency-Key"
KEY_LONGEST = 200  # characters
BROKEN = ApiRefusal(500, "Internal Server Error")
_STORE = insert(RESULTS)
_STORED = select(RESULTS.c.result).where(RESULTS.c.bot_id == bindparam("bot"), RESULTS.c.key == bindparam("own_key"))


class Api:
    """Answers the bot.

    A request header `Idempotency-Key` makes a repeated call return the first result instead of acting twice, for
    24 hours.  It is ours: the real Telegram ignores it.
    """

    def __init__(self, shared: Shared, *, limits: Limits | None, calls_kept: int) -> None:
        self.shared = shared
        self.polling = Polling(shared)
        self.faults = Faults()
        self.rate_limiter = RateCheck(limits)
        self.calls: deque[Recorded] = deque(maxlen=calls_kept)
        self._vault = vault_of(shared.db.engine.dialect)
        self.finishing = Finishing()

    async def answer(self, request: web.Request) -> web.Response:
        """One call."""
        name = request.match_info["method"]
        bot = await self.shared.bots.of(request.match_info["token"])
        if bot is None:
            return respond(ApiRefusal(401, "Unauthorized").answer)
        given = Parameters({})
        try:
            given = await parameters.read(request)
            body = {"ok": True, "result": await self._result(bot, name, given, request)}
        except ApiRefusal as error:
            body = error.answer
        except Exception:
            logger.exception("bot api call failed", method=name)
            body = BROKEN.answer
        self._record(bot, name, given, body)
        return respond(body)

    async def file(self, request: web.Request) -> web.Response:
        """A file's bytes."""
        bot = await self.shared.bots.of(request.match_info["token"])
        if bot is None:
            return respond(ApiRefusal(401, "Unauthorized").answer)
        name = request.match_info["path"].rpartition("/")[2].partition(".")[0]
        file = await files.look(self.shared.db, name=name)
        if file is None or file.path != request.match_info["path"] or file.size > DOWNLOAD:
            return respond(ApiRefusal(404, "Not Found").answer)
        try:
            data = await self.shared.files.read(file.name)
        except FileNotFoundError:
            return respond(ApiRefusal(404, "Not Found").answer)
        headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment"}
        return web.Response(body=data, content_type="application/octet-stream", headers=headers)

    async def carry_out(self, connection: AsyncConnection, bot: Bot, name: str, given: Parameters) -> list[Any]:
        """Run a method that came in a webhook's answer, in the caller's transaction; whom to wake after it.

        A refusal is only recorded: Telegram throws the result away, too.
        """
        call = Call(self.shared, bot, connection, given)
        try:
            self.rate_limiter.check(bot.id, name, given)
            body = {"ok": True, "result": await METHODS[name.lower()](call)}
        except ApiRefusal as error:
            body = error.answer
        self._record(bot, name, given, body)
        return call.rings

    async def _result(self, bot: Bot, name: str, given: Parameters, request: web.Request) -> Any:
        polls = name.lower() == "getupdates"
        method = METHODS.get(name.lower())
        if method is None and not polls:
            raise refused("method not found", 404)
        await self.faults.meet(name, given)
        self.rate_limiter.check(bot.id, name, given)
        if method is None:
            return await self.polling.get_updates(bot, given, lambda: _gone(request))
        key = request.headers.get(KEY, "")[:KEY_LONGEST]
        return await self.finishing.run(self._run(bot, method, given, key))

    async def _run(self, bot: Bot, method: Method, given: Parameters, key: str) -> Any:
        kept: dict[str, Kept] = {}
        try:
            for name, upload in given.files.items():
                kept[name] = await self.shared.files.keep(upload.data)
            try:
                return await self._transact(bot, method, given, kept, key)
            except IntegrityError:
                if not key:
                    raise
                # The same key came twice at the same time and the other one was faster: its result counts.
                return await self._transact(bot, method, given, kept, key)
        except BaseException:
            self.shared.files.erase(each.name for each in kept.values())
            raise

    async def _transact(self, bot: Bot, method: Method, given: Parameters, kept: dict[str, Kept], key: str) -> Any:
        hashed = self._vault.blind(key, "web_results.key") if key else b""
        async with self.shared.db.connect() as connection:
            if key:
                values = {"bot": bot.id, "own_key": hashed}
                if (stored := (await connection.execute(_STORED, values)).first()) is not None:
                    return stored.result
            call = Call(self.shared, bot, connection, given, kept)
            result = await method(call)
            if key:
                row = {"bot_id": bot.id, "key": hashed, "result": result, "at": now()}
                await connection.execute(_STORE, row)
        self.shared.wakeups.ring(*call.rings)
        return result

    def _record(self, bot: Bot, name: str, given: Parameters, body: dict[str, Any]) -> None:
        if self.calls.maxlen:
            self.calls.append(Recorded(name, given.values, body, tuple(given.files), bot.number))


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def respond(body: dict[str, Any]) -> web.Response:
    """An answer as Telegram gives it: the status is the error code, and 429 says so in a header, too."""
    headers = {}
    if retry := (body.get("parameters") or {}).get("retry_after"):
        headers["Retry-After"] = str(retry)
    status = 200 if body["ok"] else body["error_code"]
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json", headers=headers)
