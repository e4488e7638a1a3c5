"""/q/TOKEN: one address that decides by what a token is.  Nothing that says who somebody is."""

from collections.abc import Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Handler
from markupsafe import Markup

from bot.doors.budgets import Budget
from bot.messaging import urls
from bot.public.gate import GatePages
from bot.public.guard import GuardPages
from bot.public.page import HEADERS, page
from bot.services.bookings import attendance, calendar_file, sittings
from bot.services.bookings.sittings import UnknownSitting
from bot.services.core import codes
from bot.services.core.context import ServiceContext
from bot.services.passes import devices, gate, signed
from bot.store.db import Database, is_down

MOST, SECONDS = 60, 60.0  # requests of one address: a hall behind one router scans at the same time


class PublicPages:
    """The public pages of one installation."""

    def __init__(
        self, db: Database, services: Callable[[], ServiceContext], *, telegram: Callable[[], str], web_chat: bool
    ) -> None:
        """telegram: what the bot is called there, "" without it.  web_chat: whether there is one."""
        self.db, self._services, self._budget = db, services, Budget(MOST, SECONDS)
        self._telegram, self._web_chat = telegram, web_chat
        self._gates, self._guards = GatePages(db, services), GuardPages(db, services)

    def routes(self) -> list[web.RouteDef]:
        address, guards = f"{urls.SCANNED}/{{token}}", self._guards
        return [
            *guards.files(),
            web.get(f"{urls.GUARD}/list", self._careful(guards.list)),
            web.post(f"{urls.GUARD}/entries", self._careful(guards.entries)),
            web.get(address, self._careful(self._scanned)),
            web.post(address, self._careful(self._scanned)),
        ]

    def _careful(self, answer: Handler) -> Handler:
        """With what one address may ask, and words for a database that is away."""

        async def answered(request: web.Request) -> web.StreamResponse:
            if wait := self._budget.spend(request):
                return web.Response(status=429, headers={**HEADERS, "Retry-After": str(int(wait) + 1)})
            try:
                return await answer(request)
            except Exception as error:
                if not is_down(error):
                    raise
                return web.Response(status=503, headers={**HEADERS, "Retry-After": "10"})

        return answered

    async def _scanned(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        known = codes.named(token)
        if (rider := signed.looks_like(token)) or (known is not None and known[0] == devices.KIND):
            return await self._gates.answer(request, token, rider=rider)
        if request.method != "GET":
            return self._nothing()
        if known is not None and known[0] == gate.GATE:
            return await self._gate(token)
        if known is not None and known[0] == calendar_file.KIND:
            return await self._calendar(token, known[1])
        if known is not None and known[0] == attendance.KIND:
            return await self._room(token)
        return self._nothing()

    async def _room(self, token: str) -> web.Response:
        """The code of a room leads into the chat, which knows who somebody is; this page does not."""
        async with self.db.read() as session:
            shown = attendance.is_shown(session, token)
        if not shown:
            return self._page("booking.checked_stale", [])
        return self._page("", self._into_chat(token))

    async def _gate(self, token: str) -> web.Response:
        """The code of a gate leads into the chat, too."""
        async with self.db.read() as session:
            found = await gate.gate_of(session, token)
        if found is None:
            return self._nothing()
        return self._page("", self._into_chat(token), title=f"{found[1].name} {found[0].name}")

    def _into_chat(self, token: str) -> Sequence[tuple[str, str]]:
        ways = [("scan.telegram", f"https://t.me/{name}?start=here_{token}")] if (name := self._telegram()) else []
        ways += [("scan.web", f"{urls.CHAT}#here={token}")] if self._web_chat else []
        return ways

    def _page(self, key: str, ways: Sequence[tuple[str, str]], *, title: str = "") -> web.Response:
        """key: of a sentence; "" for none.  ways: buttons with the keys of their labels."""
        say = self._services().knowledge.texts.say
        body = Markup("").join(
            Markup('<a href="{}" rel="noreferrer">{}</a>').format(to, say("zh", way)) for way, to in ways
        )
        told = Markup("<p>{}</p>").format(say("zh", key)) if key else Markup("")
        return page(title or say("zh", "scan.check_in"), told + body, status=410 if key else 200)

    async def _calendar(self, token: str, number: int) -> web.Response:
        async with self.db.read() as session:
            if not codes.holds(session, token):
                return self._nothing()
            try:
                sitting, offering = await sittings.with_offering(session, number)
            except UnknownSitting:
                return self._nothing()
        told = {**HEADERS, "Content-Disposition": f'attachment; filename="{number}.ics"'}
        return web.Response(text=calendar_file.drawn(sitting, offering), content_type="text/calendar", headers=told)

    def _nothing(self) -> web.Response:
        return web.Response(
            status=404, text=self._services().knowledge.texts.say("zh", "scan.nothing"), headers=HEADERS
        )
