"""Speech to words: an optional OpenAI-compatible endpoint hears voice notes; what it heard is always asked about first.

It gets the sound as it was recorded, under the name and type of its kind, and nothing of who spoke.
"""

import aiohttp
import orjson

from bot import log
from bot.doors import sounds
from bot.errors import Refused, TryLater
from bot.settings import Settings

logger = log.get(__name__)

PATIENCE = 30.0  # seconds
MOST, LONGEST = 64 * 1024, 1_000  # bytes of an answer, characters of what was heard
NAMES = {"audio/ogg": "voice.ogg", "audio/webm": "voice.webm", "audio/amr": "voice.amr", "audio/mp4": "voice.m4a"}


class Speech:
    """Asks the endpoint; `close` when done."""

    def __init__(self, url: str, model: str, key: str = "") -> None:
        self.url, self.model, self._key = url, model, key
        self.patience = PATIENCE
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def words(self, sound: bytes) -> str:
        """What is said, in one line.  Raises Refused for what is no sound or no answer, TryLater when it is busy."""
        kind = sounds.kind(sound)
        if kind is None:
            raise Refused("no sound that is known")
        heard = " ".join(str(self._text(await self._asked(sound, kind))).split())
        if not any(each.isalpha() for each in heard) or len(heard) > LONGEST or not heard.isprintable():
            raise Refused("speech: nothing that anybody said")
        return heard

    async def _asked(self, sound: bytes, kind: str) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        form = aiohttp.FormData({"model": self.model, "language": "zh", "response_format": "json"})
        form.add_field("file", sound, filename=NAMES[kind], content_type=kind)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        timeout = aiohttp.ClientTimeout(total=self.patience)
        asked = self._session.post(self.url, data=form, headers=headers, allow_redirects=False, timeout=timeout)
        try:
            async with asked as response:
                if response.status == 429 or response.status >= 500:
                    raise TryLater(f"speech: {response.status}")
                if response.status != 200:
                    raise Refused(f"speech: {response.status}")
                data = await response.content.read(MOST)
                while more := await response.content.read(MOST):
                    data += more
                    if len(data) > MOST:
                        raise Refused("speech: too long an answer")
                return data
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise TryLater(f"speech: {type(error).__name__}") from None

    def _text(self, data: bytes) -> object:
        try:
            answer = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise Refused("speech: no JSON") from None
        text = answer.get("text") if isinstance(answer, dict) else None
        if not isinstance(text, str):
            raise Refused("speech: no text")
        return text


def speech_of(settings: Settings) -> Speech | None:
    """None where the settings name no endpoint."""
    if not settings.speech_url:
        return None
    return Speech(settings.speech_url, settings.speech_model, settings.speech_key.get_secret_value())
