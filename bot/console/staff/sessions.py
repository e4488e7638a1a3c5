"""/console/sessions: where one is signed in, and how to end it."""

from aiohttp import web

from bot.console.core.authentication import COOKIE
from bot.console.core.request import RequestContext
from bot.console.core.routes import ROOT, page
from bot.services.staff import sessions
from bot.services.staff.permissions import Right


@page("GET", f"{ROOT}/sessions", right=Right.OWN_SESSIONS, nav="sessions")
async def listed(context: RequestContext) -> web.Response:
    rows = await sessions.live(context.session, context.staffer.id)
    return context.page("staff/sessions.html", rows=rows, mine=context.signed_in.id, longest=sessions.LONGEST)


@page("POST", f"{ROOT}/sessions/end", right=Right.OWN_SESSIONS)
async def end(context: RequestContext) -> web.Response:
    """End one session; the number of somebody else's ends nothing."""
    await sessions.end(context.session, context.staffer.id, context.by, only=context.number("session") or 0)
    return context.to(f"{ROOT}/sessions", said="session_ended")


@page("POST", f"{ROOT}/sessions/end-all", right=Right.OWN_SESSIONS)
async def end_all(context: RequestContext) -> web.Response:
    """Sign out everywhere, here too."""
    await sessions.end(context.session, context.staffer.id, context.by)
    context.cookie(COOKIE, "")
    return context.to(f"{ROOT}/login", said="left_everywhere")
