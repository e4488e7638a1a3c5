"""A guard's phone: what it shows when it has scanned a rider, and how it is enrolled.  No account; it needs no script.

A camera opens the address in the browser, whose cookie says which gate this is; anybody else's browser learns nothing.
"""

from collections.abc import Callable

from aiohttp import web
from markupsafe import Markup

from bot.doors import forms, origins
from bot.messaging import urls
from bot.public.guard import COOKIE, buttons, kit
from bot.public.page import page
from bot.services.core.context import ServiceContext
from bot.services.core.working_days import ZONE, shown
from bot.services.passes import devices, gate
from bot.services.passes.devices import AtGate
from bot.services.passes.gate import REASONS, Decision, Look, Verdict
from bot.store.db import Database
from bot.store.models import now

LIMITS = forms.Limits(total=2_000, fields=4)  # bytes, fields
YEAR = 366 * 24 * 3600  # seconds


class GatePages:
    """The pages of guards' phones."""

    def __init__(self, db: Database, services: Callable[[], ServiceContext]) -> None:
        self.db, self._services = db, services

    async def answer(self, request: web.Request, token: str, *, rider: bool) -> web.Response:
        """rider: whether this is a rider's code, and not a link that enrols a phone."""
        posts = request.method == "POST"
        if posts and not origins.is_ours(request, self._services().base_url, spoken=False):
            raise web.HTTPForbidden
        if rider:
            return await (self._decide(request, token) if posts else self._scan(request, token))
        return await (self._enrol(token) if posts else self._invite(token))

    async def _invite(self, token: str) -> web.Response:
        async with self.db.read() as session:
            found = await devices.invited(session, token)
        if found is None:
            return self._told("gate.link_over", status=410)
        body = Markup("<p>{}</p><form method=post><button>{}</button></form>")
        return page(_where(found), body.format(self._say("gate.enrol_about"), self._say("gate.enrol")), posts=True)

    async def _enrol(self, token: str) -> web.Response:
        async with self.db.begin() as session:
            found = await devices.invited(session, token)
            cookie = await devices.enrol(session, found[0]) if found is not None else None
        if cookie is None:
            return self._told("gate.link_over", status=410)
        response = self._told("gate.enrolled", guard=True)
        secure = self._services().base_url.startswith("https:")
        response.set_cookie(
            COOKIE, cookie, max_age=YEAR, httponly=True, samesite="Lax", secure=secure, path=urls.SCANNED
        )
        return response

    async def _scan(self, request: web.Request, token: str) -> web.Response:
        async with self.db.read() as session:
            found = await devices.by_cookie(session, request.cookies.get(COOKIE, ""))
            if found is None:
                return self._told("gate.for_guards", guard=COOKIE in request.cookies)  # It forgets that it was one.
            look, _ = await gate.scan(session, found[2], token)
            colour = gate.colour(session)
        good = look.verdict is Verdict.OK
        say = self._services().knowledge.texts.say
        body = Markup("<div id=told>{}</div>").format(self._lines(found, look, colour)) + buttons(say) + kit(say)
        return page(self._say(f"gate.{look.verdict}"), body, look="ok" if good else "no", posts=True, scripts=True)

    async def _decide(self, request: web.Request, token: str) -> web.Response:
        """Let in, or not; once for a pass at this gate, however often it is tapped."""
        said = (await forms.read(request, LIMITS)).fields
        decision, why = said.get("decision", ""), said.get("why", "")
        if decision not in set(Decision) or (why and why not in REASONS):
            return self._told("scan.nothing", status=422)
        async with self.db.begin() as session:
            found = await devices.by_cookie(session, request.cookies.get(COOKIE, ""))
            if found is None:
                return self._told("gate.for_guards")
            device, at, compound = found
            _, row = await gate.scan(session, compound, token, turns=gate.DECIDED)
            turned = decision == Decision.TURNED_AWAY
            await gate.note(session, at.id, row.key if row is not None else None, decision, why if turned else "")
            device.last_seen = now()
        return self._told(f"gate.noted_{decision}")

    def _lines(self, found: AtGate, look: Look, colour: str) -> Markup:
        platform = self._services().knowledge.grid.platforms.get(look.platform, look.platform)
        until = self._say("gate.until", day=f"{shown(look.until):%Y-%m-%d}") if look.until is not None else ""
        lines = (" ".join(each for each in (look.who, platform) if each), until)
        clock = f"{colour} {_where(found)} {now().astimezone(ZONE):%H:%M:%S}"
        return Markup("").join(Markup("<p>{}</p>").format(line) for line in (*lines, clock) if line)

    def _told(self, key: str, *, status: int = 200, guard: bool = False) -> web.Response:
        body = kit(self._services().knowledge.texts.say) if guard else Markup("")
        return page(self._say(key), body, status=status, posts=guard, scripts=guard)

    def _say(self, key: str, **values: object) -> str:
        return self._services().knowledge.texts.say("zh", key, **values)


def _where(found: AtGate) -> str:
    return f"{found[2].name} {found[1].name}"
