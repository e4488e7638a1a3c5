"""/console: what waits for this person, as cards; and whether their account is in order."""

from collections.abc import Mapping, Sequence

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import CARDS, ROOT, page
from bot.services.setup import checklist
from bot.services.setup.checklist import CheckItem

WHERE = {  # what mends a line of the checklist
    "units": f"{ROOT}/units/new",
    "kinds": f"{ROOT}/people",
    "handlers": f"{ROOT}/units",
    "calendar": f"{ROOT}/settings/calendar",
    "stations": f"{ROOT}/stations",
    "trial": f"{ROOT}/notices",
}
RIGHT = {
    "calendar": "settings.read",
    "stations": "stations.read",
    "trial": "notices.read",
}  # besides those who may set units up


@page("GET", ROOT, right="home.read", nav="home")
async def home(context: RequestContext) -> web.Response:
    cards = [await each.make(context) for each in context.http_request.app[CARDS] if context.staffer.may(each.right)]
    return context.page(
        "home.html",
        cards=cards,
        person=context.signed_in.person,
        lists=await _checklists(context),
        where=_where(context),
    )


async def _checklists(context: RequestContext) -> Mapping[str, Sequence[CheckItem]]:
    """What administrators' districts still lack, by district; one where nothing is missing is not there."""
    found = {}
    for district in context.staffer.districts("units.edit"):
        items = await checklist.of_district(context.session, context.services, district)
        if not all(each.well for each in items):
            found[district] = items
    return found


def _where(context: RequestContext) -> Mapping[str, str]:
    """The pages that this person may open to mend something."""
    return {name: path for name, path in WHERE.items() if context.staffer.may(RIGHT.get(name, "units.edit"))}
