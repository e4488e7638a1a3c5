"""/console/alike: problems that many share, and the consultations that settle them once for all."""

import asyncio

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import Card, card, page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.appeals import clusters, consultation_votes, consultations
from bot.services.appeals.consultations import CONSULTATIONS
from bot.services.staff import accounts, holders
from bot.services.staff.permissions import Right
from bot.services.units import agencies
from bot.store.models import Consultation

LONGEST = 2000  # characters of what is published
LONGEST_TITLE = 60


@card(Right.APPEALS_ASSIGN, order=30)
async def waiting(context: RequestContext) -> Card:
    items = await consultations.every(context.session, context.staffer)
    words, running = (
        context.console.layout.words,
        [item for item, _ in items if item.published_at is None and item.dismissed_at is None],
    )
    return Card(words("card.consultations"), len(running), urls.ALIKE, words("card.consultations_note"))


@page("GET", urls.ALIKE, right=Right.APPEALS_ASSIGN, nav="alike")
async def listed(context: RequestContext) -> web.Response:
    return await _list(context)


@page("POST", urls.ALIKE, right=Right.APPEALS_ASSIGN)
async def begin(context: RequestContext) -> web.Response:
    """Take a common problem up, with the cases that were left ticked."""
    by, numbers = context.staffer.require(Right.APPEALS_ASSIGN), context.every("number")
    title, lead = context.text("title", most=LONGEST_TITLE), context.text("lead")
    try:
        item = await consultations.begin(context.session, context.staffer, by, title=title, lead=lead, numbers=numbers)
    except Rejected as error:  # raised before anything is written
        return await _list(context, fault=context.console.layout.rejection(context, error))
    await context.audit("consultation.begin", f"consultation:{item.id}", cases=len(numbers))
    return context.to(f"{urls.ALIKE}/{item.id}", said="consult_begun")


@card(Right.CONSULTATIONS_PUBLISH, order=18)
async def to_publish(context: RequestContext) -> Card | None:
    """What a colleague wrote down; the oldest one first."""
    items, words = await consultations.to_publish(context.session, context.staffer), context.console.layout.words
    if not items:
        return None
    return Card(words("card.publish"), len(items), f"{urls.ALIKE}/{items[0].id}", words("card.publish_note"))


@page("GET", f"{urls.ALIKE}/{{id}}", right=Right.CONSULTATIONS_PUBLISH)
async def shown(context: RequestContext) -> web.Response:
    return await _show(context, await _found(context))


@page("POST", f"{urls.ALIKE}/{{id}}/draft", right=Right.APPEALS_ASSIGN)
async def draft(context: RequestContext) -> web.Response:
    """Write down what came of it, for a colleague to publish."""
    item, by, text = (
        await _locked(context),
        context.staffer.require(Right.APPEALS_ASSIGN),
        context.text("text", most=LONGEST),
    )
    try:
        await consultations.draft(context.session, item, text, by)
    except Rejected as error:
        return await _show(context, item, fault=context.console.layout.rejection(context, error))
    await context.audit("consultation.draft", f"consultation:{item.id}")
    return context.to(context.again, said="consult_drafted")


@page("POST", f"{urls.ALIKE}/{{id}}/publish", right=Right.CONSULTATIONS_PUBLISH)
async def publish(context: RequestContext) -> web.Response:
    """Tell everybody whose case it is what a colleague wrote down."""
    item, by, seen = await _locked(context), context.staffer.require(context.right), context.text("version")
    try:
        told = await consultations.publish(context.session, context.services, context.staffer, item, seen, by)
    except Rejected as error:
        return await _show(context, item, fault=context.console.layout.rejection(context, error))
    await context.audit("consultation.publish", f"consultation:{item.id}", cases=told)
    return context.to(context.again, said="consult_published")


