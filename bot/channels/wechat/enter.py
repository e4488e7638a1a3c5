"""The page inside WeChat: whoever opens it there is, without a word, the person they are in the account's conversation.

OAuth of the kind snsapi_base: WeChat says who it is and asks nothing.  The state is signed, lives ten minutes and is
bound to a cookie, so nobody is led into somebody else's conversation by a link.
"""

import hashlib
import hmac
import secrets
import time
from urllib.parse import urlencode

from aiohttp import web

from bot import log
from bot.channels.web.page import Page
from bot.channels.web.people import Unwelcome
from bot.channels.wechat import rows
from bot.channels.wechat.client import Client
from bot.doors import numbers
from bot.errors import Refused, TryLater
from bot.messaging.urls import CHAT, WECHAT_BACK, WECHAT_ENTER

logger = log.get(__name__)

COOKIE = "nuanxin_wechat"
LIFE = 600  # seconds from the first step to the last
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
CODE = 128  # characters


class Enter:
    """Two steps: out to WeChat, and back with a code."""

    def __init__(self, page: Page, client: Client, *, secret: str, base: str) -> None:
        self.page, self.client, self.base = page, client, base
        self._key = hashlib.blake2b(secret.encode(), person=b"nuanxin-wechat").digest()

    def routes(self) -> list[web.RouteDef]:
        return [web.get(WECHAT_ENTER, self.out), web.get(WECHAT_BACK, self.back)]

    async def back(self, request: web.Request) -> web.Response:
        """Whoever comes too late, or by somebody else's link, is on the page whoever they were."""
        code = request.query.get("code", "")
        if not 0 < len(code) <= CODE or not self._is_ours(request):
            return self._to_chat()
        try:
            # WeChat is asked for nobody more often than the page is.
            self.page.guard.within(self.page.guard.posts, request)
            openid, snapshot = await self.client.who(code)
        except Unwelcome:
            return self._to_chat()
        except (Refused, TryLater) as error:
            logger.warning("wechat: nobody was named", why=str(error))
            return self._to_chat()
        response = self._to_chat()
        if not snapshot:
            await self._greet(request, response, openid)
        return response

    async def out(self, request: web.Request) -> web.Response:
        """Off to WeChat, with a state that only this browser can bring back."""
        own = secrets.token_hex(16)
        asked = {
            "appid": self.client.settings.app_id,
            "redirect_uri": f"{self.base}{WECHAT_BACK}",
            "response_type": "code",
            "scope": "snsapi_base",
            "state": self._state(own, int(time.time())),
        }  # In this order, as WeChat wants them.
        url = f"{self.client.settings.authorize_url}?{urlencode(asked)}#wechat_redirect"
        response = web.Response(status=302, headers={**HEADERS, "Location": url})
        secure = self.page.guard.secure(request)
        response.set_cookie(COOKIE, own, max_age=LIFE, httponly=True, samesite="Lax", secure=secure, path=CHAT)
        return response

    async def _greet(self, request: web.Request, response: web.Response, openid: str) -> None:
        """The cookie of the person this openid is; one that is new becomes whoever this browser was already."""
        shared, identity, guard = self.page.shared, self.page.identity, self.page.guard
        async with shared.db.connect() as connection:
            account = await rows.linked(connection, shared, openid, identity.of(request))
        identity.write(response, account.person_id, secure=guard.secure(request))

    def _to_chat(self) -> web.Response:
        response = web.Response(status=302, headers={**HEADERS, "Location": CHAT})
        response.del_cookie(COOKIE, path=CHAT)
        return response

    def _state(self, own: str, at: int) -> str:
        """At most 128 letters and digits."""
        signed = hashlib.blake2b(f"{own}.{at}".encode(), key=self._key, digest_size=16).hexdigest()
        return f"{at:010d}{signed}"

    def _is_ours(self, request: web.Request) -> bool:
        given, own = request.query.get("state", ""), request.cookies.get(COOKIE, "")
        at = numbers.whole(given[:10])
        if at is None or not own or not 0 <= time.time() - at <= LIFE:
            return False
        return hmac.compare_digest(self._state(own, at).encode(), given.encode())
