"""/console/sessions: where one is signed in, and how to end it."""

from aiohttp import web

from bot.console.core.authentication import COOKIE
from bot.console.core.request import Visit
from bot.console.core.routes import ROOT, page
from bot.services.staff import sessions


@page("GET", f"{ROOT}/sessions", right="own.sessions", nav="sessions")
async def listed(visit: Visit) -> web.Response:
    rows = await sessions.live(visit.session, visit.staffer.id)
    return visit.page("staff/sessions.html", rows=rows, mine=visit.signed_in.id, longest=sessions.LONGEST)


@page("POST", f"{ROOT}/sessions/end", right="own.sessions")
async def end(visit: Visit) -> web.Response:
    """End one session; the number of somebody else's ends nothing."""
    await sessions.end(visit.session, visit.staffer.id, visit.by, only=visit.number("session") or 0)
    return visit.to(f"{ROOT}/sessions", said="session_ended")


@page("POST", f"{ROOT}/sessions/end-all", right="own.sessions")
async def end_all(visit: Visit) -> web.Response:
    """Sign out everywhere, here too."""
    await sessions.end(visit.session, visit.staffer.id, visit.by)
    visit.cookie(COOKIE, "")
    return visit.to(f"{ROOT}/login", said="left_everywhere")
