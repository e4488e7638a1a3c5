"""Signing in by the phone: this screen shows a code and a number, the linked chat sends the one and picks the other."""

import io
import secrets

import segno
from aiohttp import web

from bot.console.core.request import Access, RequestContext
from bot.console.core.routes import page
from bot.console.core.targets import remembered
from bot.console.core.user_agent import browser_of
from bot.console.staff.sign_in import ASKING, goes_on, knows_again, let_in
from bot.doors import addresses
from bot.messaging import urls
from bot.services.core import rate_limits
from bot.services.staff import screen_sign_in
from bot.services.staff.screen_sign_in import LIFE, ScreenState, state_of
from bot.services.staff.sign_in import Purpose
from bot.store.models import Channel, ScreenSignIn


@page("POST", urls.SCREEN, right=Access.PUBLIC)
async def ask(context: RequestContext) -> web.StreamResponse:
    """A code for this browser.  Only a press makes one: whoever just looks at the page leaves nothing behind."""
    browser = context.http_request.cookies.get(ASKING) or secrets.token_urlsafe(32)
    target = remembered(context.form.get("next", ""))
    where, address = browser_of(context.http_request), addresses.group(context.http_request)
    wait = await screen_sign_in.begin(context.session, browser=browser, place=where, address=address)
    if wait:
        fault = context.console.layout.words("login.wait", minutes=rate_limits.minutes(wait))
        response = context.page("staff/login.html", status=429, username="", target=target, fault=fault)
        response.headers["Retry-After"] = str(wait)
        return response
    knows_again(context, browser, target)
    return context.to(urls.SCREEN)


@page("GET", urls.SCREEN, right=Access.PUBLIC)
async def shown(context: RequestContext) -> web.StreamResponse:
    if context.login is not None and context.login.full:
        return context.to(urls.CONSOLE)
    row = await _row(context)
    ways = _ways(context, row) if row is not None and state_of(row) is ScreenState.SHOWN else {}
    minutes = int(LIFE.total_seconds() // 60)
    return context.page("staff/screen.html", state=state_of(row), row=row, ways=ways, minutes=minutes)


@page("GET", f"{urls.SCREEN}/state", right=Access.PUBLIC)
async def state(context: RequestContext) -> web.StreamResponse:
    """How the code of this browser stands, for the page to look every other second."""
    return web.Response(text=state_of(await _row(context)))


@page("GET", f"{urls.SCREEN}/picture.svg", right=Access.PUBLIC)
async def picture(context: RequestContext) -> web.StreamResponse:
    """The link into a channel as a QR code, for the browser that asked."""
    row = await _row(context)
    link = _ways(context, row).get(context.http_request.query.get("in", "")) if row is not None else None
    if link is None or state_of(row) is not ScreenState.SHOWN:
        raise web.HTTPNotFound
    drawn = io.BytesIO()
    segno.make(link, error="m").save(drawn, kind="svg", scale=5, border=4, dark="#000", light="#fff")
    return web.Response(body=drawn.getvalue(), content_type="image/svg+xml")


@page("POST", f"{urls.SCREEN}/enter", right=Access.PUBLIC)
async def enter(context: RequestContext) -> web.StreamResponse:
    """Go in, once the chat agreed; the second factor is still asked for."""
    used = await screen_sign_in.use(context.session, context.http_request.cookies.get(ASKING, ""))
    if used is None:
        return context.to(urls.CONSOLE if context.login is not None else urls.SCREEN)
    person, target = used
    await let_in(context, person, how=Purpose.SCREEN)
    context.cookie(ASKING, "")
    return goes_on(context, target)


async def _row(context: RequestContext) -> ScreenSignIn | None:
    return await screen_sign_in.of_browser(context.session, context.http_request.cookies.get(ASKING, ""))


def _ways(context: RequestContext, row: ScreenSignIn) -> dict[str, str]:
    """Where the code leads, by channel: into Telegram, which sends it, or to the chat page, which has it typed already."""
    console = context.console
    telegram = console.library.telegram_name
    ways = {Channel.TELEGRAM: f"https://t.me/{telegram}?start=staff_{row.code}"} if telegram else {}
    if Channel.WEB in console.tokens:
        ways[Channel.WEB] = f"{console.base_url}{urls.CHAT}#staff={row.code}"
    return {str(channel): link for channel, link in ways.items()}