@page("POST", f"{urls.ALIKE}/{{id}}/dismiss", right=Right.APPEALS_ASSIGN)
async def dismiss(context: RequestContext) -> web.Response:
    """Nothing came of it."""
    item, by = await _locked(context), context.staffer.require(Right.APPEALS_ASSIGN)
    try:
        await consultations.dismiss(context.session, context.staffer, item, context.text("why"), by)
    except Rejected as error:
        return await _show(context, item, fault=context.console.layout.rejection(context, error))
    await context.audit("consultation.dismiss", f"consultation:{item.id}")
    return context.to(context.again, said="consult_dismissed")


@page("POST", f"{urls.ALIKE}/{{id}}/units", right=Right.APPEALS_ASSIGN)
async def bring_in(context: RequestContext) -> web.Response:
    """A unit takes part."""
    item, by, unit = await _locked(context), context.staffer.require(Right.APPEALS_ASSIGN), context.text("unit")
    try:
        await consultations.bring_in(context.session, context.staffer, item, unit, by)
    except Rejected as error:
        return await _show(context, item, fault=context.console.layout.rejection(context, error))
    await context.audit("consultation.bring_in", f"consultation:{item.id}", unit=unit)
    return context.to(context.again, said="consult_unit")


@page("POST", f"{urls.ALIKE}/{{id}}/units/leave", right=Right.APPEALS_ASSIGN)
async def leave_out(context: RequestContext) -> web.Response:
    item, unit = await _locked(context), context.text("unit")
    await consultations.leave_out(context.session, item, unit)
    await context.audit("consultation.leave_out", f"consultation:{item.id}", unit=unit)
    return context.to(context.again, said="consult_unit_out")


@page("POST", f"{urls.ALIKE}/{{id}}/take-out", right=Right.APPEALS_ASSIGN)
async def take_out(context: RequestContext) -> web.Response:
    item = await _found(context, lock=True)
    await consultations.take_out(context.session, context.staffer, item, context.text("number"))
    await context.audit("consultation.take_out", f"consultation:{item.id}")
    return context.to(f"{urls.ALIKE}/{item.id}", said="consult_out")


async def _list(context: RequestContext, *, fault: str = "") -> web.Response:
    recent = await clusters.recent(context.session, context.staffer)
    return context.page(
        "appeals/clusters.html",
        status=422 if fault else 200,
        clusters=await asyncio.to_thread(clusters.find, recent, context.knowledge),
        items=await consultations.every(context.session, context.staffer),
        kinds=context.knowledge.appeals.kinds,
        agencies=await agencies.around(context.session, context.staffer.districts(Right.APPEALS_READ)),
        fewest=clusters.FEWEST,
        days=clusters.WITHIN.days,
        queue=urls.APPEALS,
        fault=fault,
        typed=context.form,
        ticked=set(context.every("number")),
    )


async def _show(context: RequestContext, item: Consultation, *, fault: str = "") -> web.Response:
    publishers = await holders.holding(context.session, Right.CONSULTATIONS_PUBLISH, item.district)
    return context.page(
        "appeals/consultation.html",
        status=422 if fault else 200,
        item=item,
        cases=await consultations.cases(context.session, context.staffer, item, Right.CONSULTATIONS_PUBLISH),
        writes=context.staffer.may(Right.APPEALS_ASSIGN, district=item.district),
        others=[name for number, name in publishers.items() if number != item.drafted_by],
        voices=await consultation_votes.heard(context.session, item.id),
        lead=(await agencies.names(context.session)).get(item.lead_id or 0, ""),
        units=await consultations.units(context.session, item),
        agencies=await agencies.around(context.session, context.staffer.districts(Right.APPEALS_ASSIGN)),
        names=await accounts.names(context.session, [item.opened_by, item.published_by, item.drafted_by]),
        kinds=context.knowledge.appeals.kinds,
        mark=consultations.draft_mark(item),
        fault=fault,
        typed=context.form,
    )


async def _locked(context: RequestContext) -> Consultation:
    item = await _found(context, lock=True)
    context.again = f"{urls.ALIKE}/{item.id}"
    return item


async def _found(context: RequestContext, *, lock: bool = False) -> Consultation:
    return await context.find(CONSULTATIONS, context.number("id"), context.right, lock=lock)
