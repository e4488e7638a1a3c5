"""The gate before every page, in this order: who is it, are they wholly signed in, may they, is the code fresh,
was this form handed in before.  Only then the page runs, in its transaction."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.console.core import errors
from bot.console.core.errors import Failure
from bot.console.core.request import Console, Visit, clean
from bot.console.core.routes import HALF, PUBLIC, ROOT, Handler, Route
from bot.console.core.security import READS, REQUEST_ID, VISIT
from bot.errors import Rejected
from bot.services.core import rate_limits
from bot.services.staff import form_keys, mfa, sessions
from bot.services.staff.permissions import Denied

COOKIE = "nuanxin_console"
KEY_LONGEST = 64  # characters
LARGEST = 12 * 2**20  # bytes of a form with a file
BACKGROUND = "X-Background"  # The page's script asks, not the person.


def gated(console: Console, route: Route, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        visit = Visit(console, request, request[REQUEST_ID], right=route.right)
        request[VISIT] = visit
        await _recognise(visit, route)
        if request.method not in READS:
            await _read(visit)
        try:
            turned = await _turned_away(visit, route)
            return turned if turned is not None else await _run(visit, route, handler)
        finally:
            for each in visit.files.values():
                each.file.close()

    return answer


async def _recognise(visit: Visit, route: Route) -> None:
    cookie = visit.request.cookies.get(COOKIE, "")
    if not cookie or (route.live and route.right == PUBLIC):
        return
    db = visit.console.db
    async with db.read() as session:
        visit.login = await sessions.find(session, cookie)
    # A page that only watches must not keep an abandoned browser signed in.
    watches = route.live or BACKGROUND in visit.request.headers
    if visit.login is not None and not watches and sessions.is_due(visit.login.row):
        async with db.begin() as session:
            await sessions.touch(session, visit.login.id)


async def _read(visit: Visit) -> None:
    """The fields of a form, safe to store, and its files.  Raises HTTPBadRequest."""
    try:
        posted = await _sized(visit).post()
    except (ValueError, LookupError) as error:  # not the encoding it says, or one nobody knows
        raise web.HTTPBadRequest from error
    for name, value in posted.items():
        if isinstance(value, str):
            visit.form.add(clean(name), clean(value))
        elif isinstance(value, web.FileField):
            visit.files[clean(name)] = value


def _sized(visit: Visit) -> web.BaseRequest:
    """The request, which may be larger when somebody signed in sends a file."""
    if visit.login is None or visit.request.content_type != "multipart/form-data":
        return visit.request
    return visit.request.clone(client_max_size=LARGEST)


async def _turned_away(visit: Visit, route: Route) -> web.StreamResponse | None:
    if route.right == PUBLIC:
        return None
    if visit.login is None:
        return _signed_out(visit, route)
    if route.right == HALF:
        return None
    if not visit.login.full:
        return visit.to(f"{ROOT}/second" if visit.login.person.totp else f"{ROOT}/enrol")
    if not visit.staffer.may(route.right):
        raise Denied(route.right)
    if route.fresh and not visit.login.elevated:
        return await _confirm(visit)
    return None


def _signed_out(visit: Visit, route: Route) -> web.StreamResponse:
    if route.live:
        return web.Response(status=401, text="signed out")
    if visit.request.method in READS:
        target = visit.request.path_qs
        return visit.to(f"{ROOT}/login", **({"next": target} if target != ROOT else {}))
    return errors.kept(visit, Failure(401, "signed_out"))


async def _confirm(visit: Visit) -> web.StreamResponse | None:
    """Ask for a fresh code, in the page that carries what was typed; None once a good one came with the form."""
    if visit.login is None or visit.login.person.totp is None:
        return errors.kept(visit, Failure(409, "enrol_first"))
    code = visit.form.get("_code", "")
    fault = await entered(visit, code) if code else ""
    if code and not fault:
        return None
    return confirm_page(visit, fault)


async def entered(visit: Visit, code: str) -> str:
    """Check a code and, if it is good, call the session elevated.  Returns the sentence that says what is wrong."""
    login = visit.signed_in
    async with visit.console.db.begin() as session:
        good, wait = await mfa.check(session, login.staffer.id, code, visit.by)
        cookie = await sessions.elevate(session, login.id) if good else ""
    if good:
        visit.cookie(COOKIE, cookie)
        return ""
    said = visit.console.layout.words
    return said("second.wait", minutes=rate_limits.minutes(wait)) if wait else said("second.wrong")


def confirm_page(visit: Visit, fault: str) -> web.Response:
    """The question for a fresh code.  A form that was sent goes on where it wanted to; a page is looked at again."""
    reads = visit.request.method in READS
    return visit.page(
        "core/confirm.html",
        status=401 if not fault else 422,
        fault=fault,
        action=f"{ROOT}/confirm" if reads else visit.request.path_qs,
        fields=[("next", visit.request.path_qs)] if reads else errors.typed(visit),
        form_key=visit.form.get("_key", ""),
        back=errors.back(visit),
    )


async def _run(visit: Visit, route: Route, handler: Handler) -> web.StreamResponse:
    db = visit.console.db
    if route.live:
        return await handler(visit)
    if not route.writes:
        async with db.read() as visit.transaction:
            return await handler(visit)
    async with db.begin() as visit.transaction:
        response = await _once(visit, handler)
    visit.console.relay.deliver(visit.rows)
    return response


async def _once(visit: Visit, handler: Handler) -> web.StreamResponse:
    """Run a page that changes something; the same form a second time only leads to where the first one led."""
    # What anybody may post, such as the press on a link, is good once by itself.
    if visit.login is None or visit.right == PUBLIC or visit.request.method in READS:
        return await handler(visit)
    key = visit.form.get("_key", "")
    if not 0 < len(key) <= KEY_LONGEST:
        raise Rejected("form.key")
    staff_id = visit.staffer.id
    if (led := await form_keys.claim(visit.session, staff_id, key)) is not None:
        return visit.to(led or ROOT)
    response = await handler(visit)
    await form_keys.settle(visit.session, staff_id, key, response.headers.get("Location") or visit.again)
    return response
