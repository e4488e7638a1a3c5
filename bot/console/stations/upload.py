"""/console/stations/import: a file of stations, looked at first, then taken over as a whole or not at all."""

import asyncio
from collections.abc import Sequence

from aiohttp import web
from sqlalchemy import delete

from bot.console.core.request import Visit
from bot.console.core.routes import page
from bot.console.stations.list import STATIONS
from bot.errors import Rejected
from bot.services.stations import directory
from bot.store.models import StationFile
from knowledge.geo import DATUMS
from knowledge.stations import Station, read
from knowledge.stations.read import Import

IMPORT = f"{STATIONS}/import"
NAMED = 5  # stations outside one's district that are named


@page("GET", IMPORT, right="stations.edit")
async def begin(visit: Visit) -> web.Response:
    return _show(visit)


@page("POST", IMPORT, right="stations.edit")
async def look(visit: Visit) -> web.Response:
    """Read a file and show what is in it; it is kept until somebody takes it over."""
    upload, datum = visit.files.get("file"), visit.text("datum")
    if datum not in DATUMS or upload is None or not upload.filename:
        return _show(visit, fault=visit.console.layout.words("rejected.station.file"))
    data = await asyncio.to_thread(upload.file.read)
    kept = StationFile(staff_id=visit.staffer.id, name=upload.filename[-100:], datum=datum, data=data)
    found = await _read(visit, kept)
    strange = _elsewhere(visit, found.stations)
    if not found.refused and not strange:
        await visit.session.execute(delete(StationFile).where(StationFile.staff_id == visit.staffer.id))
        visit.session.add(kept)
        await visit.session.flush()
    return _show(visit, found=found, strange=strange, kept=kept)


@page("POST", f"{IMPORT}/take", right="stations.edit")
async def take(visit: Visit) -> web.Response:
    kept = await visit.session.get(StationFile, visit.number("file") or 0)
    if kept is None or kept.staff_id != visit.staffer.id:
        raise Rejected("station.gone")
    found = await _read(visit, kept)
    if found.refused or _elsewhere(visit, found.stations):
        raise Rejected("station.gone")
    only = visit.form.get("only") == "1"
    await directory.take_over(visit.session, visit.staffer, found.stations, only=only)
    await visit.session.delete(kept)
    await visit.audit("station.import", "", count=len(found.stations))
    return visit.to(STATIONS, said="station_imported")


async def _read(visit: Visit, kept: StationFile) -> Import:
    known = visit.knowledge
    given = (kept.data, kept.name, kept.datum, known.places, known.vocabulary)
    return await asyncio.to_thread(read.read, *given)  # type: ignore[arg-type]


def _elsewhere(visit: Visit, found: Sequence[Station]) -> list[Station]:
    """Stations that somebody else keeps."""
    return [each for each in found if not visit.staffer.may("stations.edit", district=each.region)]


def _show(
    visit: Visit,
    *,
    found: Import | None = None,
    strange: Sequence[Station] = (),
    kept: StationFile | None = None,
    fault: str = "",
) -> web.Response:
    """found: what is in the file that was handed in.  strange: what in it belongs to other districts."""
    wrong = bool(fault or strange or (found is not None and found.refused))
    return visit.page(
        "stations/upload.html",
        status=422 if wrong else 200,
        found=found,
        strange=strange[:NAMED],
        strange_count=len(strange),
        kept=kept,
        wrong=wrong,
        fault=fault,
        datums=DATUMS,
    )
