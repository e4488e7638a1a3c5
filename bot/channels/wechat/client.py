"""Calls to WeChat's API, and what its error codes mean to us.

Source: developers.weixin.qq.com, "获取稳定版接口调用凭据" and the return codes of each call.  A stable token is the same for
every process and is good for five minutes after a new one was made, so nobody has to share or lock it.
"""

import time
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import orjson

from bot.channels.wechat.settings import WeChatSettings
from bot.errors import Blocked, Refused, TryLater, Unclear

PATIENCE = aiohttp.ClientTimeout(total=8, connect=3)
SPARE = 240.0  # seconds before its end at which a token is asked for anew
DOWNLOAD = 20 * 2**20  # bytes of a photo or a voice
TOKEN = frozenset({40001, 40014, 41001, 42001})
NOT_ALLOWED = 43101
SHUT = frozenset({45015, 45047})
GONE = frozenset({40003, 43004, 43019, 46004, 48002, 50005})
WAITS = {45009: timedelta(hours=1), 45011: timedelta(minutes=1), 40164: timedelta(minutes=5)}
WAITS |= dict.fromkeys((48001, 48004, 50002), timedelta(hours=1))


class NotAllowed(Refused):
    """They have not allowed a 订阅通知, or what they allowed is used up."""


class WindowShut(Refused):
    """WeChat lets us tell them nothing now, until they write again."""


class Client:
    """One account's; `close` when done."""

    def __init__(self, settings: WeChatSettings) -> None:
        self.settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._token, self._until = "", 0.0
        self._ticket, self._good_until = "", 0.0
        self.ahead: float | None = None  # seconds by which our clock is ahead of WeChat's, as far as it was heard

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def token(self, *, fresh: bool = False) -> str:
        """Raises Refused, TryLater."""
        if fresh or time.monotonic() > self._until:
            given = {"grant_type": "client_credential", "appid": self.settings.app_id, "force_refresh": False}
            answer = await self._posted("/cgi-bin/stable_token", given | {"secret": self.settings.app_secret})
            try:
                self._token, lives = str(answer["access_token"]), float(answer["expires_in"])
            except (KeyError, TypeError, ValueError):
                raise Unclear("WeChat gave no token") from None
            self._until = time.monotonic() + max(lives - SPARE, 0.0)
        return self._token

    async def call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Post something in the account's name.  A token that was killed meanwhile is asked for once more.

        Raises WindowShut, Blocked, Refused, TryLater, Unclear.
        """
        try:
            return await self._posted(path, body, await self.token())
        except TokenOver:
            return await self._posted(path, body, await self.token(fresh=True))

    async def media(self, number: str) -> bytes:
        """The bytes of what somebody sent; WeChat keeps them for three days.  Raises Refused, TryLater, Unclear."""
        for fresh in (False, True):
            token = await self.token(fresh=fresh)
            kind, data = await self._asked(
                "GET", "/cgi-bin/media/get", params={"access_token": token, "media_id": number}
            )
            try:
                if "json" in kind or "text/plain" in kind:
                    raise_for(_object(data))
                    raise Refused("WeChat gave no file")
                return data
            except TokenOver:
                continue
        raise TryLater("WeChat takes none of its tokens")

    async def ticket(self) -> str:
        """Signs pages of ours that use WeChat's script; WeChat gives out few.  Raises Refused, TryLater, Unclear."""
        if time.monotonic() > self._good_until:
            try:
                answer = await self._ticket_by(await self.token())
            except TokenOver:
                answer = await self._ticket_by(await self.token(fresh=True))
            try:
                self._ticket, lives = str(answer["ticket"]), float(answer["expires_in"])
            except (KeyError, TypeError, ValueError):
                raise Unclear("WeChat gave no ticket") from None
            self._good_until = time.monotonic() + max(lives - SPARE, 0.0)
        return self._ticket

    async def _ticket_by(self, token: str) -> dict[str, Any]:
        params = {"access_token": token, "type": "jsapi"}
        _, data = await self._asked("GET", "/cgi-bin/ticket/getticket", params=params)
        raise_for(answer := _object(data))
        return answer

    async def who(self, code: str) -> tuple[str, bool]:
        """The openid that a code of OAuth stands for, and whether it is somebody who only looks at a snapshot.

        Raises Refused, TryLater, Unclear.
        """
        given = {"appid": self.settings.app_id, "secret": self.settings.app_secret}
        params = {**given, "code": code, "grant_type": "authorization_code"}
        _, data = await self._asked("GET", "/sns/oauth2/access_token", params=params)
        answer = _object(data)
        raise_for(answer)
        if not isinstance(answer.get("openid"), str) or not answer["openid"]:
            raise Unclear("WeChat names nobody")
        return answer["openid"], answer.get("is_snapshotuser") == 1

    async def _posted(self, path: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
        params = {"access_token": token} if token else {}
        # As it is, not as \\u escapes: WeChat shows those.
        headers = {"Content-Type": "application/json"}
        _, data = await self._asked("POST", path, params=params, data=orjson.dumps(body), headers=headers)
        answer = _object(data)
        raise_for(answer)
        return answer

    async def _asked(self, verb: str, path: str, **given: Any) -> tuple[str, bytes]:
        """Content type and body.  Whatever goes wrong names no address: tokens and secrets stand in it."""
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=PATIENCE)
        try:
            url = f"{self.settings.api_url}{path}"
            async with self._session.request(verb, url, allow_redirects=False, **given) as response:
                if response.status != 200:
                    raise Unclear(f"WeChat: {response.status}")
                self._note(response.headers.get("Date", ""))
                data = await response.content.read(DOWNLOAD + 1)
                while len(data) <= DOWNLOAD and (more := await response.content.read(DOWNLOAD + 1 - len(data))):
                    data += more
                if len(data) > DOWNLOAD:
                    raise Refused("WeChat: too large a file")
                return response.content_type, data
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise Unclear(f"WeChat: {type(error).__name__}") from None

    def _note(self, date: str) -> None:
        if (theirs := _moment(date)) is not None:
            self.ahead = time.time() - theirs


class TokenOver(TryLater):
    """The token is no longer one."""


def raise_for(answer: dict[str, Any]) -> None:
    """Raises what an error code means; 0, or none at all, is well."""
    code = answer.get("errcode", 0)
    if code == 0:
        return
    why = f"WeChat {code}: {str(answer.get('errmsg', ''))[:120]}"
    if code in TOKEN:
        raise TokenOver(why)
    if code in SHUT:
        raise WindowShut(why)
    if code == NOT_ALLOWED:
        raise NotAllowed(why)
    if code in GONE:
        raise Blocked(why)
    if code in WAITS:
        raise TryLater(why, WAITS[code])
    if code == -1 or not isinstance(code, int):
        raise Unclear(why)
    raise Refused(why)


def _object(data: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Unclear("WeChat: no JSON") from None
    if not isinstance(answer, dict):
        raise Unclear("WeChat: no JSON object")
    return answer


def _moment(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return None
