"""/console/search: something by its number, a name, a place or a word, from every page."""

from aiohttp import web

from bot.console.core.request import RequestContext, searched
from bot.console.core.routes import page
from bot.messaging import urls
from bot.services import search
from bot.services.search import MOST, SHORTEST
from bot.services.staff.permissions import Right


@page("GET", urls.SEARCH, right=Right.HOME_READ)
async def results(context: RequestContext) -> web.Response:
    """What was found; a number that is typed in full leads there at once."""
    text = searched(context.http_request.query)
    found = await search.find(context.session, context.staffer, text)
    exact = [(noun, each) for noun, hits in found.items() for each in hits if each.exact]
    if len(exact) == 1:
        [(noun, hit)] = exact
        return context.to(f"{urls.listing(noun)}/{hit.number}")
    return context.page("search.html", text=text, found=found, most=MOST, shortest=SHORTEST)
