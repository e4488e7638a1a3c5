"""A district in a form: typed by its name or its code, with the names offered while somebody types."""

import orjson
from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.staff.permissions import Right
from knowledge.regions import full_name, offered

SHOWN = 5  # names of divisions in a sentence


@page("GET", urls.DIVISIONS, right=Right.HOME_READ)
async def names(context: RequestContext) -> web.Response:
    """The names a field offers: what lies in the districts of the address, `within`, those included."""
    within = tuple(context.http_request.query.getall("within", []))
    regions = context.knowledge.regions
    found = [full_name(regions, code) for code in offered(regions) if code.startswith(within)]
    everywhere = [context.console.layout.words("district.all")] if "" in within else []
    return web.Response(body=orjson.dumps([*everywhere, *found]), content_type="application/json")


def typed(context: RequestContext, right: Right) -> str:
    """The code of the district in a form, as this person means it who may do `right` in some.

    "" is the whole country, and nothing at all.  Raises Rejected: no such district, or several.
    """
    text, regions = context.text("district"), context.knowledge.regions
    if text in ("", context.console.layout.words("district.all")):
        return ""
    if text in regions:
        return text
    mine = context.staffer.districts(right)
    exact = sorted((code for code in regions if full_name(regions, code) == text), key=lambda code: _far(code, mine))
    found = exact[:1] or sorted({each.code for each in context.knowledge.places.find(text) if each.code in regions})
    if len(found) > 1:
        several = "、".join(full_name(regions, code) for code in found[:SHOWN])
        raise Rejected("district.several", typed=text, names=several)
    if not found:
        raise Rejected("people.district")
    return found[0]


def _far(code: str, mine: tuple[str, ...]) -> tuple[bool, int]:
    """Of 北京市, the province and its city, the one that is theirs comes first, and else the larger one."""
    return not code.startswith(mine), len(code)
