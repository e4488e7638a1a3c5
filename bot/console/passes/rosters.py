"""/console/rosters: the list of a platform's numbers is handed in; nobody sees one of them again."""

import asyncio
from datetime import date, timedelta

from aiohttp import web

from bot.console.core import divisions
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.console.passes.known import today
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.passes import rosters
from bot.services.passes.rosters import Roster
from bot.services.staff.permissions import Right

LONGEST = timedelta(days=366)


@page("GET", urls.ROSTERS, right=Right.ROSTERS_UPLOAD, nav="rosters")
async def begin(context: RequestContext) -> web.Response:
    return await _show(context)


async def _read(context: RequestContext) -> Roster | Rejected | None:
    upload = context.files.get("file")
    if upload is None or not upload.name:
        return None
    try:
        return await asyncio.to_thread(rosters.read, upload.data)
    except Rejected as error:
        return error


@page("POST", urls.ROSTERS, right=Right.ROSTERS_UPLOAD, prepare=_read)
async def hand_in(context: RequestContext) -> web.Response:
    """Take a list over; who applied and is on it is checked at once."""
    found = context.prepared
    try:
        if found is None:
            raise Rejected("import.file")
        if isinstance(found, Rejected):
            raise found
        platform, region, until = _platform(context), _region(context), _until(context)
    except Rejected as error:
        return await _show(context, context.console.layout.rejection(context, error))
    checked = await rosters.take_over(
        context.session,
        context.services,
        found,
        platform=platform,
        region=region,
        until=until,
        staff_id=context.staffer.id,
    )
    await context.audit("roster.upload", "", platform=platform, count=len(found.phones))
    return await _show(context, taken=found, checked=checked)


def _platform(context: RequestContext) -> str:
    platform = context.text("platform")
    if platform not in context.knowledge.grid.platforms:
        raise Rejected("answer.choose")
    return platform


def _region(context: RequestContext) -> str:
    if not context.text("district"):
        raise Rejected("people.district")
    region = divisions.typed(context, Right.ROSTERS_UPLOAD)
    context.staffer.require(Right.ROSTERS_UPLOAD, district=region, subject="roster")
    return region


def _until(context: RequestContext) -> date:
    try:
        until = date.fromisoformat(context.text("until"))
    except ValueError:
        raise Rejected("roster.until") from None
    if not today() <= until <= today() + LONGEST:
        raise Rejected("roster.until")
    return until


async def _show(
    context: RequestContext, fault: str = "", *, taken: Roster | None = None, checked: int = 0
) -> web.Response:
    return context.page(
        "passes/rosters.html",
        status=422 if fault else 200,
        fault=fault,
        taken=taken,
        checked=checked,
        rows=await rosters.held(context.session, context.staffer.districts(Right.ROSTERS_UPLOAD)),
        platforms=context.knowledge.grid.platforms,
        mine=context.staffer.districts(Right.ROSTERS_UPLOAD),
        given={name: context.form.get(name, "")[:100] for name in ("district", "platform", "until")},
    )
