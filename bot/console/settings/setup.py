"""/console/settings: what a district still lacks before it can bring a case to its end, and the pages that mend it.

A page of its own: the list counts across tables, and the home page is opened all day.
"""

from collections.abc import Mapping, Sequence

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.messaging import urls
from bot.services.setup import checklist
from bot.services.setup.checklist import CheckItem
from bot.services.staff.permissions import Right

WHERE = {  # what mends a line of the checklist
    "units": f"{urls.UNITS}/new",
    "kinds": urls.PEOPLE,
    "handlers": urls.UNITS,
    "chats": urls.UNITS,
    "calendar": urls.CALENDAR,
    "stations": urls.STATIONS,
    "trial": urls.NOTICES,
}
RIGHT = {
    "calendar": Right.SETTINGS_READ,
    "stations": Right.STATIONS_READ,
    "trial": Right.NOTICES_READ,
}  # besides those who may set units up


@page("GET", urls.SETTINGS, right=Right.SETTINGS_READ, nav="settings")
async def shown(context: RequestContext) -> web.Response:
    return context.page("settings/setup.html", lists=await _checklists(context), where=_where(context))


async def _checklists(context: RequestContext) -> Mapping[str, Sequence[CheckItem]]:
    """What administrators' districts still lack, by district; one where nothing is missing is not there."""
    found = {}
    for district in context.staffer.districts(Right.UNITS_EDIT):
        items = await checklist.of_district(context.session, context.services, district)
        if not all(each.well for each in items):
            found[district] = items
    return found


def _where(context: RequestContext) -> Mapping[str, str]:
    """The pages that this person may open to mend something."""
    return {name: path for name, path in WHERE.items() if context.staffer.may(RIGHT.get(name, Right.UNITS_EDIT))}
