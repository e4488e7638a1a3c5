"""/console/stations/import: a file of stations, looked at first, then taken over as a whole or not at all."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

from aiohttp import web

from bot.console.core import imports
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.core import spreadsheets
from bot.services.staff.permissions import Right
from bot.services.stations import directory
from bot.store.models import ImportFile
from knowledge.geo import DATUMS
from knowledge.stations import Station, read
from knowledge.stations.read import Import

IMPORT = f"{urls.STATIONS}/import"
NOUN = "station"
NAMED = 5  # stations outside one's district that are named


@page("GET", IMPORT, right=Right.STATIONS_EDIT)
async def begin(context: RequestContext) -> web.Response:
    return _show(context)


@page("GET", f"{urls.STATIONS}/template.{{form}}", right=Right.STATIONS_EDIT)
async def template(context: RequestContext) -> web.Response:
    """A sheet with the right columns and a row that shows what each holds."""
    form = context.http_request.match_info["form"]
    if form not in spreadsheets.FORMS:
        raise web.HTTPNotFound
    make, kind = spreadsheets.FORMS[form]
    headers = {"Content-Disposition": f"attachment; filename=stations.{form}", "Cache-Control": "no-store"}
    return web.Response(body=await asyncio.to_thread(make, read.template()), content_type=kind, headers=headers)


async def _handed_in(context: RequestContext) -> Import | None:
    """The file of the form, read; None when there is none to read."""
    file = imports.handed_in(context, NOUN)
    return await _read(context, file) if file is not None and file.datum in DATUMS else None


async def _kept(context: RequestContext) -> Import | None:
    """The file that was kept, read once more; None when it is gone."""
    async with context.console.db.read() as session:
        kept = await imports.kept(context, session, NOUN)
    return await _read(context, kept) if kept is not None else None


@page("POST", IMPORT, right=Right.STATIONS_EDIT, prepare=_handed_in)
async def look(context: RequestContext) -> web.Response:
    """Read a file and show what is in it; it is kept until somebody takes it over."""
    kept, found = imports.handed_in(context, NOUN), context.prepared
    if kept is None or found is None:
        return _show(context, fault=context.console.layout.words("rejected.station.file"))
    strange = _elsewhere(context, found.stations)
    taken = await directory.elsewhere(context.session, context.staffer, found.stations)
    if not (found.refused or strange or taken):
        await imports.keep(context, NOUN, kept)
    return _show(context, found=found, strange=strange, taken=taken, kept=kept)


@page("POST", f"{IMPORT}/take", right=Right.STATIONS_EDIT, prepare=_kept)
async def take(context: RequestContext) -> web.Response:
    kept, found = await imports.kept(context, context.session, NOUN), context.prepared
    if kept is None or found is None or found.refused or _elsewhere(context, found.stations):
        raise Rejected("station.gone")
    only = context.form.get("only") == "1"
    done = await directory.take_over(context.session, context.staffer, found.stations, only=only)
    await context.session.delete(kept)
    await context.audit("station.import", "", count=len(found.stations), **asdict(done))
    return context.to(urls.STATIONS, said="station_imported")


async def _read(context: RequestContext, kept: ImportFile) -> Import:
    known = context.knowledge
    given = (kept.data, kept.name, kept.datum, known.places, known.vocabulary)
    return await asyncio.to_thread(read.read, *given)  # type: ignore[arg-type]


def _elsewhere(context: RequestContext, found: Sequence[Station]) -> list[Station]:
    """Stations that somebody else keeps."""
    return [each for each in found if not context.staffer.may(Right.STATIONS_EDIT, district=each.region)]


def _show(
    context: RequestContext,
    *,
    found: Import | None = None,
    strange: Sequence[Station] = (),
    taken: Sequence[str] = (),
    kept: ImportFile | None = None,
    fault: str = "",
) -> web.Response:
    """found: what is in the file that was handed in.  strange: what in it belongs to other districts.
    taken: ids in it that stations of other districts have.
    """
    wrong = bool(fault or strange or taken or (found is not None and found.refused))
    return context.page(
        "stations/upload.html",
        status=422 if wrong else 200,
        found=found,
        strange=strange[:NAMED],
        strange_count=len(strange),
        taken=taken[:NAMED],
        taken_count=len(taken),
        kept=kept,
        wrong=wrong,
        fault=fault,
        datums=DATUMS,
    )
