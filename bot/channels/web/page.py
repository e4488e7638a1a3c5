"""The chat page over HTTP: the shell, its files, and what its script asks."""

import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web

from bot import log
from bot.channels.web import files, letters, mini_app, news
from bot.channels.web.assets import Assets
from bot.channels.web.bots import Bot
from bot.channels.web.finishing import Finishing
from bot.channels.web.guard import Guard
from bot.channels.web.identity import WebIdentity, new_person
from bot.channels.web.letters import Letter, read_contact, read_key, read_note, read_place, read_text
from bot.channels.web.messages import FileNote
from bot.channels.web.people import People, Unwelcome
from bot.channels.web.push import WebPush
from bot.channels.web.rules import UPLOAD
from bot.channels.web.shared import Shared
from bot.channels.web.uploads import developed, recorded
from bot.channels.web.views import Views
from bot.doors import forms
from bot.doors.requests import is_unreadable, note
from bot.doors.waiting import AGAIN, PLACES
from bot.messaging.urls import CHAT, MAP
from bot.store.db import is_down

logger = log.get(__name__)

PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
INLINE = ("image/jpeg", "image/png", "image/webp", "image/gif", "audio/ogg", "audio/webm", "audio/mp4", "audio/amr")
OFFLINE = f"{CHAT}/offline"
Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]


