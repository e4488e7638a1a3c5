"""/console/settings/calendar: which days are worked, entered after a look at every day and deadline that moves."""

from typing import Any

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import Card, card, page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services import replanning
from bot.services.calendar import announcement, changes, coverage
from bot.services.calendar.announcement import LONGEST
from bot.services.calendar.changes import DRAFTS
from bot.services.staff.permissions import Right
from bot.store.models import CalendarChange
from knowledge.tables.encoding import decoded
from knowledge.tables.rows import FileRefused

LISTED = 100  # cases whose deadline moves that are named
FILE = LONGEST * 4  # bytes


@card(Right.CALENDAR_EDIT, order=5)
async def short_calendar(context: RequestContext) -> Card:
    """Nothing waits while the calendar reaches far enough."""
    reach = await coverage.coverage(context.session)
    words = context.console.layout.words
    note = words("card.calendar_note", until=f"{reach.until:%Y-%m-%d}", year=reach.next_year)
    return Card(words("card.calendar"), int(reach.short), urls.CALENDAR, note, urgent=reach.short)


@page("GET", urls.CALENDAR, right=Right.SETTINGS_READ)
async def shown(context: RequestContext) -> web.Response:
    """With the number of a draft, all that it would change: read here, where nobody who writes has to wait for it."""
    if "draft" not in context.http_request.query:
        return await _show(context)
    draft: CalendarChange = await context.find(DRAFTS, context.number("draft"), Right.CALENDAR_EDIT)
    return await _show(context, draft=draft)


@page("POST", urls.CALENDAR, right=Right.CALENDAR_EDIT)
async def look(context: RequestContext) -> web.Response:
    """Read an announcement and keep it as a draft; nothing holds yet."""
    try:
        announced, source = announcement.read(_given(context)), context.text("source")
        context.staffer.require(Right.CALENDAR_EDIT, district="")
        whole = context.form.get("whole") == "1"
        draft = await changes.drafted(context.session, context.staffer.id, announced, source, whole=whole)
    except Rejected as error:  # raised before anything is written
        return await _show(context, fault=context.console.layout.rejection(context, error))
    await changes.keep(context.session, draft)
    return context.to(urls.CALENDAR, draft=draft.id)


@page("POST", f"{urls.CALENDAR}/enter", right=Right.CALENDAR_EDIT, fresh=True)
async def enter(context: RequestContext) -> web.Response:
    """Let what was looked at hold; every open case is looked at right after the commit."""
    draft = await DRAFTS.find(context.session, context.staffer, context.number("draft"), Right.CALENDAR_EDIT)
    if draft is None:
        raise Rejected("calendar.changed")
    context.staffer.require(Right.CALENDAR_EDIT, district="")
    await replanning.begin(context.session)
    await changes.enter(context.session, context.by, draft)
    return context.to(urls.CALENDAR, said="calendar_entered")


def _given(context: RequestContext) -> str:
    """What was pasted, or stands in a text file.  Raises Rejected."""
    upload = context.files.get("file")
    if upload is None or not upload.name:
        return context.text("text", most=LONGEST)
    if len(upload.data) > FILE:
        raise Rejected("calendar.long", most=LONGEST)
    try:
        return decoded(upload.data)
    except FileRefused:
        raise Rejected("calendar.none") from None


async def _show(context: RequestContext, *, draft: CalendarChange | None = None, fault: str = "") -> web.Response:
    kinds = context.knowledge.kinds
    values: dict[str, Any] = {"days": (), "moves": (), "moved": 0}
    if draft is not None:
        after, days = await changes.previewed(context.session, draft)
        moves = await replanning.moves(context.session, context.services, after)
        values = {"days": days, "moves": moves[:LISTED], "moved": len(moves)}
    return context.page(
        "settings/calendar.html",
        status=422 if fault else 200,
        reach=await coverage.coverage(context.session, kinds.values()),
        labels={code: kind.label for code, kind in kinds.items()},
        entered=await changes.entered(context.session),
        editable=context.staffer.may(Right.CALENDAR_EDIT, district=""),
        draft=draft,
        fault=fault,
        form=context.form,
        **values,
    )
