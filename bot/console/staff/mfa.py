"""The second factor: setting it up, giving it at sign-in, giving it again before what is delicate."""

import io

import segno
from aiohttp import web

from bot.console.core.authentication import COOKIE, confirm_page, entered
from bot.console.core.request import Access, RequestContext
from bot.console.core.routes import page
from bot.console.core.targets import remembered, safe
from bot.console.staff import chat_link
from bot.messaging import urls
from bot.services.staff import enrolment, mfa, sessions
from bot.services.staff.permissions import Denied, Right


@page("GET", urls.SECOND, right=Access.HALF)
async def asked(context: RequestContext) -> web.StreamResponse:
    """The question for a code, after the link."""
    return _already(context) or _question(context, "")


@page("POST", urls.SECOND, right=Access.HALF, live=True)
async def given(context: RequestContext) -> web.StreamResponse:
    if (elsewhere := _already(context)) is not None:
        return elsewhere
    fault = await entered(context, context.form.get("code", ""))
    return _question(context, fault) if fault else context.to(_target(context) or urls.CONSOLE)


@page("POST", urls.CONFIRM, right=Right.OWN_SECOND, live=True)
async def confirm(context: RequestContext) -> web.StreamResponse:
    """A fresh code for a page that wants one; then the page itself."""
    fault = await entered(context, context.form.get("_code", ""))
    if fault:
        return confirm_page(context, fault)
    return context.to(safe(context.form.get("next", "")) or urls.CONSOLE)


@page("GET", urls.ENROL, right=Access.HALF, writes=True)
async def enrol(context: RequestContext) -> web.StreamResponse:
    """A chat to link, for who has none; then a new secret, as a picture and as letters, which counts only when a code
    of it comes back."""
    _check_may_enrol(context)
    return await _offer(context, "")


@page("POST", urls.ENROL, right=Access.HALF)
async def confirm_enrolment(context: RequestContext) -> web.StreamResponse:
    _check_may_enrol(context)
    login = context.signed_in
    person = await context.person()
    secret = login.row.offered or ""
    if enrolment.needs_chat(person):
        if await enrolment.chat_of(context.session, person) is None:
            return await _offer(context, "")
        if not await enrolment.is_confirmed(context.session, person, context.form.get("chat_code", "")):
            return await _offer(context, context.console.layout.words("second.chat_wrong"))
    codes = await mfa.enrol(context.session, person, secret, context.form.get("code", ""), context.by) if secret else []
    if not codes:
        return await _offer(context, context.console.layout.words("second.wrong"))
    await enrolment.forget(context.session, person)
    await sessions.offer(context.session, login.id, None)
    context.cookie(COOKIE, await sessions.elevate(context.session, login.id))
    context.again = urls.CONSOLE
    return context.page("staff/recovery.html", codes=codes)


@page("GET", f"{urls.ENROL}/picture.svg", right=Access.HALF)
async def picture(context: RequestContext) -> web.StreamResponse:
    """The secret as a QR code, drawn for the one session that it was offered to."""
    _check_may_enrol(context)
    login = context.signed_in
    if login.row.offered is None:
        raise web.HTTPNotFound
    drawn = io.BytesIO()
    address = mfa.address_of(login.row.offered, login.person.username)
    segno.make(address, error="m").save(drawn, kind="svg", scale=5, border=4, dark="#000", light="#fff")
    return web.Response(body=drawn.getvalue(), content_type="image/svg+xml")


def _already(context: RequestContext) -> web.Response | None:
    """Where to go when there is nothing to ask here."""
    if context.signed_in.full:
        return context.to(urls.CONSOLE)
    return None if context.signed_in.person.totp else context.to(urls.ENROL)


def _check_may_enrol(context: RequestContext) -> None:
    """A link alone must not replace a second factor that is there.  Raises Denied."""
    login = context.signed_in
    if login.person.totp is not None and not (login.full and login.elevated):
        raise Denied(Right.OWN_SECOND, f"staff:{login.staffer.id}")


async def _offer(context: RequestContext, fault: str) -> web.Response:
    """The page to enrol by.  A secret that was offered to this session already stays the same."""
    login = context.signed_in
    asks_chat = enrolment.needs_chat(login.person)
    if asks_chat:
        chat = await enrolment.chat_of(context.session, login.person)
        if chat is None:
            return await _link_first(context)
        context.leave(await enrolment.ask(context.session, context.knowledge.texts, login.person, chat))
    secret = login.row.offered or mfa.new_secret()
    if login.row.offered is None:
        await sessions.offer(context.session, login.id, secret)
    letters = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    status = 422 if fault else 200
    return context.page("staff/enrol.html", status=status, secret=letters, fault=fault, asks_chat=asks_chat)


async def _link_first(context: RequestContext) -> web.Response:
    """Six digits to send to the bot: the chat they come from confirms what follows."""
    code, wait = await chat_link.new_code(context)
    return context.page(
        "staff/enrol_chat.html", status=429 if wait else 200, code=code, fault=wait, minutes=chat_link.MINUTES
    )


def _question(context: RequestContext, fault: str) -> web.Response:
    return context.page("staff/mfa.html", status=422 if fault else 200, fault=fault, target=_target(context))


def _target(context: RequestContext) -> str:
    """The page that was wanted before the code; "" for none."""
    return remembered(context.form.get("next") or context.http_request.query.get("next", ""))
