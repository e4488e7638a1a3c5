"""The Bot API over aiohttp: one small client for what we send, one request object for what PTB sends itself.

Sending plain JSON and reading only `ok`, `result`, `error_code` and `parameters` costs a fraction of what
PTB's httpx and result objects cost (docs/decisions/0003).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import aiohttp
import orjson
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData
from yarl import URL

from bot.errors import Blocked, Refused, TryLater, Unclear
from bot.log import hide

CONNECTIONS = 256
PATIENCE = aiohttp.ClientTimeout(total=30, connect=10)  # seconds, for everything but long polling
LONGEST_WISH = 86_400  # seconds of silence a server may ask for
DOWNLOAD = 20 * 2**20  # bytes; the Bot API hands out no larger file
JSON = {"Content-Type": "application/json"}
UNASKED = ("Accept", "Accept-Encoding", "User-Agent")  # headers that cost time with every message, and say nothing


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file among the parameters of a call."""

    name: str
    data: bytes


class BotApi:
    """One bot at one Bot API server."""

    def __init__(self, url: str, file_url: str, token: str) -> None:
        self._url = f"{url}{token}/"
        self._file_url = f"{file_url}{token}/"
        self._addresses: dict[str, URL] = {}
        self.bot = token.partition(":")[0]  # its number, which no two bots share
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        if self._session is not None:
            return
        connector = aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=30)
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), skip_auto_headers=UNASKED
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(
        self, method: str, parameters: Mapping[str, Any], *, key: str = "", seconds: float | None = None
    ) -> Any:
        """Call a method and return its result.

        `key` makes a repeated send harmless where the server knows the header: the web chat does, Telegram
        does not.  `seconds` is the patience, when it is not the usual one.
        Bytes among the parameters are uploaded.
        Raises Refused or Blocked for good, TryLater for now, Unclear when nobody knows whether it was done.
        """
        body, headers = _body(parameters)
        return await self.post(method, body, headers, key=key, seconds=seconds)

    async def post(
        self,
        method: str,
        body: Any,
        headers: Mapping[str, str] = JSON,
        *,
        key: str = "",
        seconds: float | None = None,
    ) -> Any:
        """The same with a body that is written already."""
        if key:
            headers = {**headers, "Idempotency-Key": key}
        try:
            async with self._session_open.post(
                self._address(method), data=body, headers=headers, timeout=_patience(seconds)
            ) as response:
                return _result(await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise TryLater(hide(f"{type(error).__name__}: {error}")) from None
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise Unclear(hide(f"{type(error).__name__}: {error}")) from None

    @asynccontextmanager
    async def file(self, path: str) -> AsyncIterator[aiohttp.StreamReader]:
        """A file's content, to be read in pieces.  Raises Refused when it is gone or too large, TryLater."""
        try:
            async with self._session_open.get(self._file_url + path, timeout=PATIENCE) as response:
                if response.status != 200:
                    raise Refused(f"file: HTTP {response.status}")
                if (response.content_length or 0) > DOWNLOAD:
                    raise Refused("file is too big")
                yield response.content
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise TryLater(hide(f"{type(error).__name__}: {error}")) from None

    def _address(self, method: str) -> URL:
        """Where a method is called; read once, not with every message."""
        if (known := self._addresses.get(method)) is None:
            known = self._addresses[method] = URL(self._url + method)
        return known

    @property
    def _session_open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("BotApi.open was not called")
        return self._session


@cache
def _patience(seconds: float | None) -> aiohttp.ClientTimeout:
    return PATIENCE if seconds is None else aiohttp.ClientTimeout(total=seconds)


def _body(parameters: Mapping[str, Any]) -> tuple[bytes | aiohttp.FormData, Mapping[str, str]]:
    """JSON, or a form where a file goes along."""
    if not any(isinstance(value, OutgoingFile) for value in parameters.values()):
        return orjson.dumps(parameters), JSON
    form = aiohttp.FormData()
    for name, value in parameters.items():
        if isinstance(value, OutgoingFile):
            form.add_field(name, value.data, filename=value.name)
        else:
            form.add_field(name, value if isinstance(value, str) else orjson.dumps(value).decode())
    return form, {}


def message_id(result: Any) -> int | None:
    """Which message a call made; None where the server does not say it in a way a database can keep."""
    match result:
        case {"message_id": int(number)} if abs(number) < 2**63:
            return number
    return None


def _result(body: bytes) -> Any:
    """What an answer holds.  Raises what it means for the row that was sent, ValueError when it is no answer at all."""
    match orjson.loads(body):
        case {"ok": True, "result": result}:
            return result
        case {"ok": False, "error_code": int(code), **more}:
            raise _error(code, str(more.get("description", "")), more.get("parameters"))
    raise ValueError("this is no Bot API server")


def _error(code: int, why: str, parameters: Any) -> Exception:
    if code == 429:
        match parameters:
            case {"retry_after": int() | float() as seconds}:
                return TryLater(why, timedelta(seconds=min(max(seconds, 0), LONGEST_WISH)))
        return TryLater(why, timedelta(seconds=1))
    if code >= 500:
        return Unclear(why)
    if code in (401, 409):
        return TryLater(why)  # 401: the token is being changed; nothing is wrong with the row.
    if code == 403:
        return Blocked(why)
    return Refused(why)


class AiohttpRequest(BaseRequest):
    """What PTB's Bot needs for its own few calls (getMe and the like), on aiohttp instead of httpx."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        return PATIENCE.total

    async def initialize(self) -> None:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_timeouts: Any, **_more: Any
    ) -> tuple[int, bytes]:
        """Returns the status and the body; every call has the same patience."""
        if self._session is None:
            raise RuntimeError("not initialized")
        data = request_data.json_parameters if request_data else None
        try:
            async with self._session.request(method, url, data=data, timeout=PATIENCE) as response:
                return response.status, await response.read()
        except TimeoutError as error:
            raise TimedOut(hide(str(error)) or "Timed out") from None
        except aiohttp.ClientError as error:
            raise NetworkError(hide(f"aiohttp.{type(error).__name__}: {error}")) from None
