"""Updates by webhook: answered with 200 only after the commit, a lone reply riding in the answer."""

import hmac
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web

from bot.channels.telegram.intake import take
from bot.channels.telegram.receiver import Receiver
from bot.doors import forms
from bot.errors import Down

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the name of a header)
LARGEST = 2**20  # bytes of one update
AGAIN = {"Retry-After": "1"}  # seconds


def endpoint(receiver: Receiver, secret: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of POST for one channel.  Refuses to be built without a secret."""
    if not secret:
        raise ValueError("a webhook needs its secret")
    expected = secret.encode()

    async def webhook(request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "").encode()
        if not hmac.compare_digest(given, expected):
            raise web.HTTPForbidden
        body = await forms.whole(request, LARGEST)
        try:
            answer = await take(receiver, body, carry=True)
        except Down:
            raise web.HTTPServiceUnavailable(headers=AGAIN) from None
        if answer is None:
            return web.Response()
        return web.Response(body=orjson.dumps(answer), content_type="application/json")

    return webhook