class Page:
    """One bot's page."""

    def __init__(
        self,
        shared: Shared,
        people: People,
        views: Views,
        identity: WebIdentity,
        assets: Assets,
        stations: Callable[[float, float], list[dict[str, Any]]],
        push: WebPush,
        *,
        origin: str,
    ) -> None:
        self.shared, self.people, self.views, self.identity, self.assets = shared, people, views, identity, assets
        self.stations, self.push = stations, push
        self.guard = Guard(shared, identity, origin=origin, limited=people.messages_a_minute is not None)
        self.finishing = Finishing()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(CHAT, self._private(self.shell)),
            web.get(MAP, self._private(self.map)),
            web.get(f"{CHAT}/static/{{version}}/{{name}}", self.assets.serve),
            web.get(f"{CHAT}/worker.js", self._private(self.worker)),
            web.get(OFFLINE, self._private(self.offline)),
            web.get(f"{CHAT}/about", self._private(self.about)),
            web.get(f"{CHAT}/stations", self._private(self.nearby)),
            web.get(f"{CHAT}/app", self._private(self.app)),
            web.get(f"{CHAT}/events", self._private(self.events)),
            web.get(f"{CHAT}/history", self._private(self.history)),
            web.get(f"{CHAT}/files/{{file}}", self._private(self.file)),
            web.post(f"{CHAT}/messages", self._private(self.say)),
            web.post(f"{CHAT}/photos", self._private(self.photo)),
            web.post(f"{CHAT}/voices", self._private(self.voice)),
            web.post(f"{CHAT}/presses", self._private(self.press)),
            web.post(f"{CHAT}/push", self._private(self.ring)),
            web.post(f"{CHAT}/push/stop", self._private(self.silence)),
            web.post(f"{CHAT}/stop", self._private(self.stop)),
            web.post(f"{CHAT}/delete", self._private(self.delete)),
        ]

    async def shell(self, request: web.Request) -> web.StreamResponse:
        worker = self.guard.worker(request)
        response = self.assets.page("chat.html", worker=worker, push=self.push.key)
        if worker is None:
            if self.identity.of(request) is None:
                self.guard.within(self.guard.newcomers, request)
            self.identity.greet(request, response, secure=self.guard.secure(request))
        return response

    async def offline(self, request: web.Request) -> web.Response:
        """The page as everybody sees it, to be kept in browsers: no identity, nothing of anybody."""
        return self.assets.page("chat.html", worker=None, push=self.push.key)

    async def worker(self, request: web.Request) -> web.StreamResponse:
        return self.assets.worker(OFFLINE, (await self.offline(request)).text or "")

    async def map(self, request: web.Request) -> web.StreamResponse:
        """Stations for everybody: no identity, nothing kept."""
        return self.assets.page("map.html", chat=CHAT)

    async def about(self, request: web.Request) -> web.StreamResponse:
        """The bot's commands and description."""
        return shown(await self.views.about(await self._bot()))

    async def nearby(self, request: web.Request) -> web.StreamResponse:
        """The stations around `lat` and `lon`, for the map: no part of anybody's conversation."""
        latitude, longitude = (letters.degrees_in(request.query, *each) for each in (("lat", 90), ("lon", 180)))
        return shown({"stations": self.stations(latitude, longitude)})

    async def app(self, request: web.Request) -> web.StreamResponse:
        """Open a Mini App of this server, at the address `path`."""
        path = request.query.get("path", "")
        if not mini_app.is_ours(path):
            raise Unwelcome("not_here", 404)
        person, name = self.guard.person(request), self.shared.words["visitor"]
        data = mini_app.init_data(self.shared.bots.token, person, name, time.time())
        return web.Response(status=302, headers={"Location": mini_app.address(path, data)})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """What changed after an event; waits for it, up to 25 seconds.  Without one: the last messages, at once."""
        person = self.guard.person(request)
        await request.config_dict[PLACES].turn()
        if self.shared.wakeups.closed:  # Whoever stood in line while the process ends: another one answers soon.
            raise Unwelcome("busy", 503, seconds=AGAIN)
        bot = await self._bot()
        state = await self.views.state(bot, person)
        if state is None:
            return shown({"new": True})
        after = letters.number_in(request.query, "after")
        # An event that has not happened yet is another conversation's: the page starts anew.
        if "after" not in request.query or after > state.last_event:
            return shown(await self.views.first(state, person))
        return shown(await news.since(self.shared, self.views, request, bot, person, state, after))

    async def history(self, request: web.Request) -> web.StreamResponse:
        person = self.guard.person(request)
        state = await self.views.state(await self._bot(), person)
        before = letters.number_in(request.query, "before")
        if state is None or before <= 0:
            return shown({"messages": [], "more": False})
        return shown(await self.views.older(state, person, before))

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A file of the person's own conversation."""
        person, file_id = self.guard.person(request), request.match_info["file"]
        if not self.identity.admits(person, file_id, request.query.get("t", "")):
            raise Unwelcome("not_here", 404)
        found = await files.look(self.shared.db, file_id=file_id)
        if found is None:
            raise Unwelcome("not_here", 404)
        try:
            data = await self.shared.files.read(found.name)
        except FileNotFoundError:
            raise Unwelcome("not_here", 404) from None
        mime = found.about.get("mime", "")
        safe = mime if mime in INLINE else "application/octet-stream"
        headers = {"Cache-Control": "private, max-age=86400, immutable", "Content-Security-Policy": "sandbox"}
        if safe != mime:
            name = quote(str(found.about.get("file_name") or "file"), safe="")
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        return web.Response(body=data, content_type=safe, headers=headers)

    async def say(self, request: web.Request) -> web.StreamResponse:
        letter = Letter(await self.guard.posted(request))
        for read in (read_text, read_place, read_contact):
            if (body := read(letter, self.guard.person(request))) is not None:
                key, reply_to = read_key(letter.values.get("key")), letter.number("reply_to")
                bot, person = await self._bot(), self.guard.person(request)
                message = await self.people.say(
                    bot, person, body, key=key, reply_to=reply_to, network=self.guard.network(request)
                )
                return shown({"message": self.views.message(message, person)})
        raise Unwelcome("bad_request")

    async def photo(self, request: web.Request) -> web.StreamResponse:
        """A photo as the request's body; what is said with it, and what it answers, in the address."""
        return await self._upload(request, developed)

    async def voice(self, request: web.Request) -> web.StreamResponse:
        """A voice note as the request's body; `seconds` says how long it is."""
        return await self._upload(request, recorded)

    async def _upload(self, request: web.Request, prepare: Callable[..., Awaitable[Any]]) -> web.StreamResponse:
        person, note = self.guard.person(request), read_note(request.query)
        self.guard.check_origin(request)
        self.guard.within(self.guard.posts, request)
        async with self.people.uploading(person):
            pieces, abouts = await self._prepared(request, prepare)
            return await self._keep(person, pieces, abouts, note, self.guard.network(request))

    async def _prepared(self, request: web.Request, prepare: Callable[..., Awaitable[Any]]) -> Any:
        try:
            data = await forms.whole(request, UPLOAD)
        except web.HTTPRequestEntityTooLarge:
            raise Unwelcome("too_large", 413) from None
        return await prepare(data, request.content_type, letters.number_in(request.query, "seconds"))

    async def _keep(
        self, person: int, pieces: list[bytes], abouts: list[dict[str, Any]], note: FileNote, network: bytes
    ) -> web.StreamResponse:
        kept = [await self.shared.files.keep(piece) for piece in pieces]
        try:
            message = await self.people.send_file(await self._bot(), person, kept, abouts, note, network)
        except BaseException:
            self.shared.files.erase(each.name for each in kept)
            raise
        return shown({"message": self.views.message(message, person)})

    async def press(self, request: web.Request) -> web.StreamResponse:
        letter = Letter(await self.guard.posted(request))
        data = letter.values.get("data")
        if not isinstance(data, str):
            raise Unwelcome("bad_request")
        bot, person, network = await self._bot(), self.guard.person(request), self.guard.network(request)
        return shown({"press": await self.people.press(bot, person, letter.number("message"), data, network)})

    async def stop(self, request: web.Request) -> web.StreamResponse:
        stopped = Letter(await self.guard.posted(request)).values.get("stopped") is True
        await self.people.stop(
            await self._bot(), self.guard.person(request), stopped=stopped, network=self.guard.network(request)
        )
        return shown({"stopped": stopped})

    async def ring(self, request: web.Request) -> web.StreamResponse:
        """Ring this browser while the page is closed: its push subscription, as its own toJSON has it.

        With `renew` it asks to go on being rung, and is told whether it is.
        """
        person, letter = self.guard.person(request), Letter(await self.guard.posted(request))
        if letter.values.get("renew") is True:
            return shown({"rings": await self.push.renew(person, str(letter.values.get("endpoint")))})
        await self.push.keep(person, letter.values)
        return shown({"rings": True})

    async def silence(self, request: web.Request) -> web.StreamResponse:
        letter = Letter(await self.guard.posted(request))
        await self.push.drop(self.guard.person(request), str(letter.values.get("endpoint")))
        return shown({"rings": False})

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Everything goes, the identity too: the page goes on as somebody new, as long as the address may be one."""
        await self.guard.posted(request)
        await self.people.forget(self.guard.person(request))
        response = shown({"deleted": True})
        if self.guard.worker(request) is None:
            try:
                self.guard.within(self.guard.newcomers, request)
                self.identity.write(response, new_person(), secure=self.guard.secure(request))
            except Unwelcome:
                self.identity.forget(response)
        return response

    async def _bot(self) -> Bot:
        return await self.shared.bots.own()

    def _private(self, handler: Handler) -> Handler:
        """Headers for everything personal, and a plain sentence for everything that goes wrong."""

        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                work = handler(request)
                response = await (self.finishing.run(work) if request.method == "POST" else work)
            except Unwelcome as error:
                sentence = self.shared.words[error.key].format(**error.values)
                response = shown({"error": sentence, "why": error.key}, status=error.status)
                if "seconds" in error.values:  # Of what does not pass in a while, nobody is told to wait.
                    response.headers["Retry-After"] = str(error.values["seconds"])
            except Exception as error:
                response = self._failed(request, error)
            for name, value in PRIVATE.items():
                response.headers.setdefault(name, value)
            return response

        return answer

    def _failed(self, request: web.Request, error: Exception) -> web.Response:
        if isinstance(error, web.HTTPException) or is_unreadable(error):
            note(error, request.path)
            status = error.status if isinstance(error, web.HTTPException) else 400
            return shown({"error": self.shared.words["bad_request"], "why": "bad_request"}, status=status)
        if is_down(error):
            logger.warning("chat page: no database", path=request.path, why=type(error).__name__)
        else:
            logger.error("chat page failed", path=request.path, exc_info=error)
        return shown({"error": self.shared.words["trouble"], "why": "trouble"}, status=503)


def shown(body: dict[str, Any], *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
