"""/console/events: server-sent events.  Pages name topics, and are told when one of them changed.

The rows are the source: each connection looks once a second, so it does not matter which process wrote them.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import ROOT, TOPICS, Topic, page
from bot.services.staff import sessions
from bot.services.staff.permissions import Denied
from bot.store.db import is_down

LOOK = 1.0  # seconds between two looks at the rows
BEAT = 15.0  # seconds after which a line without meaning keeps proxies from cutting the connection
MOST = 8  # topics of one page
Wanted = Mapping[str, Topic]  # by what the page calls it: the topic's name, or name:thing
STOPPING: web.AppKey[asyncio.Event] = web.AppKey("stopping", asyncio.Event)


@page("GET", f"{ROOT}/events", right="home.read", live=True)
async def events(context: RequestContext) -> web.StreamResponse:
    """`event: changed`, `data: topic` for each change; `event: signed-out` when the session has ended."""
    wanted = _wanted(context)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await response.prepare(context.http_request)
    await response.write(b"retry: 3000\n\n")
    with contextlib.suppress(ConnectionError):
        await _watch(context, response, wanted)
    return response


def _wanted(context: RequestContext) -> Wanted:
    """The topics asked for.  Raises Denied for one that is not theirs, HTTPBadRequest for one nobody knows."""
    names = [name for name in context.http_request.query.get("topics", "").split(",") if name]
    known = context.http_request.app[TOPICS]
    if not 0 < len(names) <= MOST or not {name.partition(":")[0] for name in names} <= set(known):
        raise web.HTTPBadRequest
    topics = {name: known[name.partition(":")[0]] for name in names}
    for each in topics.values():
        if not context.staffer.may(each.right):
            raise Denied(each.right)
    return topics


async def _watch(context: RequestContext, response: web.StreamResponse, wanted: Wanted) -> None:
    stopping = context.http_request.app[STOPPING]
    known: Mapping[str, object] | None = None
    beat = time.monotonic()
    while not stopping.is_set():
        seen = await _look(context, wanted, known or {})
        if seen is None:
            await response.write(b"event: signed-out\ndata: .\n\n")
            return
        changed = [name for name in seen if known is not None and seen[name] != known.get(name)]
        lines = "".join(f"event: changed\ndata: {name}\n\n" for name in changed)
        if not lines and time.monotonic() - beat > BEAT:
            lines = ": still here\n\n"
        if lines:
            beat = time.monotonic()
            await response.write(lines.encode())
        known = seen
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), LOOK)


async def _look(context: RequestContext, wanted: Wanted, known: Mapping[str, object]) -> Mapping[str, object] | None:
    """How the topics stand now; None once nobody may look any more; as before while there is no database."""
    try:
        async with context.console.db.read() as session:
            login = await sessions.still(session, context.signed_in.id)
            if login is None or not all(login.staffer.may(each.right) for each in wanted.values()):
                return None
            return {
                name: await each.state(session, login.staffer, name.partition(":")[2]) for name, each in wanted.items()
            }
    except Exception as error:
        if not is_down(error):
            raise
        return known
