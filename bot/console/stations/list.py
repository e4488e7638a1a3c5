"""/console/stations: what is known about each station, who doubts it, and when somebody last made sure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core import listing, map_view
from bot.console.core.files import FileContent, file_page
from bot.console.core.listing import Columns, ListView
from bot.console.core.request import RequestContext, searched
from bot.console.core.routes import Card, card, page, topic
from bot.console.policies.list import today
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.core import revisions
from bot.services.core.keyset import Place
from bot.services.core.map_clusters import Chart
from bot.services.staff.permissions import Right, Staffer
from bot.services.stations import directory, stations
from bot.services.stations.directory import VIEWS, StationFilter
from bot.store.models import StationRow
from knowledge.geo import DATUMS
from knowledge.stations import Station, read

STATION = f"{urls.STATIONS}/at/{{station}}"
TEXTS = ("name", "kind", "address", "hours", "phone", "offer", "offer_from", "offer_until", "checked", "lat", "lon")
LONGEST = 400  # characters of a field


@topic("stations", right=Right.STATIONS_READ)
async def changed(session: AsyncSession, staffer: Staffer) -> object:
    return (await revisions.numbers(session)).get(stations.NAME)


@card(Right.STATIONS_EDIT, order=33)
async def reported(context: RequestContext) -> Card:
    count = (await directory.counts(context.session, context.staffer, today()))["reported"]
    words = context.console.layout.words
    return Card(words("card.stations"), count, f"{urls.STATIONS}?view=reported", words("card.stations_note"), count > 0)


@page("GET", urls.STATIONS, right=Right.STATIONS_READ, nav="stations")
async def listed(context: RequestContext) -> web.Response:
    wanted, view = _wanted(context), _view(context)
    page = await directory.listed(context.session, context.staffer, wanted, today(), context.place, sort=view.sort)
    return context.page(
        "stations/list.html",
        rows=[row for (row,) in page.rows],
        page=page,
        wanted=wanted,
        view=view,
        address=listing.address(urls.STATIONS, wanted, view),
        views=VIEWS,
        places=listing.places(context, Right.STATIONS_READ, wanted.district),
        counts=await directory.counts(context.session, context.staffer, today()),
        kinds=context.knowledge.vocabulary.kinds,
        checked=_checked,
        hours=_hours,
        old=today() - directory.AGED,
        sample=context.knowledge.sample,
        may_edit=context.staffer.may(Right.STATIONS_EDIT),
        exports=context.staffer.may(Right.STATIONS_EXPORT),
    )


@file_page(f"{urls.STATIONS}.{{form}}", right=Right.STATIONS_EXPORT)
async def file(context: RequestContext) -> FileContent:
    """What the filter gives, as a sheet."""
    wanted, view, right = _wanted(context), _view(context), Right.STATIONS_EXPORT
    found = await directory.listed(
        context.session, context.staffer, wanted, today(), Place(), sort=view.sort, size=listing.MOST + 1, right=right
    )
    address, rows = listing.address(urls.STATIONS, wanted, view), [row for (row,) in found.rows]
    return listing.content(context, "stations", _columns(context), rows, address, view)


def _view(context: RequestContext) -> ListView:
    return listing.view(context.http_request.query, list(directory.SORTS), _columns(context))


def _columns(context: RequestContext) -> Columns:
    kinds, words = context.knowledge.vocabulary.kinds, context.console.layout.words
    return {
        "name": lambda row: row.name,
        "kind": lambda row: kinds[row.kind].name if row.kind in kinds else row.kind,
        "district": lambda row: context.district(row.region[:6]),
        "address": lambda row: row.address,
        "hours": lambda row: _hours(row) or "",
        "phone": lambda row: row.phone,
        "checked": lambda row: _checked(row) or "",
        "state": lambda row: words("station_view.closed") if row.closed else "",
        "doubt": lambda row: listing.moment(row.doubtful_at),
    }


@page("GET", f"{urls.STATIONS}/map", right=Right.STATIONS_READ)
async def on_map(context: RequestContext) -> web.Response:
    wanted, drawn, names = await _chart(context)
    return context.page(
        "stations/map.html",
        chart=drawn,
        names=names,
        city=map_view.city(drawn.latitude, drawn.longitude),
        wanted=wanted,
        views=VIEWS,
        kinds=context.knowledge.vocabulary.kinds,
    )


@page("GET", f"{urls.STATIONS}/map/clusters", right=Right.STATIONS_READ)
async def clusters(context: RequestContext) -> web.Response:
    """The same for the script that draws it."""
    _, drawn, names = await _chart(context)
    return map_view.clusters(drawn, f"{urls.STATIONS}/at", names)


async def _chart(context: RequestContext) -> tuple[StationFilter, Chart, Mapping[str, str]]:
    wanted, asked = _wanted(context), map_view.asked(context.http_request.query)
    return wanted, *await directory.chart(context.session, context.staffer, wanted, today(), *asked)


@page("GET", STATION, right=Right.STATIONS_READ)
async def shown(context: RequestContext) -> web.Response:
    row = await found(context, Right.STATIONS_READ)
    return await _show(context, row, _typed(row))


@page("POST", STATION, right=Right.STATIONS_EDIT)
async def edit(context: RequestContext) -> web.Response:
    """Take over a form; with a fault nothing is written and nothing typed is lost."""
    row = await found(context, Right.STATIONS_EDIT)
    given = {**typed(context), "base": context.text("base")}
    faults = [] if given["base"] == _base(row) else [context.console.layout.words("rejected.station.changed")]
    station, wrong = _read(context, row, given)
    if faults or wrong:
        return await _show(context, row, {**given, "base": _base(row)}, [*faults, *wrong])
    context.staffer.require(Right.STATIONS_EDIT, district=station.region, subject=f"station:{row.id}")
    changed = stations.differences(row, station)
    await stations.change(context.session, row, station)
    await context.audit("station.edit", f"station:{row.id}", changed={row.id: changed})
    return context.to(_path(row), said="station_saved")


@page("POST", f"{STATION}/close", right=Right.STATIONS_EDIT)
async def close(context: RequestContext) -> web.Response:
    """Closed for the time being, whatever the hours say; or open again."""
    row = await found(context, Right.STATIONS_EDIT)
    closed = context.form.get("closed") == "1"
    await stations.change(context.session, row, replace(stations.station_of(row), closed=closed))
    await context.audit("station.close" if closed else "station.open", f"station:{row.id}")
    return context.to(_path(row), said="station_closed" if closed else "station_opened")


@page("POST", f"{STATION}/confirm", right=Right.STATIONS_EDIT)
async def confirm(context: RequestContext) -> web.Response:
    row = await found(context, Right.STATIONS_EDIT)
    await stations.confirm(context.session, row, today())
    await context.audit("station.confirm", f"station:{row.id}")
    return context.to(_path(row), said="station_confirmed")


def _wanted(context: RequestContext) -> StationFilter:
    """What an address asks for; whatever it does not know counts as nothing."""
    query = context.http_request.query
    view, kinds = listing.one_of(query, "view", VIEWS, "all"), context.knowledge.vocabulary.kinds
    return StationFilter(view, listing.one_of(query, "kind", kinds), searched(query), listing.district(query))


async def found(context: RequestContext, right: Right) -> StationRow:
    """The station of the address.  Raises Denied, which shows as "not found", for one of another district."""
    return await context.find(directory.STATIONS, context.http_request.match_info["station"], right)


async def _show(
    context: RequestContext, row: StationRow, given: Mapping[str, str], faults: Sequence[str] = ()
) -> web.Response:
    vocabulary = context.knowledge.vocabulary
    return context.page(
        "stations/station.html",
        status=422 if faults else 200,
        row=row,
        path=_path(row),
        given=given,
        faults=faults,
        chosen=vocabulary.listed(given["services"])[0],
        kinds=vocabulary.kinds,
        services=vocabulary.services,
        datums=DATUMS,
        reports=await directory.open_reports(context.session, row.id),
        checked=_checked,
        old=row.checked is None or row.checked < today() - directory.AGED,
        may_edit=context.staffer.may(Right.STATIONS_EDIT, district=row.region),
    )


def typed(context: RequestContext) -> dict[str, str]:
    """What a form says about a station."""
    given = {name: context.text(name, most=LONGEST) for name in (*TEXTS, "datum")}
    return given | {"services": "、".join(context.every("services"))}


def _read(context: RequestContext, row: StationRow, given: Mapping[str, str]) -> tuple[Station, Sequence[str]]:
    """The station that a form describes.  A position that nobody touched keeps the datum it came with."""
    if given["datum"] not in DATUMS:
        raise Rejected("station.datum")
    before, known = stations.station_of(row), context.knowledge
    values = {**given, "id": row.id, "closed": "是" if row.closed else ""}
    station, wrong = read.read_one(values, given["datum"], known.places, known.vocabulary)
    same = all(given[name] == _typed(row)[name] for name in ("lat", "lon", "datum"))
    if same:
        station = replace(station, point=before.point, datum=before.datum, region=before.region)
    return replace(station, id=row.id, photo=row.photo, closed=row.closed), wrong


def _typed(row: StationRow) -> dict[str, str]:
    texts = {name: str(getattr(row, name) or "") for name in TEXTS if name not in ("lat", "lon")}
    texts |= {"checked": _checked(row), "hours": _hours(row)}
    place = {"lat": f"{row.latitude:.6f}", "lon": f"{row.longitude:.6f}", "datum": "wgs84"}
    return {**texts, **place, "services": "、".join(row.services), "base": _base(row)}


def _hours(row: StationRow) -> str:
    """Its hours as people read and write them; "" when nobody wrote them down."""
    hours = stations.station_of(row).hours
    return hours.text() if hours is not None else ""


def _checked(row: StationRow) -> str:
    return stations.station_of(row).checked_text


def _base(row: StationRow) -> str:
    return row.changed_at.isoformat()


def _path(row: StationRow) -> str:
    return f"{urls.STATIONS}/at/{row.id}"
