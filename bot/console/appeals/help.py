"""/console/help: what one's unit is asked about cases of other units, and its replies."""

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import Card, card, page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.appeals import helpers
from bot.services.appeals.helpers import HELPS
from bot.services.calendar.wording import day
from bot.services.identity import identities, redaction
from bot.services.staff.permissions import Right
from bot.services.units import agencies
from bot.store.models import Appeal, AppealHelper

LONGEST = 2000  # characters of a reply
ONE = f"{urls.HELP}/{{id}}"


@card(Right.APPEALS_HELP, order=24)
async def asked(context: RequestContext) -> Card | None:
    count, words = len(await context.once(helpers.waiting)), context.console.layout.words
    return Card(words("card.help"), count, urls.HELP, words("card.help_note")) if count else None


@page("GET", urls.HELP, right=Right.APPEALS_HELP)
async def listed(context: RequestContext) -> web.Response:
    rows = await helpers.waiting(context.session, context.staffer)
    kinds, texts = context.knowledge.appeals.kinds, context.knowledge.texts
    return context.page("appeals/help_list.html", rows=rows, kinds=kinds, due=lambda row: day(texts, row.due_at))


@page("GET", ONE, right=Right.APPEALS_HELP)
async def shown(context: RequestContext) -> web.Response:
    return await _show(context, await _found(context))


@page("POST", ONE, right=Right.APPEALS_HELP)
async def reply(context: RequestContext) -> web.Response:
    row, by = await _found(context), context.staffer.require(Right.APPEALS_HELP)
    context.again = ONE.format(id=row.id)
    try:
        appeal = await helpers.reply(context.session, row.id, context.text("text", most=LONGEST), by)
    except Rejected as error:  # raised before anything is written
        return await _show(context, row, fault=context.console.layout.rejection(context, error))
    await context.audit("appeal.help_reply", f"appeal:{appeal.number}")
    return context.to(context.again, said="help_replied")


async def _found(context: RequestContext) -> AppealHelper:
    return await context.find(HELPS, context.number("id"), Right.APPEALS_HELP)


async def _show(context: RequestContext, row: AppealHelper, *, fault: str = "") -> web.Response:
    """Whoever helps learns neither who it is nor how to reach them, also not from what they wrote."""
    case = await context.session.get_one(Appeal, row.appeal_id)
    told = [
        await identities.without(context.session, case.alias, each) for each in (case.story, case.place, case.about)
    ]
    story, place, about = map(redaction.mask, told)
    return context.page(
        "appeals/help.html",
        status=422 if fault else 200,
        row=row,
        case=case,
        story=story,
        place=place,
        about=about,
        kind=context.knowledge.appeals.kinds[case.kind],
        lead=(await agencies.names(context.session)).get(case.agency_id or 0, ""),
        due=day(context.knowledge.texts, row.due_at),
        fault=fault,
        typed=context.form,
    )
