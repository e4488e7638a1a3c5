"""Somebody's phone: types into the chat page over HTTP, reads what the bot says there."""

import io
import secrets
from types import TracebackType
from typing import Any, Self

import aiohttp

from bot.app import Application

MARK = {"X-Nuanxin-Chat": "1"}  # the page's own header


class Phone:
    """One person with one conversation.  Everything goes through the page's HTTP interface, cookie included."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.url = f"http://127.0.0.1:{app.port}"
        self.chat: int | None = None  # the row in `chats`, once a test has asked for it
        self._seen = 0
        self._before_press = 0
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()

    @property
    def http(self) -> aiohttp.ClientSession:
        assert self._http is not None
        return self._http

    async def opens(self) -> None:
        """Open the page; the cookie that comes back is who this person is."""
        async with self.http.get(f"{self.url}/chat") as response:
            assert response.status == 200

    async def types(self, *texts: str) -> list[str]:
        """Type lines, one after another, each after the answer to the one before; returns what was said since."""
        for text in texts:
            await self._post("/chat/messages", {"key": secrets.token_hex(8), "text": text})
        return await self.hears(settle=False)

    async def sends_location(self, latitude: float, longitude: float) -> list[str]:
        place = {"latitude": latitude, "longitude": longitude}
        await self._post("/chat/messages", {"key": secrets.token_hex(8), "location": place})
        return await self.hears(settle=False)

    async def sends_photo(self, data: bytes, *, album: str = "") -> list[str]:
        """Send a picture, as the page does: its bytes as the body; with the same `album` as others chosen with it."""
        url = f"{self.url}/chat/photos"
        query = {"key": secrets.token_hex(8)} | ({"album": album} if album else {})
        async with self.http.post(url, data=io.BytesIO(data), params=query, headers=MARK) as response:
            assert response.status == 200, await response.text()
        return await self.hears()

    async def sends_voice(self, data: bytes) -> list[str]:
        """Send a voice note, as the page does."""
        url, query = f"{self.url}/chat/voices", {"key": secrets.token_hex(8)}
        async with self.http.post(url, data=io.BytesIO(data), params=query, headers=MARK) as response:
            assert response.status == 200, await response.text()
        return await self.hears()

    async def presses(self, label: str) -> list[str]:
        """Press the newest button whose label holds these words; returns what was said since."""
        state = await self._events()
        for message in reversed(state["messages"]):
            for button in (each for row in message.get("buttons", []) for each in row):
                if label in button["text"] and "callback_data" in button:
                    await self._press(state, message["id"], button["callback_data"])
                    return await self.hears(settle=False)
        raise AssertionError(f"no button {label!r} in {await self.buttons()}")

    async def presses_data(self, message: int, data: str) -> str:
        return await self._press(await self._events(), message, data)

    async def _press(self, before: dict[str, Any], message: int, data: str) -> str:
        self._before_press = before["event"]
        answer = await self._post("/chat/presses", {"message": message, "data": data})
        return str(answer["press"])

    async def messages(self) -> list[dict[str, Any]]:
        """The last messages of the conversation, the bot's and one's own, oldest first."""
        return list((await self._events())["messages"])

    async def hears(self, *, settle: bool = True) -> list[str]:
        """What the bot said or changed since this was last asked."""
        messages = (await self._events(settle=settle))["messages"]
        new = [each for each in messages if not each["mine"] and each["event"] > self._seen]
        self._seen = max((each["event"] for each in messages), default=self._seen)
        return [spoken(each) for each in new]

    async def buttons(self) -> list[str]:
        """Labels of the buttons under the newest message of the bot."""
        said = [each for each in await self.messages() if not each["mine"]]
        return [button["text"] for row in said[-1].get("buttons", []) for button in row] if said else []

    async def keyboard(self) -> list[list[str]]:
        """Labels of the keys below the conversation."""
        keyboard = (await self._events())["keyboard"] or {}
        return [[key["text"] for key in row] for row in keyboard.get("keyboard", [])]

    async def toasts(self) -> list[str]:
        """What answered this person's last press as a toast."""
        state = await self._events(self._before_press)
        return [answer["text"] for answer in state["answers"] if answer.get("text")]

    async def _events(self, after: int = 0, *, settle: bool = True) -> dict[str, Any]:
        """What the page shows.  Right after a post has settled, there is nothing more to wait for."""
        if settle:
            await self.app.settled()
        async with self.http.get(f"{self.url}/chat/events", params={"after": after}) as response:
            state: dict[str, Any] = await response.json()
        return {"messages": [], "keyboard": None, "answers": [], "event": 0, **state}

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self.http.post(self.url + path, json=body, headers=MARK) as response:
            answer: dict[str, Any] = await response.json()
            assert response.status == 200, answer
        await self.app.settled()
        return answer


def spoken(message: dict[str, Any]) -> str:
    """What a message says, in words."""
    if venue := message.get("venue"):
        return f"{venue['title']} {venue['address']}"
    return str(message.get("text") or message.get("caption") or "")
