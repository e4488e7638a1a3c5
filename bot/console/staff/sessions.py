"""/console/sessions: where one is signed in, and how to end it."""

from aiohttp import web

from bot.console.core.authentication import COOKIE
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.messaging import urls
from bot.services.staff import sessions
from bot.services.staff.permissions import Right


@page("GET", urls.SESSIONS, right=Right.OWN_SESSIONS, nav="sessions")
async def listed(context: RequestContext) -> web.Response:
    rows = await sessions.live(context.session, context.staffer.id)
    return context.page(
        "staff/sessions.html", rows=rows, mine=context.signed_in.id, longest=sessions.LONGEST, shift=sessions.SHIFT
    )


@page("POST", f"{urls.SESSIONS}/end", right=Right.OWN_SESSIONS)
async def end(context: RequestContext) -> web.Response:
    """End one session; the number of somebody else's ends nothing."""
    await sessions.end(context.session, context.staffer.id, context.by, only=context.number("session") or 0)
    return context.to(urls.SESSIONS, said="session_ended")


@page("POST", f"{urls.SESSIONS}/end-all", right=Right.OWN_SESSIONS)
async def end_all(context: RequestContext) -> web.Response:
    """Sign out everywhere, here too."""
    await sessions.end(context.session, context.staffer.id, context.by)
    context.cookie(COOKIE, "")
    return context.to(urls.LOGIN, said="left_everywhere")
