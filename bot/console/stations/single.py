"""/console/stations/new and /drop: one station more, or one less."""

import secrets
from collections.abc import Mapping, Sequence

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.console.stations.list import STATION, TEXTS, found, typed
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.staff.permissions import Right
from bot.services.stations import stations
from knowledge.geo import DATUMS
from knowledge.stations import read

NEW = f"{urls.STATIONS}/new"


@page("GET", NEW, right=Right.STATIONS_EDIT)
async def blank(context: RequestContext) -> web.Response:
    return _form(context, {**dict.fromkeys((*TEXTS, "services"), ""), "datum": "gcj02"})


@page("POST", NEW, right=Right.STATIONS_EDIT)
async def enter(context: RequestContext) -> web.Response:
    """Enter one, in a district of this person's; with a fault nothing is written and nothing typed is lost."""
    given, known = typed(context), context.knowledge
    if given["datum"] not in DATUMS:
        raise Rejected("station.datum")
    number = f"c{secrets.token_hex(6)}"
    station, wrong = read.read_one(
        {**given, "id": number, "closed": ""}, given["datum"], known.places, known.vocabulary
    )
    if wrong:
        return _form(context, given, wrong)
    context.staffer.require(Right.STATIONS_EDIT, district=station.region)
    await stations.merge(context.session, [station])
    await context.audit("station.new", f"station:{number}", name=station.name)
    return context.to(STATION.format(station=number), said="station_saved")


@page("POST", f"{STATION}/drop", right=Right.STATIONS_EDIT)
async def drop(context: RequestContext) -> web.Response:
    """Take one out for good.  Raises Rejected for the last one."""
    row = await found(context, Right.STATIONS_EDIT)
    await stations.drop(context.session, row)
    await context.audit("station.drop", f"station:{row.id}", name=row.name)
    return context.to(urls.STATIONS, said="station_dropped")


def _form(context: RequestContext, given: Mapping[str, str], faults: Sequence[str] = ()) -> web.Response:
    vocabulary = context.knowledge.vocabulary
    return context.page(
        "stations/new.html",
        status=422 if faults else 200,
        given=given,
        faults=faults,
        chosen=vocabulary.listed(given["services"])[0],
        kinds=vocabulary.kinds,
        services=vocabulary.services,
        datums=DATUMS,
    )
