"""The second factor: setting it up, giving it at sign-in, giving it again before what is delicate."""

import io

import segno
from aiohttp import web

from bot.console.core.authentication import COOKIE, confirm_page, entered
from bot.console.core.request import Visit
from bot.console.core.routes import HALF, ROOT, page
from bot.console.staff.sign_in import safe
from bot.services.staff import mfa, sessions
from bot.services.staff.permissions import Denied


@page("GET", f"{ROOT}/second", right=HALF)
async def asked(visit: Visit) -> web.StreamResponse:
    """The question for a code, after the link."""
    return _already(visit) or _question(visit, "")


@page("POST", f"{ROOT}/second", right=HALF, live=True)
async def given(visit: Visit) -> web.StreamResponse:
    if (elsewhere := _already(visit)) is not None:
        return elsewhere
    fault = await entered(visit, visit.form.get("code", ""))
    return _question(visit, fault) if fault else visit.to(ROOT)


@page("POST", f"{ROOT}/confirm", right="own.second", live=True)
async def confirm(visit: Visit) -> web.StreamResponse:
    """A fresh code for a page that wants one; then the page itself."""
    fault = await entered(visit, visit.form.get("_code", ""))
    if fault:
        return confirm_page(visit, fault)
    return visit.to(safe(visit.form.get("next", "")) or ROOT)


@page("GET", f"{ROOT}/enrol", right=HALF, writes=True)
async def enrol(visit: Visit) -> web.StreamResponse:
    """A new secret, shown as a picture and as letters; it counts only when a code of it comes back."""
    _check_may_enrol(visit)
    return await _offer(visit, "")


@page("POST", f"{ROOT}/enrol", right=HALF)
async def confirm_enrolment(visit: Visit) -> web.StreamResponse:
    _check_may_enrol(visit)
    login = visit.signed_in
    person = await visit.person()
    secret = login.row.offered or ""
    codes = await mfa.enrol(visit.session, person, secret, visit.form.get("code", ""), visit.by) if secret else []
    if not codes:
        return await _offer(visit, visit.console.layout.words("second.wrong"))
    await sessions.offer(visit.session, login.id, None)
    visit.cookie(COOKIE, await sessions.elevate(visit.session, login.id))
    visit.again = ROOT
    return visit.page("staff/recovery.html", codes=codes)


@page("GET", f"{ROOT}/enrol/picture.svg", right=HALF)
async def picture(visit: Visit) -> web.StreamResponse:
    """The secret as a QR code, drawn for the one session that it was offered to."""
    _check_may_enrol(visit)
    login = visit.signed_in
    if login.row.offered is None:
        raise web.HTTPNotFound
    drawn = io.BytesIO()
    address = mfa.address_of(login.row.offered, login.person.username)
    segno.make(address, error="m").save(drawn, kind="svg", scale=5, border=4, dark="#000", light="#fff")
    return web.Response(body=drawn.getvalue(), content_type="image/svg+xml")


def _already(visit: Visit) -> web.Response | None:
    """Where to go when there is nothing to ask here."""
    if visit.signed_in.full:
        return visit.to(ROOT)
    return None if visit.signed_in.person.totp else visit.to(f"{ROOT}/enrol")


def _check_may_enrol(visit: Visit) -> None:
    """A link alone must not replace a second factor that is there.  Raises Denied."""
    login = visit.signed_in
    if login.person.totp is not None and not (login.full and login.elevated):
        raise Denied("own.second", f"staff:{login.staffer.id}")


async def _offer(visit: Visit, fault: str) -> web.Response:
    """The page to enrol by.  A secret that was offered to this session already stays the same."""
    login = visit.signed_in
    secret = login.row.offered or mfa.new_secret()
    if login.row.offered is None:
        await sessions.offer(visit.session, login.id, secret)
    letters = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return visit.page("staff/enrol.html", status=422 if fault else 200, secret=letters, fault=fault)


def _question(visit: Visit, fault: str) -> web.Response:
    return visit.page("staff/mfa.html", status=422 if fault else 200, fault=fault)
