"""/console/settings: what a district still lacks before it can bring a case to its end, and the pages that mend it.

The list counts across tables, and the home page is opened all day: its card remembers for a while how much was missing.
"""

import time
from collections.abc import Mapping, Sequence

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import Card, card, page
from bot.messaging import urls
from bot.services.setup import checklist
from bot.services.setup.checklist import CheckItem
from bot.services.staff.permissions import Right

WHERE = {  # what mends a line of the checklist
    "units": f"{urls.UNITS}/new",
    "kinds": urls.PEOPLE,
    "handlers": urls.UNITS,
    "second": urls.PEOPLE,
    "chats": urls.UNITS,
    "calendar": urls.CALENDAR,
    "stations": urls.STATIONS,
    "contacts": f"{urls.OUTLETS}?view=without",
    "trial": urls.NOTICES,
}
RIGHT = {
    "calendar": Right.SETTINGS_READ,
    "stations": Right.STATIONS_READ,
    "contacts": Right.OUTLETS_READ,
    "trial": Right.NOTICES_READ,
}  # besides those who may set units up
LACKING = web.AppKey("lacking", dict[str, tuple[float, int]])  # by district: when it was counted, lines to mend
REMEMBERED = 300  # seconds


@card(Right.SETTINGS_READ, order=0)
async def waiting(context: RequestContext) -> Card | None:
    """How many lines are still to mend; nothing once all is well."""
    known, at = context.http_request.app[LACKING], time.monotonic()
    districts = context.staffer.districts(Right.UNITS_EDIT)
    if any(at - known.get(each, (-REMEMBERED, 0))[0] >= REMEMBERED for each in districts):
        await _checklists(context)
    words, count = context.console.layout.words, sum(known[each][1] for each in districts)
    return Card(words("card.setup"), count, urls.SETTINGS, words("card.setup_note")) if count else None


@page("GET", urls.SETTINGS, right=Right.SETTINGS_READ, nav="settings")
async def shown(context: RequestContext) -> web.Response:
    return context.page("settings/setup.html", lists=await _checklists(context), where=_where(context))


async def _checklists(context: RequestContext) -> Mapping[str, Sequence[CheckItem]]:
    """What administrators' districts still lack, by district; one where nothing is missing is not there."""
    found = {}
    for district in context.staffer.districts(Right.UNITS_EDIT):
        items = await checklist.of_district(context.session, context.services, district)
        lacking = sum(not each.well for each in items)
        context.http_request.app[LACKING][district] = time.monotonic(), lacking
        if lacking:
            found[district] = items
    return found


def _where(context: RequestContext) -> Mapping[str, str]:
    """The pages that this person may open to mend something."""
    return {name: path for name, path in WHERE.items() if context.staffer.may(RIGHT.get(name, Right.UNITS_EDIT))}
