"""Signing in by a link: asked for by username, sent to the linked chat, good in the browser that asked.

A GET never uses a link up: robots of mail and chat follow links, and Telegram's own preview once spent one.
"""

import secrets

from aiohttp import web

from bot.console.core.authentication import COOKIE
from bot.console.core.request import Console, Visit
from bot.console.core.routes import HALF, PUBLIC, ROOT, page
from bot.console.core.security import address_of
from bot.console.core.user_agent import browser_of
from bot.services.core import rate_limits
from bot.services.staff import sessions, sign_in
from bot.services.staff.sign_in import ASKED, Standing
from bot.store.models import Outbox, Staff

ASKING = "nuanxin_console_ask"  # the cookie that ties a link to the browser that asked for it
ENTER = f"{ROOT}/enter/"


@page("GET", f"{ROOT}/login", right=PUBLIC)
async def login(visit: Visit) -> web.StreamResponse:
    if visit.login is not None and visit.login.full:
        return visit.to(ROOT)
    return visit.page("staff/login.html", username="", target=safe(visit.request.query.get("next", "")), fault="")


@page("POST", f"{ROOT}/login", right=PUBLIC)
async def ask(visit: Visit) -> web.StreamResponse:
    """The same answer, by the same work, for every name: who sends the link finds out whose it is."""
    username, target = visit.form.get("username", "").strip(), safe(visit.form.get("next", ""))
    browser = visit.request.cookies.get(ASKING) or secrets.token_urlsafe(32)
    where = address_of(visit.request)
    wait, rows = await sign_in.ask(visit.session, username, browser=browser, address=where, target=target)
    if wait:
        fault = visit.console.layout.words("login.wait", minutes=rate_limits.minutes(wait))
        response = visit.page("staff/login.html", status=429, username=username[:64], target=target, fault=fault)
        response.headers["Retry-After"] = str(wait)
        return response
    visit.leave(rows)
    visit.cookie(ASKING, browser, seconds=int(2 * ASKED.total_seconds()))
    return visit.to(f"{ROOT}/sent")


@page("GET", f"{ROOT}/sent", right=PUBLIC)
async def sent(visit: Visit) -> web.Response:
    return visit.page("staff/sent.html", minutes=int(ASKED.total_seconds() // 60))


@page("GET", f"{ROOT}/enter/{{token}}", right=PUBLIC)
async def offered(visit: Visit) -> web.Response:
    """A button, and nothing more."""
    token, browser = visit.request.match_info["token"], visit.request.cookies.get(ASKING, "")
    standing = await sign_in.look(visit.session, token, browser, demo=visit.console.demo)
    return visit.page("staff/enter.html", standing=standing.value, status=200 if standing is Standing.READY else 410)


@page("POST", f"{ROOT}/enter/{{token}}", right=PUBLIC)
async def enter(visit: Visit) -> web.StreamResponse:
    """Use the link up.  Pressed twice, the second press finds somebody signed in and goes on."""
    token, browser = visit.request.match_info["token"], visit.request.cookies.get(ASKING, "")
    used = await sign_in.use(visit.session, token, browser, demo=visit.console.demo)
    if used is None:
        if visit.login is not None:
            return visit.to(ROOT)
        standing = await sign_in.look(visit.session, token, browser, demo=visit.console.demo)
        return visit.page("staff/enter.html", standing=standing.value, status=410)
    person, link = used
    await let_in(visit, person, how=link.purpose)
    visit.cookie(ASKING, "")
    return visit.to(link.target or ROOT)


@page("POST", f"{ROOT}/leave", right=HALF)
async def leave(visit: Visit) -> web.StreamResponse:
    """Sign out, here only."""
    await sessions.end(visit.session, visit.staffer.id, visit.by, only=visit.signed_in.id)
    visit.cookie(COOKIE, "")
    return visit.to(f"{ROOT}/login", said="left")


async def let_in(visit: Visit, person: Staff, *, how: str) -> None:
    """Begin a session under a new cookie; whatever the old cookie was good for ends."""
    old = visit.request.cookies.get(COOKIE, "")
    cookie = await sessions.begin(visit.session, person, browser_of(visit.request), visit.by, how=how, old=old)
    visit.cookie(COOKIE, cookie)


async def send(console: Console, row: Outbox) -> None:
    """The relay's sender of requests for a link."""
    async with console.db.begin() as session:
        rows = await sign_in.send(session, row, console.library.knowledge.texts, f"{console.base_url}{ENTER}")
    console.relay.deliver(rows)


def safe(target: str) -> str:
    """A page of the console to go on to; "" for an address anywhere else."""
    inside = target.startswith((f"{ROOT}/", f"{ROOT}?")) and "\\" not in target and "//" not in target
    return target[:200] if inside and target.isprintable() else ""
