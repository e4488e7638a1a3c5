"""Signing in by a link: asked for by username, sent to the linked chat, good in the browser that asked.

A GET never uses a link up: robots of mail and chat follow links, and Telegram's own preview once spent one.
"""

import secrets

from aiohttp import web

from bot.console.core.authentication import COOKIE
from bot.console.core.request import Access, RequestContext
from bot.console.core.routes import page
from bot.console.core.targets import remembered
from bot.console.core.user_agent import browser_of
from bot.doors import addresses
from bot.messaging import urls
from bot.services.core import rate_limits
from bot.services.staff import recovery, sessions, sign_in
from bot.services.staff.screen_sign_in import LIFE
from bot.services.staff.sign_in import ASKED, Purpose, SignInState
from bot.store.models import Staff

WANTED = "nuanxin_console_next"  # the cookie with the page that was wanted
ASKING = "nuanxin_console_ask"  # the cookie that ties a link to the browser that asked for it


@page("GET", urls.LOGIN, right=Access.PUBLIC)
async def login(context: RequestContext) -> web.StreamResponse:
    if context.login is not None and context.login.full:
        return context.to(urls.CONSOLE)
    return context.page(
        "staff/login.html", username="", target=remembered(context.http_request.query.get("next", "")), fault=""
    )


@page("POST", urls.LOGIN, right=Access.PUBLIC)
async def ask(context: RequestContext) -> web.StreamResponse:
    """The same answer, by the same work, for every name: who sends the link finds out whose it is."""
    username, target = context.form.get("username", "").strip(), remembered(context.form.get("next", ""))
    browser = context.http_request.cookies.get(ASKING) or secrets.token_urlsafe(32)
    where = addresses.group(context.http_request)
    wait, rows = await sign_in.ask(context.session, username, browser=browser, address=where)
    if wait:
        fault = context.console.layout.words("login.wait", minutes=rate_limits.minutes(wait))
        response = context.page("staff/login.html", status=429, username=username[:64], target=target, fault=fault)
        response.headers["Retry-After"] = str(wait)
        return response
    context.leave(rows)
    knows_again(context, browser, target)
    return context.to(urls.LINK_SENT)


@page("GET", urls.LINK_SENT, right=Access.PUBLIC)
async def sent(context: RequestContext) -> web.Response:
    return context.page("staff/sent.html", minutes=int(ASKED.total_seconds() // 60))


@page("GET", f"{urls.ENTER}/{{token}}", right=Access.PUBLIC)
async def offered(context: RequestContext) -> web.Response:
    """A button, and nothing more."""
    token, browser = context.http_request.match_info["token"], context.http_request.cookies.get(ASKING, "")
    standing = await sign_in.look(context.session, token, browser, demo=context.console.demo)
    return context.page(
        "staff/enter.html", standing=standing.value, status=200 if standing is SignInState.READY else 410
    )


@page("POST", f"{urls.ENTER}/{{token}}", right=Access.PUBLIC)
async def enter(context: RequestContext) -> web.StreamResponse:
    """Use the link up.  Pressed twice, the second press finds somebody signed in and goes on."""
    token, browser = context.http_request.match_info["token"], context.http_request.cookies.get(ASKING, "")
    used = await sign_in.use(context.session, token, browser, demo=context.console.demo)
    if used is None:
        if context.login is not None:
            return context.to(urls.CONSOLE)
        standing = await sign_in.look(context.session, token, browser, demo=context.console.demo)
        return context.page("staff/enter.html", standing=standing.value, status=410)
    person, link = used
    await let_in(context, person, how=link.purpose)
    context.cookie(ASKING, "")
    return goes_on(context, link.target)


@page("POST", urls.LEAVE, right=Access.HALF)
async def leave(context: RequestContext) -> web.StreamResponse:
    """Sign out, here only."""
    await sessions.end(context.session, context.staffer.id, context.by, only=context.signed_in.id)
    context.cookie(COOKIE, "")
    return context.to(urls.LOGIN, said="left")


async def let_in(context: RequestContext, person: Staff, *, how: str) -> None:
    """Begin a session under a new cookie; whatever the old cookie was good for ends."""
    await recovery.settle(context.session, context.by, person)
    old = context.http_request.cookies.get(COOKIE, "")
    shift = how == Purpose.SCREEN  # At their own chat's word this computer is theirs until the shift ends.
    browser = browser_of(context.http_request)
    cookie = await sessions.begin(context.session, person, browser, context.by, how=how, old=old, shift=shift)
    context.cookie(COOKIE, cookie)


def knows_again(context: RequestContext, browser: str, target: str) -> None:
    """Know this browser again, and the page it wanted, as long as any way in is good that it asked for: a link or a code
    on its screen."""
    seconds = int(2 * max(ASKED, LIFE).total_seconds())
    context.cookie(ASKING, browser, seconds=seconds)
    context.cookie(WANTED, target, seconds=seconds)


def goes_on(context: RequestContext, target: str = "") -> web.Response:
    """To the page that this browser wanted when it asked to be let in.  target: as the row of the sign-in has it."""
    wanted = target or remembered(context.http_request.cookies.get(WANTED, ""))
    context.cookie(WANTED, "")
    return context.to(wanted or urls.CONSOLE)
