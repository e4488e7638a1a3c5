"""What holds for every answer of the console: headers, same-origin writes, a plain page for everything that fails."""

import secrets
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.console.core import errors
from bot.console.core.request import Console, RequestContext, clean
from bot.doors import addresses, origins
from bot.doors.refusals import Refusals
from bot.messaging import urls
from bot.services.staff import audit
from bot.services.staff.audit import By
from bot.services.staff.permissions import Denied

REQUEST_ID = web.RequestKey("console_request_id", str)
VISIT = web.RequestKey("console_visit", RequestContext)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{tiles}; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": with that, browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
HSTS = "max-age=31536000; includeSubDomains"
READS = ("GET", "HEAD")
Signal = Callable[[web.Request, web.StreamResponse], Awaitable[None]]
LONGEST_SUBJECT = 64  # characters, as the audit keeps it


class Foreign(Denied):
    """A page of somebody else posted."""

    why = "origin"


def shield(console: Console) -> Middleware:
    strangers = Refusals()

    @web.middleware
    async def protect(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[REQUEST_ID] = secrets.token_hex(8)
        with structlog.contextvars.bound_contextvars(request=request[REQUEST_ID]):
            try:
                check_origin(console, request)
                response = await handler(request)
            except Exception as error:
                context = request.get(VISIT) or RequestContext(console, request, request[REQUEST_ID])
                response = await _failed(context, error, strangers)
            return _with_cookies(request, response)

    return protect


async def _failed(context: RequestContext, error: Exception, strangers: Refusals) -> web.StreamResponse:
    if isinstance(error, Denied):
        try:
            await _note(context, error, strangers)
        except Exception as failure:  # What cannot be written down is not answered as if it were.
            error = failure
    return errors.page(context, error)


async def _note(context: RequestContext, error: Denied, strangers: Refusals) -> None:
    """Write a refusal down; of those of strangers a row in ten minutes, with their number."""
    count = 1 if context.login else strangers.count(error.action)
    if not count:
        return
    more = {"count": count} if count > 1 else {}
    staff_id = context.login.staffer.id if context.login else None
    subject = clean(error.subject)[:LONGEST_SUBJECT]  # It may be whatever stood in the address.
    async with context.console.db.begin() as session:
        await audit.note(session, By(staff_id, "", context.request_id), error.action, subject, denied=True, **more)


def _with_cookies(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """An answer with the cookies of the visit; later it is too late: aiohttp has written them by then."""
    context = request.get(VISIT)
    if context is None:
        return response
    for name, (value, seconds) in context.cookies.items():
        if value:
            secure = is_secure(context.console, request)
            response.set_cookie(
                name, value, max_age=seconds, path=urls.CONSOLE, httponly=True, samesite="Lax", secure=secure
            )
        else:
            response.del_cookie(name, path=urls.CONSOLE)
    return response


def security_headers(console: Console) -> Signal:
    """What gives each answer its headers, just before it leaves."""
    policy = POLICY.format(tiles=console.tiles.sources)

    async def give(request: web.Request, response: web.StreamResponse) -> None:
        for name, value in {"Content-Security-Policy": policy, **HEADERS}.items():
            response.headers.setdefault(name, value)
        context = request.get(VISIT)
        if context is None:
            return
        response.headers.setdefault("X-Request-Id", context.request_id)
        if is_secure(console, request):
            response.headers.setdefault("Strict-Transport-Security", HSTS)

    return give


def check_origin(console: Console, request: web.Request) -> None:
    """Only our own pages may post, by the word of the browser, which all browsers give.  Raises Denied."""
    if request.method not in READS and not origins.is_ours(request, console.base_url, spoken=True):
        raise Foreign("origin")


def is_secure(console: Console, request: web.Request) -> bool:
    return console.secure or addresses.is_https(request)
