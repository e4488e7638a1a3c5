"""/console/events: server-sent events.  Pages name topics, and are told when one of them changed."""

import asyncio
import contextlib

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import TOPICS, page
from bot.console.core.watcher import SIGNED_OUT, Viewer, Wanted, Watcher
from bot.doors.waiting import PLACES
from bot.messaging import urls
from bot.services.staff.permissions import Denied, Right

BEAT = 15.0  # seconds after which a line without meaning keeps proxies from cutting the connection
MOST = 8  # topics of one page
WATCHER: web.AppKey[Watcher] = web.AppKey("watcher", Watcher)


@page("GET", urls.EVENTS, right=Right.HOME_READ, live=True)
async def events(context: RequestContext) -> web.StreamResponse:
    """`event: changed`, `data: topic` for each change; `event: signed-out` when the session has ended."""
    wanted, request = _wanted(context), context.http_request
    with request.config_dict[PLACES].taken(request):
        return await _stream(context, wanted)


async def _stream(context: RequestContext, wanted: Wanted) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    login, watcher = context.signed_in, context.http_request.app[WATCHER]
    async with watcher.watching(login.id, login.staffer, wanted) as viewer:
        await response.prepare(context.http_request)
        await response.write(b"retry: 3000\n\n")
        with contextlib.suppress(ConnectionError):
            await _watch(response, viewer)
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


async def _watch(response: web.StreamResponse, viewer: Viewer) -> None:
    while True:
        try:
            news = await asyncio.wait_for(viewer.news.get(), BEAT)
        except TimeoutError:
            await response.write(b": still here\n\n")
            continue
        if news is None:
            return
        await response.write("".join(f"event: {event}\ndata: {data}\n\n" for event, data in news).encode())
        if news is SIGNED_OUT:
            return
