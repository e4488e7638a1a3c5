"""/q/TOKEN: one address that decides by what a token is.  No cookie, no script, nothing that says who somebody is."""

import base64
import hashlib
from collections.abc import Callable, Sequence

from aiohttp import web
from markupsafe import Markup

from bot.doors.budgets import Budget
from bot.messaging import urls
from bot.services.bookings import attendance, calendar_file, sittings
from bot.services.bookings.sittings import UnknownSitting
from bot.services.core import codes
from bot.services.core.context import ServiceContext
from bot.store.db import Database, is_down

MOST, SECONDS = 60, 60.0  # requests of one address: a hall behind one router scans at the same time
STYLE = """:root { color-scheme: light dark }
body { margin: 0 auto; padding: 2rem 1rem; max-width: 30rem; font: 1.125rem/1.6 system-ui, sans-serif }
a { display: block; margin: 1rem 0; padding: .9rem; border: 2px solid; border-radius: .75rem; text-align: center; color: inherit; text-decoration: none; font-weight: 600 }"""
PAGE = Markup("""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1>{body}</main></body></html>
""")
_ALLOWED = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_ALLOWED}'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class PublicPages:
    """The public pages of one installation."""

    def __init__(
        self, db: Database, services: Callable[[], ServiceContext], *, telegram: Callable[[], str], web_chat: bool
    ) -> None:
        """telegram: what the bot is called there, "" without it.  web_chat: whether there is one."""
        self.db, self._services, self._budget = db, services, Budget(MOST, SECONDS)
        self._telegram, self._web_chat = telegram, web_chat

    def routes(self) -> list[web.RouteDef]:
        return [web.get(f"{urls.SCANNED}/{{token}}", self.scanned)]

    async def scanned(self, request: web.Request) -> web.Response:
        if wait := self._budget.spend(request):
            return web.Response(status=429, headers={**HEADERS, "Retry-After": str(int(wait) + 1)})
        try:
            return await self._answer(request.match_info["token"])
        except Exception as error:
            if not is_down(error):
                raise
            return web.Response(status=503, headers={**HEADERS, "Retry-After": "10"})

    async def _answer(self, token: str) -> web.Response:
        known = codes.named(token)
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
        ways = [("scan.telegram", f"https://t.me/{name}?start=here_{token}")] if (name := self._telegram()) else []
        ways += [("scan.web", f"{urls.CHAT}#here={token}")] if self._web_chat else []
        return self._page("", ways)

    def _page(self, key: str, ways: Sequence[tuple[str, str]]) -> web.Response:
        """key: of a sentence; "" for none.  ways: buttons with the keys of their labels."""
        say = self._services().knowledge.texts.say
        body = Markup("").join(
            Markup('<a href="{}" rel="noreferrer">{}</a>').format(to, say("zh", way)) for way, to in ways
        )
        told = Markup("<p>{}</p>").format(say("zh", key)) if key else Markup("")
        text = PAGE.format(title=say("zh", "scan.check_in"), style=Markup(STYLE), body=told + body)  # noqa: S704
        return web.Response(text=text, content_type="text/html", headers=HEADERS, status=410 if key else 200)

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
