"""Text messages through the operator's own gateway: one signed request for each, with nothing of what a case is about.

The gateway gets `{"id", "phone", "template", "values"}` as JSON, signed as deliveries to a backend are, and sends the
text that it has for the template.  The same id again is the same message.
"""

from collections.abc import Mapping

import aiohttp
import orjson

from bot.doors.signature import sign
from bot.errors import Refused, TryLater
from bot.settings import Settings

PATIENCE = 10.0  # seconds
AGAIN = frozenset({401, 403, 404, 408, 425, 429})  # the gateway is set up wrongly or busy: it can be mended


class Sms:
    """Asks the gateway; `close` when done."""

    def __init__(self, url: str, secret: str) -> None:
        self.url, self._secret = url, secret
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, key: str, phone: str, template: str, values: Mapping[str, str]) -> None:
        """Hand one over.  Raises Refused for what the gateway will never take, TryLater when it is away or busy."""
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        body = orjson.dumps({"id": key, "phone": phone, "template": template, "values": dict(values)})
        headers = {"Content-Type": "application/json", **sign(self._secret, body)}
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        asked = self._session.post(self.url, data=body, headers=headers, allow_redirects=False, timeout=timeout)
        try:
            async with asked as response:
                status = response.status
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise TryLater(f"sms: {type(error).__name__}") from None
        if status in AGAIN or status >= 500:
            raise TryLater(f"sms: {status}")
        if not 200 <= status < 300:
            raise Refused(f"sms: {status}")


def sms_of(settings: Settings) -> Sms | None:
    """None where the settings name no gateway."""
    return Sms(settings.sms_url, settings.sms_secret.get_secret_value()) if settings.sms_url else None
