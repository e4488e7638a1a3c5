"""/console/settings/calendar: which days are worked, entered after a look at every day and deadline that moves."""

from typing import Any

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import ROOT, Card, card, page
from bot.errors import Rejected
from bot.services import replanning
from bot.services.calendar import announcement, changes, coverage, time_limits
from bot.services.calendar.announcement import LONGEST
from bot.services.calendar.changes import PROPOSALS
from bot.store.models import CalendarChange

SETTINGS = f"{ROOT}/settings"
CALENDAR = f"{SETTINGS}/calendar"
LISTED = 100  # cases whose deadline moves that are named
FILE = LONGEST * 4  # bytes


@card("calendar.edit", order=5)
async def short_calendar(context: RequestContext) -> Card:
    """Nothing waits while the calendar reaches far enough."""
    reach = await coverage.coverage(context.session)
    words = context.console.layout.words
    note = words("card.calendar_note", until=f"{reach.until:%Y-%m-%d}", year=reach.next_year)
    return Card(words("card.calendar"), int(reach.short), CALENDAR, note, urgent=reach.short)


@page("GET", CALENDAR, right="settings.read")
async def shown(context: RequestContext) -> web.Response:
    return await _show(context)


@page("POST", CALENDAR, right="calendar.edit")
async def look(context: RequestContext) -> web.Response:
    """Read an announcement, and show what it would change; nothing holds yet."""
    try:
        announced, source = announcement.read(_given(context)), context.text("source")
        context.staffer.require("calendar.edit", district="")
        whole = context.form.get("whole") == "1"
        change = await changes.propose(context.session, context.staffer.id, announced, source, whole=whole)
    except Rejected as error:  # raised before anything is written
        return await _show(context, fault=context.console.layout.rejection(context, error))
    return await _show(context, change=change)


@page("POST", f"{CALENDAR}/enter", right="calendar.edit", fresh=True)
async def enter(context: RequestContext) -> web.Response:
    """Let what was looked at hold; every open case is looked at right after the commit."""
    change = await PROPOSALS.find(context.session, context.staffer, context.number("change"), "calendar.edit")
    if change is None:
        raise Rejected("calendar.changed")
    context.staffer.require("calendar.edit", district="")
    await replanning.begin(context.session)
    await changes.enter(context.session, context.by, change)
    return context.to(CALENDAR, said="calendar_entered")


def _given(context: RequestContext) -> str:
    """What was pasted, or stands in a text file.  Raises Rejected."""
    upload = context.files.get("file")
    if upload is None or not upload.name:
        return context.text("text", most=LONGEST)
    if len(upload.data) > FILE:
        raise Rejected("calendar.long", most=LONGEST)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return upload.data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Rejected("calendar.none")


async def _show(context: RequestContext, *, change: CalendarChange | None = None, fault: str = "") -> web.Response:
    values: dict[str, Any] = {"days": (), "moves": (), "moved": 0}
    if change is not None:
        after, days = await changes.previewed(context.session, change)
        moves = await replanning.moves(context.session, context.services, after)
        values = {"days": days, "moves": moves[:LISTED], "moved": len(moves)}
    return context.page(
        "settings/calendar.html",
        status=422 if fault else 200,
        reach=await coverage.coverage(context.session, _kinds(context)),
        known=(await time_limits.rules(context.session)).calendar,
        labels={kind.code: kind.label for kind in _kinds(context)},
        entered=await changes.entered(context.session),
        editable=context.staffer.may("calendar.edit", district=""),
        change=change,
        fault=fault,
        form=context.form,
        **values,
    )


def _kinds(context: RequestContext) -> list[Any]:
    known = context.knowledge
    return [*known.appeals.kinds.values(), *known.hazards.kinds.values()]
