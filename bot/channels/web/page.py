"""The chat page over HTTP: the shell, its files, and what its script asks."""

import math
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web

from bot import log
from bot.channels.web import files, mini_app, parameters
from bot.channels.web.assets import Assets
from bot.channels.web.bots import Bot
from bot.channels.web.finishing import Finishing
from bot.channels.web.identity import WebIdentity, new_person
from bot.channels.web.letters import Letter, degrees, read_contact, read_key, read_note, read_place, read_text
from bot.channels.web.messages import FileNote
from bot.channels.web.parameters import BODY
from bot.channels.web.people import People, Unwelcome
from bot.channels.web.refusal import ApiRefusal
from bot.channels.web.rules import LONGEST_POLL, UPLOAD
from bot.channels.web.shared import Shared
from bot.channels.web.uploads import developed, recorded
from bot.channels.web.views import ChatState, Views
from bot.channels.web.wakeups import CONVERSATION
from bot.doors import addresses, forms, numbers, origins
from bot.doors.budgets import Budget
from bot.doors.requests import is_unreadable, note
from bot.messaging.urls import CHAT, MAP

logger = log.get(__name__)

WAIT = 25.0  # seconds an idle page's question stays open; proxies cut connections at 30 or 60
MARK = "X-Nuanxin-Chat"  # a header no other site can send without being asked first
PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
INLINE = ("image/jpeg", "image/png", "image/webp", "image/gif", "audio/ogg", "audio/webm", "audio/mp4")
NEWCOMERS = (20, 600.0)  # new identities of one address, and the seconds in which as many come again
POSTS = (60, 60.0)  # what all of one address may send; a station's network has dozens of people behind it
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
        *,
        origin: str,
    ) -> None:
        self.shared, self.people, self.views, self.identity, self.assets = shared, people, views, identity, assets
        self.stations, self.origin = stations, origin
        self.finishing = Finishing()
        self.newcomers, self.posts = Budget(*NEWCOMERS), Budget(*POSTS)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(CHAT, self._private(self.shell)),
            web.get(MAP, self._private(self.map)),
            web.get(f"{CHAT}/static/{{version}}/{{name}}", self.assets.serve),
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
            web.post(f"{CHAT}/stop", self._private(self.stop)),
            web.post(f"{CHAT}/delete", self._private(self.delete)),
        ]

    async def shell(self, request: web.Request) -> web.StreamResponse:
        worker = self._worker(request)
        response = self.assets.page("chat.html", worker=worker)
        if worker is None:
            if self.identity.of(request) is None:
                self._within(self.newcomers, request)
            self.identity.greet(request, response, secure=self._secure(request))
        return response

    async def map(self, request: web.Request) -> web.StreamResponse:
        """Stations for everybody: no identity, nothing kept."""
        return self.assets.page("map.html", chat=CHAT)

    async def about(self, request: web.Request) -> web.StreamResponse:
        """The bot's commands and description."""
        return shown(await self.views.about(await self._bot()))

    async def nearby(self, request: web.Request) -> web.StreamResponse:
        """The stations around `lat` and `lon`, for the map: no part of anybody's conversation."""
        latitude, longitude = (degrees(_decimal(request, name), most) for name, most in (("lat", 90), ("lon", 180)))
        return shown({"stations": self.stations(latitude, longitude)})

    async def app(self, request: web.Request) -> web.StreamResponse:
        """Open a Mini App of this server, at the address `path`."""
        path = request.query.get("path", "")
        if not mini_app.is_ours(path):
            raise Unwelcome("not_here", 404)
        person, name = self._person(request), self.shared.words["visitor"]
        data = mini_app.init_data(self.shared.bots.token, person, name, time.time())
        return web.Response(status=302, headers={"Location": mini_app.address(path, data)})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """What changed after an event; waits for it, up to 25 seconds.  Without one: the last messages, at once."""
        person = self._person(request)
        state = await self.views.state(await self._bot(), person)
        if state is None:
            return shown({"new": True})
        after = _number(request, "after")
        # An event that has not happened yet is another conversation's: the page starts anew.
        if "after" not in request.query or after > state.last_event:
            return shown(await self.views.first(state, person))
        return shown(await self._since(request, state, person, after))

    async def _since(self, request: web.Request, state: ChatState, person: int, after: int) -> dict[str, Any]:
        until = time.monotonic() + min(WAIT, LONGEST_POLL)
        with self.shared.wakeups.listen((CONVERSATION, state.id), seen=after) as listener:
            while True:
                now = await self.views.state(await self._bot(), person) or state
                left = until - time.monotonic()
                gone = request.transport is None or request.transport.is_closing()
                if now.last_event > after or left <= 0 or gone or self.shared.wakeups.closed:
                    return await self.views.since(now, person, after)
                await listener.wait(left)

    async def history(self, request: web.Request) -> web.StreamResponse:
        person = self._person(request)
        state = await self.views.state(await self._bot(), person)
        before = _number(request, "before")
        if state is None or before <= 0:
            return shown({"messages": [], "more": False})
        return shown(await self.views.older(state, person, before))

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A file of the person's own conversation."""
        person, file_id = self._person(request), request.match_info["file"]
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
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{_quoted(found.about)}"
        return web.Response(body=data, content_type=safe, headers=headers)

    async def say(self, request: web.Request) -> web.StreamResponse:
        letter = Letter(await self._posted(request))
        for read in (read_text, read_place, read_contact):
            if (body := read(letter, self._person(request))) is not None:
                key, reply_to = read_key(letter.values.get("key")), letter.number("reply_to")
                bot, person = await self._bot(), self._person(request)
                message = await self.people.say(bot, person, body, key=key, reply_to=reply_to)
                return shown({"message": self.views.message(message, person)})
        raise Unwelcome("bad_request")

    async def photo(self, request: web.Request) -> web.StreamResponse:
        """A photo as the request's body; what is said with it, and what it answers, in the address."""
        return await self._upload(request, developed)

    async def voice(self, request: web.Request) -> web.StreamResponse:
        """A voice note as the request's body; `seconds` says how long it is."""
        return await self._upload(request, recorded)

    async def _upload(self, request: web.Request, prepare: Callable[..., Awaitable[Any]]) -> web.StreamResponse:
        person, note = self._person(request), read_note(request.query)
        self._check_origin(request)
        self._within(self.posts, request)
        async with self.people.uploading(person):
            pieces, abouts = await self._prepared(request, prepare)
            return await self._keep(person, pieces, abouts, note)

    async def _prepared(self, request: web.Request, prepare: Callable[..., Awaitable[Any]]) -> Any:
        try:
            data = await forms.whole(request, UPLOAD)
        except web.HTTPRequestEntityTooLarge:
            raise Unwelcome("too_large", 413) from None
        return await prepare(data, request.content_type, _number(request, "seconds"))

    async def _keep(
        self, person: int, pieces: list[bytes], abouts: list[dict[str, Any]], note: FileNote
    ) -> web.StreamResponse:
        kept = [await self.shared.files.keep(piece) for piece in pieces]
        try:
            message = await self.people.send_file(await self._bot(), person, kept, abouts, note)
        except BaseException:
            self.shared.files.erase(each.name for each in kept)
            raise
        return shown({"message": self.views.message(message, person)})

    async def press(self, request: web.Request) -> web.StreamResponse:
        letter = Letter(await self._posted(request))
        data = letter.values.get("data")
        if not isinstance(data, str):
            raise Unwelcome("bad_request")
        press = await self.people.press(await self._bot(), self._person(request), letter.number("message"), data)
        return shown({"press": press})

    async def stop(self, request: web.Request) -> web.StreamResponse:
        letter = Letter(await self._posted(request))
        stopped = letter.values.get("stopped") is True
        await self.people.stop(await self._bot(), self._person(request), stopped=stopped)
        return shown({"stopped": stopped})

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """Everything goes, the identity too: the page goes on as somebody new."""
        await self._posted(request)
        await self.people.forget(self._person(request))
        response = shown({"deleted": True})
        if self._worker(request) is None:
            self.identity.write(response, new_person(), secure=self._secure(request))
        return response

    def _within(self, budget: Budget, request: web.Request) -> None:
        """Count what an address does, whoever it says it is.  Raises Unwelcome when that is too much."""
        if self.people.messages_a_minute is not None and (wait := budget.spend(request)):
            raise Unwelcome("too_fast", 429, seconds=math.ceil(wait))

    async def _posted(self, request: web.Request) -> dict[str, Any]:
        self._check_origin(request)
        self._within(self.posts, request)
        if request.content_type != "application/json":
            raise Unwelcome("bad_request", 415)
        try:
            return parameters.from_json(await parameters.limited(request, BODY // 16))
        except ApiRefusal as error:
            raise Unwelcome("bad_request", error.code) from None

    def _check_origin(self, request: web.Request) -> None:
        """Only our own page may post: by the browser's word where it gives it, and by a header of ours."""
        ours = origins.is_ours(request, self.origin, spoken=False, sites=("same-origin", "none"))
        if not ours or MARK not in request.headers:
            raise Unwelcome("bad_request", 403)

    def _person(self, request: web.Request) -> int:
        person = self._worker(request) or self.identity.of(request)
        if person is None:
            raise Unwelcome("no_cookie", 401)
        return person

    def _worker(self, request: web.Request) -> int | None:
        """The worker the demo plays, if any."""
        number = request.query.get("as", "")
        worker = numbers.whole(number)
        return worker if worker in self.shared.workers else None

    def _secure(self, request: web.Request) -> bool:
        return addresses.is_https(request) or self.origin.startswith("https:")

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
                if error.status == 429:
                    response.headers["Retry-After"] = str(error.values.get("seconds", 60))
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
        logger.error("chat page failed", path=request.path, exc_info=error)
        return shown({"error": self.shared.words["trouble"], "why": "trouble"}, status=503)


def shown(body: dict[str, Any], *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def _number(request: web.Request, name: str) -> int:
    return numbers.whole(request.query.get(name, "0"), most=2**62) or 0


def _decimal(request: web.Request, name: str) -> float | None:
    try:
        return float(request.query.get(name, ""))
    except ValueError:
        return None


def _quoted(about: dict[str, Any]) -> str:
    return quote(str(about.get("file_name") or "file"), safe="")
