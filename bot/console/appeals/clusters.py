"""/console/alike: problems that many share, and the consultations that settle them once for all."""

import asyncio

from aiohttp import web

from bot.console.appeals.queue import QUEUE
from bot.console.core.request import Visit
from bot.console.core.routes import ROOT, Card, card, page
from bot.errors import Rejected
from bot.services.appeals import clusters, consultation_votes, consultations
from bot.services.staff import accounts
from bot.services.units import agencies
from bot.store.models import Consultation

ALIKE = f"{ROOT}/alike"
LONGEST = 2000  # characters of what is published
LONGEST_TITLE = 60


@card("appeals.assign", order=30)
async def waiting(visit: Visit) -> Card:
    items = await consultations.every(visit.session, visit.staffer)
    words, running = visit.console.layout.words, [item for item, _ in items if item.published_at is None]
    return Card(words("card.consultations"), len(running), ALIKE, words("card.consultations_note"))


@page("GET", ALIKE, right="appeals.assign", nav="alike")
async def listed(visit: Visit) -> web.Response:
    return await _list(visit)


@page("POST", ALIKE, right="appeals.assign")
async def begin(visit: Visit) -> web.Response:
    """Take a common problem up, with the cases that were left ticked."""
    by, numbers = visit.staffer.require("appeals.assign"), visit.every("number")
    title, lead = visit.text("title", most=LONGEST_TITLE), visit.text("lead")
    try:
        item = await consultations.begin(visit.session, visit.staffer, by, title=title, lead=lead, numbers=numbers)
    except Rejected as error:  # raised before anything is written
        return await _list(visit, fault=visit.console.layout.rejection(visit, error))
    await visit.audit("consultation.begin", f"consultation:{item.id}", cases=len(numbers))
    return visit.to(f"{ALIKE}/{item.id}", said="consult_begun")


@page("GET", f"{ALIKE}/{{id}}", right="appeals.assign")
async def shown(visit: Visit) -> web.Response:
    return await _show(visit, await _found(visit))


@page("POST", f"{ALIKE}/{{id}}/publish", right="appeals.assign")
async def publish(visit: Visit) -> web.Response:
    """Tell everybody whose case it is."""
    item, by = await _found(visit, lock=True), visit.staffer.require("appeals.assign")
    visit.again = f"{ALIKE}/{item.id}"
    try:
        told = await consultations.publish(visit.session, visit.frame, item, visit.text("text", most=LONGEST), by)
    except Rejected as error:
        return await _show(visit, item, fault=visit.console.layout.rejection(visit, error))
    await visit.audit("consultation.publish", f"consultation:{item.id}", cases=told)
    return visit.to(visit.again, said="consult_published")


@page("POST", f"{ALIKE}/{{id}}/take-out", right="appeals.assign")
async def take_out(visit: Visit) -> web.Response:
    item = await _found(visit, lock=True)
    await consultations.take_out(visit.session, item, visit.text("number"))
    await visit.audit("consultation.take_out", f"consultation:{item.id}")
    return visit.to(f"{ALIKE}/{item.id}", said="consult_out")


async def _list(visit: Visit, *, fault: str = "") -> web.Response:
    recent = await clusters.recent(visit.session, visit.staffer)
    return visit.page(
        "appeals/clusters.html",
        status=422 if fault else 200,
        clusters=await asyncio.to_thread(clusters.find, recent),
        items=await consultations.every(visit.session, visit.staffer),
        kinds=visit.knowledge.appeals.kinds,
        agencies=await agencies.every(visit.session),
        fewest=clusters.FEWEST,
        days=clusters.WITHIN.days,
        queue=QUEUE,
        fault=fault,
        typed=visit.form,
        ticked=set(visit.every("number")),
    )


async def _show(visit: Visit, item: Consultation, *, fault: str = "") -> web.Response:
    offices = {each.id: each.name for each in await agencies.every(visit.session)}
    return visit.page(
        "appeals/consultation.html",
        status=422 if fault else 200,
        item=item,
        cases=await consultations.cases(visit.session, item),
        voices=await consultation_votes.heard(visit.session, item.id),
        lead=offices.get(item.lead_id or 0, ""),
        names=await accounts.names(visit.session, [item.opened_by, item.published_by]),
        kinds=visit.knowledge.appeals.kinds,
        fault=fault,
        typed=visit.form,
    )


async def _found(visit: Visit, *, lock: bool = False) -> Consultation:
    number = visit.number("id")
    item = None
    if number is not None:
        item = await consultations.find(visit.session, visit.staffer, number, lock=lock)
    if item is None:
        raise web.HTTPNotFound
    return item
