"""What a guard's phone has of its own, to go on without a network: a page, a worker, a list, and where entries go."""

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files

import orjson
from aiohttp import web
from markupsafe import Markup

from bot.doors import forms, origins
from bot.messaging import urls
from bot.public.page import HEADERS, page
from bot.services.core.context import ServiceContext
from bot.services.passes import devices, offline
from bot.services.passes.gate import REASONS, Verdict
from bot.services.passes.offline import KeptEntry
from bot.store.db import Database

COOKIE = "nuanxin_gate"
LARGEST = 20_000  # bytes of what is handed in at once
SCRIPTS = ("codes", "page")
_OWN = ("offline", "shown", "ready", "unable", "waits", "over", "minutes", "hours", "just_now", "until", "list_old")
WORDS = (*_OWN, "list_old_about", "no_list", "no_list_about", "noted_let_in", "noted_turned_away", *map(str, Verdict))

Say = Callable[..., str]


@cache
def _file(name: str) -> bytes:
    return files("bot.public").joinpath(f"guard_{name}.js").read_bytes()


def _address(name: str) -> str:
    """Another one for another content: a phone keeps them."""
    return f"{urls.GUARD}/{name}.js?{hashlib.blake2b(_file(name), digest_size=6).hexdigest()}"


def buttons(say: Say, *, hidden: bool = False) -> Markup:
    """What a guard taps.  hidden: until there is something to decide."""
    choices = Markup("").join(
        Markup('<option value="{}">{}</option>').format(each, say("zh", f"gate.why_{each}")) for each in REASONS
    )
    return Markup(
        '<form method=post{0}><button class="yes" name=decision value=let_in>{1}</button></form>'
        '<form method=post{0}><label for="why">{2}</label><select id="why" name="why">{3}</select>'
        "<button name=decision value=turned_away>{4}</button></form>"
    ).format(
        Markup(" hidden") if hidden else "",
        say("zh", "gate.let_in"),
        say("zh", "gate.why"),
        choices,
        say("zh", "gate.turn_away"),
    )


def kit(say: Say, *, alone: bool = False) -> Markup:
    """What makes a page go on without a network.  alone: it stands for any code, and checks it itself."""
    hours = int(offline.LIST_GOOD.total_seconds()) // 3600
    blanks = {"age": "{age}", "n": "{n}", "day": "{day}", "hours": hours}
    says = {key: say("zh", f"gate.{key}", **blanks) for key in WORDS}
    scripts = Markup("").join(Markup('<script src="{}" defer></script>').format(_address(each)) for each in SCRIPTS)
    told = Markup('<p class="soft" id="guard" role="status" data-says="{}" data-base="{}" data-scope="{}"{}></p>')
    return (
        told.format(orjson.dumps(says).decode(), urls.GUARD, f"{urls.SCANNED}/", Markup(" data-alone") if alone else "")
        + scripts
    )


class GuardPages:
    """What the phones of guards keep, and what they hand in."""

    def __init__(self, db: Database, services: Callable[[], ServiceContext]) -> None:
        self.db, self._services = db, services

    def files(self) -> list[web.RouteDef]:
        """What everybody gets alike."""
        return [web.get(urls.GUARD, self.alone), web.get(f"{urls.GUARD}/{{name}}.js", self.script)]

    def _page(self) -> web.Response:
        say = self._services().knowledge.texts.say
        about = Markup("<div id=told><p>{}</p></div>").format(say("zh", "gate.home"))
        return page(
            say("zh", "gate.title"), about + buttons(say, hidden=True) + kit(say, alone=True), posts=True, scripts=True
        )

    async def alone(self, _request: web.Request) -> web.Response:
        """The page that a phone keeps; whose it is only the phone knows."""
        return self._page()

    async def script(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in (*SCRIPTS, "worker"):
            raise web.HTTPNotFound
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        body = _file(name)
        if name == "worker":
            headers["Service-Worker-Allowed"] = f"{urls.SCANNED}/"
            body = b"self.SHELL = %b;\n%b" % (self._shell(), body)
        return web.Response(body=body, content_type="application/javascript", charset="utf-8", headers=headers)

    def _shell(self) -> bytes:
        """What the worker keeps, with a version that changes with any of it."""
        kept = (self._page().text or "").encode() + b"".join(map(_file, (*SCRIPTS, "worker")))
        version = hashlib.blake2b(kept, digest_size=6).hexdigest()
        known = {
            "version": version,
            "page": urls.GUARD,
            "files": [*map(_address, SCRIPTS)],
            "codes": f"{urls.SCANNED}/p",
        }
        return orjson.dumps(known)

    async def list(self, request: web.Request) -> web.Response:
        """Keys and stopped passes, for a phone that is a gate's."""
        async with self.db.read() as session:
            found = await devices.by_cookie(session, request.cookies.get(COOKIE, ""))
            if found is None:
                raise web.HTTPGone
            told = await offline.sheet(session, found)
        return _json(told)

    async def entries(self, request: web.Request) -> web.Response:
        """What a phone did alone; what no page of ours kept is left out."""
        if not origins.is_ours(request, self._services().base_url, spoken=False):
            raise web.HTTPForbidden
        try:
            given = orjson.loads(await forms.whole(request, LARGEST))
        except orjson.JSONDecodeError:
            raise web.HTTPBadRequest from None
        if not isinstance(given, list) or len(given) > offline.MOST:
            raise web.HTTPBadRequest
        kept = [each for each in map(KeptEntry.read, given) if each is not None]
        async with self.db.begin() as session:
            found = await devices.by_cookie(session, request.cookies.get(COOKIE, ""))
            if found is None:
                raise web.HTTPGone
            new = await offline.take(session, found, kept)
        return _json({"new": new})


def _json(value: object) -> web.Response:
    body = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    return web.Response(body=body, content_type="application/json", headers=HEADERS)
