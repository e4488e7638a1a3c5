"""The gate before every page, in this order: who is it, are they wholly signed in, may they, is the code fresh,
was this form handed in before.  Only then the page runs, in its transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from aiohttp import web
from yarl import URL

from bot.console.core import errors
from bot.console.core.errors import Failure
from bot.console.core.request import Access, Console, RequestContext, clean
from bot.console.core.routes import Handler, Route
from bot.console.core.security import READS, REQUEST_ID, VISIT
from bot.console.core.targets import remembered
from bot.doors import forms
from bot.doors.forms import Limits
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.core import rate_limits
from bot.services.staff import form_keys, mfa, sessions
from bot.services.staff.permissions import Denied

COOKIE = "nuanxin_console"
KEY_LONGEST = 64  # characters
LED_LONGEST = 300  # characters, as the row of a form keeps where it led
STRANGERS = Limits(total=2**18, fields=500)  # also of somebody whose session is over: their text must not be lost
OURS = Limits(total=2**20)
WITH_FILE = Limits(total=12 * 2**20, file=12 * 2**20, fields=200)
BACKGROUND = "X-Background"  # The page's script asks, not the person.


def authenticated(
    console: Console, route: Route, handler: Handler
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        context = RequestContext(console, request, request[REQUEST_ID], access=route.right)
        request[VISIT] = context
        await _recognise(context, route)
        if request.method not in READS:
            await _read(context)
        turned = await _turned_away(context, route)
        return turned if turned is not None else await _run(context, route, handler)

    return answer


async def _recognise(context: RequestContext, route: Route) -> None:
    cookie = context.http_request.cookies.get(COOKIE, "")
    if not cookie or (route.live and route.right is Access.PUBLIC):
        return
    db = context.console.db
    async with db.read() as session:
        context.login = await sessions.find(session, cookie)
    # A page that only watches must not keep an abandoned browser signed in.
    watches = route.live or BACKGROUND in context.http_request.headers
    if context.login is not None and not watches and sessions.is_due(context.login.row):
        async with db.begin() as session:
            await sessions.touch(session, context.login.id)


async def _read(context: RequestContext) -> None:
    """The fields of a form, safe to store, and its files.  Raises HTTPException."""
    posted = await forms.read(context.http_request, _limits(context))
    for name, value in posted.fields.items():
        context.form.add(clean(name), clean(value))
    for name, file in posted.files.items():
        context.files[clean(name)] = replace(file, name=clean(file.name))


def _limits(context: RequestContext) -> Limits:
    """How much may come: the least from a stranger, the most when somebody signed in sends a file."""
    if context.login is None:
        return STRANGERS
    return WITH_FILE if context.http_request.content_type == forms.MULTIPART else OURS


async def _turned_away(context: RequestContext, route: Route) -> web.StreamResponse | None:
    if route.right is Access.PUBLIC:
        return None
    if context.login is None:
        return _signed_out(context, route)
    if route.right is Access.HALF:
        return None
    if not context.login.full:
        if context.login.person.totp is None:
            return context.to(urls.ENROL)
        return context.to(urls.SECOND, **({} if route.live else _wanted(context)))
    if not context.staffer.may(route.right):
        raise Denied(route.right)
    wants_code = route.fresh(context) if callable(route.fresh) else route.fresh
    if wants_code and not context.login.elevated:
        return await _confirm(context)
    return None


def _signed_out(context: RequestContext, route: Route) -> web.StreamResponse:
    if route.live:
        return web.Response(status=401, text="signed out")
    if context.http_request.method in READS:
        return context.to(urls.LOGIN, **_wanted(context))
    return errors.kept(context, Failure(401, "signed_out"))


def _wanted(context: RequestContext) -> dict[str, str]:
    """The page that is asked for, for the way in to lead there afterwards; the home page needs no word."""
    reads, target = context.http_request.method in READS, remembered(context.http_request.path_qs)
    return {"next": target} if reads and target not in ("", urls.CONSOLE) else {}


async def _confirm(context: RequestContext) -> web.StreamResponse | None:
    """Ask for a fresh code, in the page that carries what was typed; None once a good one came with the form."""
    if context.login is None or context.login.person.totp is None:
        return errors.kept(context, Failure(409, "enrol_first"))
    code = context.form.get("_code", "")
    fault = await entered(context, code) if code else ""
    if code and not fault:
        return None
    return confirm_page(context, fault)


async def entered(context: RequestContext, code: str) -> str:
    """Check a code and, if it is good, call the session elevated.  Returns the sentence that says what is wrong."""
    login = context.signed_in
    async with context.console.db.begin() as session:
        good, wait = await mfa.check(session, login.staffer.id, code, context.by)
        cookie = await sessions.elevate(session, login.id) if good else ""
    if good:
        context.cookie(COOKIE, cookie)
        return ""
    said = context.console.layout.words
    return said("second.wait", minutes=rate_limits.minutes(wait)) if wait else said("second.wrong")


def confirm_page(context: RequestContext, fault: str) -> web.Response:
    """The question for a fresh code.  A form that was sent goes on where it wanted to; a page is looked at again."""
    reads = context.http_request.method in READS
    return context.page(
        "core/confirm.html",
        status=401 if not fault else 422,
        fault=fault,
        action=urls.CONFIRM if reads else context.http_request.path_qs,
        fields=[("next", context.http_request.path_qs)] if reads else errors.typed(context),
        form_key=context.form.get("_key", ""),
        back=errors.back(context),
    )


async def _run(context: RequestContext, route: Route, handler: Handler) -> web.StreamResponse:
    db = context.console.db
    if route.live:
        return await handler(context)
    if not route.writes:
        async with db.read() as context.transaction:
            return await handler(context)
    if route.prepare is not None:
        context.prepared = await route.prepare(context)
    async with db.begin() as context.transaction:
        response = await _once(context, handler)
    context.console.relay.deliver(context.rows)
    return response


async def _once(context: RequestContext, handler: Handler) -> web.StreamResponse:
    """Run a page that changes something; the same form a second time only leads to where the first one led."""
    # What anybody may post, such as the press on a link, is good once by itself.
    if context.login is None or context.access is Access.PUBLIC or context.http_request.method in READS:
        return await handler(context)
    key = context.form.get("_key", "")
    if not 0 < len(key) <= KEY_LONGEST:
        raise Rejected("form.key")
    staff_id = context.staffer.id
    if (led := await form_keys.claim(context.session, staff_id, key)) is not None:
        return context.to(led or urls.CONSOLE)
    response = await handler(context)
    led = response.headers.get("Location") or context.again
    # Without its query where it does not fit: half of one would ask for something else.
    await form_keys.settle(context.session, staff_id, key, led if len(led) <= LED_LONGEST else URL(led).path)
    return response
