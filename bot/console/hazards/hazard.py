"""/console/hazards/NUMBER: one hazard with its photos and its timeline, and every step that can be taken with it."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from aiohttp import web

from bot.console.core import map_view
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.console.hazards.actions import ACTS, possible, where
from bot.doors import pictures
from bot.errors import Refused, Rejected
from bot.messaging import urls
from bot.services.attachments import attachments
from bot.services.attachments.attachments import Made
from bot.services.calendar.wording import day
from bot.services.core.lifecycle import Actor, IllegalStep
from bot.services.hazards import case_work, dispatch_rules, duplicates, followers, hazards, photos
from bot.services.hazards import queue as hazard_queue
from bot.services.hazards import transitions as hazard_transitions
from bot.services.hazards.guards import ON_SITE
from bot.services.hazards.photos import ResultPhoto
from bot.services.hazards.queue import HAZARDS
from bot.services.hazards.states import OPEN, HazardMove, HazardState
from bot.services.staff import accounts
from bot.services.staff.permissions import Right
from bot.services.units import agencies
from bot.store.models import Hazard, HazardPhoto, HazardStep
from knowledge import maplinks
from knowledge.geo import Point, in_china

ONE = f"{urls.HAZARDS}/{{number}}"
LONGEST = 1_000  # characters of a text
PLACE = "geolocation=(self), microphone=(), camera=(), payment=(), usb=()"  # where the handler stands, if they wish


@page("GET", ONE, right=Right.HAZARDS_READ)
async def shown(context: RequestContext) -> web.Response:
    return await show(context, await found(context))


@page("POST", f"{ONE}/validate", right=Right.HAZARDS_REVIEW)
async def validate(context: RequestContext) -> web.Response:
    """Somebody looked; where a rule names the agency, on to it at once."""
    hazard, by = await _for(context, "validate")

    async def work() -> None:
        await hazard_transitions.move(
            context.session, context.services, hazard.number, HazardMove(HazardState.VALIDATED, by)
        )
        if hazard.agency_id is not None:
            await hazard_transitions.move(
                context.session, context.services, hazard.number, HazardMove(HazardState.DISPATCHED, by)
            )

    return await _do(context, hazard, "validate", work())


@page("POST", f"{ONE}/dispatch", right=Right.HAZARDS_REVIEW)
async def dispatch(context: RequestContext) -> web.Response:
    return await _move(context, "dispatch", agency=context.text("agency"))


@page("POST", f"{ONE}/reassign", right=Right.HAZARDS_REVIEW)
async def reassign(context: RequestContext) -> web.Response:
    """Another unit takes it over; whoever follows it reads why."""
    return await _move(context, "reassign", agency=context.text("agency"))


@page("POST", f"{ONE}/begin", right=Right.HAZARDS_HANDLE)
async def begin(context: RequestContext) -> web.Response:
    return await _move(context, "begin")


@page("POST", f"{ONE}/return", right=Right.HAZARDS_HANDLE)
async def give_back(context: RequestContext) -> web.Response:
    return await _move(context, "return")


@page("POST", f"{ONE}/verify", right=Right.HAZARDS_REVIEW)
async def verify(context: RequestContext) -> web.Response:
    """A sample: somebody of the staff, who did not handle it, went and looked, or called."""
    return await _move(context, "verify")


@page("POST", f"{ONE}/reopen", right=Right.HAZARDS_REVIEW)
async def reopen(context: RequestContext) -> web.Response:
    return await _move(context, "reopen")


@page("POST", f"{ONE}/link", right=Right.HAZARDS_REVIEW)
async def link(context: RequestContext) -> web.Response:
    return await _move(context, "link", parent=context.text("parent").upper())


@page("POST", f"{ONE}/log", right=Right.HAZARDS_LOG)
async def log(context: RequestContext) -> web.Response:
    hazard, by = await _worked(context)
    return await _do(
        context, hazard, "log", case_work.log(context.session, hazard, context.text("text", most=LONGEST), by)
    )


@page("POST", f"{ONE}/extend", right=Right.HAZARDS_EXTEND)
async def extend(context: RequestContext) -> web.Response:
    """More time, decided by somebody else than who handles it."""
    hazard, by = await _worked(context)
    days, why = context.number("days") or 0, context.text("text", most=LONGEST)
    work = case_work.extend(context.session, context.services, hazard, days, why, by)
    return await _do(context, hazard, "extend", work)


@page("POST", f"{ONE}/reject", right=Right.HAZARDS_REVIEW)
async def reject(context: RequestContext) -> web.Response:
    return await _move(context, "reject")


async def _photo(context: RequestContext) -> ResultPhoto | Refused | None:
    """The photo of the form, read before anything is locked; a bad one is refused beside the form."""
    upload = context.files.get("photo")
    try:
        return await pictures.aside(photos.read, upload.data) if upload is not None else None
    except Refused as error:
        return error


@page("POST", f"{ONE}/resolve", right=Right.HAZARDS_HANDLE, prepare=_photo)
async def resolve(context: RequestContext) -> web.Response:
    """Done, with a photo, from the spot: where the browser says, else what the photo says, which is not kept."""
    hazard, by = await _for(context, "resolve")
    text, off_site = context.text("text", most=LONGEST), context.text("off_site")
    point, photo = _place(context), context.prepared

    async def work() -> None:
        if isinstance(photo, Refused):
            raise photo
        if photo is not None:
            await _keep(context, hazard, photo.made)
        wanted = HazardMove(
            HazardState.RESOLVED, by, text=text, point=point or (photo and photo.point), off_site=off_site
        )
        await hazard_transitions.move(context.session, context.services, hazard.number, wanted)

    return await _do(context, hazard, "resolve", work())


async def found(context: RequestContext, *, lock: bool = False) -> Hazard:
    """The hazard of the address.  Raises Denied, which shows as "not found", for one that is not theirs to see."""
    return await context.find(HAZARDS, context.http_request.match_info["number"], Right.HAZARDS_READ, lock=lock)


async def show(
    context: RequestContext, hazard: Hazard, *, fault: str = "", at: str = "", status: int = 200
) -> web.Response:
    """The page of a hazard.  fault: what is wrong with the form `at`, whose fields keep what was typed."""
    session = context.session
    lines = await hazards.timeline(session, hazard.id)
    kinds = context.knowledge.hazards.kinds
    acts, pictures_of = possible(context.staffer, hazard), await photos.of(session, hazard.id)
    near = await duplicates.near(session, context.staffer, hazard) if "link" in acts else []
    response = context.page(
        "hazards/hazard.html",
        status=status,
        hazard=hazard,
        kind=kinds.get(hazard.kind),
        kinds=kinds,
        agency=await agencies.names(session),
        offices=await agencies.around(session, context.staffer.districts(Right.HAZARDS_READ)),
        proposed=hazard.agency_id or await dispatch_rules.suggested(session, context.services, hazard),
        returned={each.agency_id for each in lines if each.name == "return"},
        given=hazard_transitions.GIVEN,
        sent_back=_sent_back(hazard, lines),
        lines=lines,
        names=await accounts.names(session, [*(each.staff_id for each in lines), hazard.handler_id]),
        photos=pictures_of,
        pair=_pair(pictures_of),
        near=near,
        thumbs=await photos.first_of(session, [each.hazard.id for each in near]),
        may_look=context.staffer.may(Right.HAZARDS_PHOTOS, **where(hazard)),
        followers=await followers.count(session, hazard) - (hazard.alias is not None),
        acts=acts,
        way=_way(hazard),
        city=_city(hazard),
        due=day(context.knowledge.texts, hazard.due_at),
        late=hazard_queue.is_late(hazard),
        unseen=hazard_queue.is_unseen(hazard),
        on_site=ON_SITE,
        fault=fault,
        at=at,
        typed=context.form if fault else {},
    )
    response.headers["Permissions-Policy"] = PLACE
    return response


def _pair(found: Sequence[HazardPhoto]) -> list[HazardPhoto]:
    """The report's first photo and the newest one of a fix; none before there are both."""
    before = [each for each in found if each.part == "report"][:1]
    after = [each for each in found if each.part == "result"][-1:]
    return [*before, *after] if before and after else []


def _sent_back(hazard: Hazard, lines: Sequence[HazardStep]) -> HazardStep | None:
    """Why it is to be done again, as whoever looked at the fix said; None once it is done again."""
    if hazard.state not in OPEN:
        return None
    return next((each for each in reversed(lines) if each.name == "reopen"), None)


async def _worked(context: RequestContext) -> tuple[Hazard, Actor]:
    """The hazard, locked, and who acts on it without moving it.  Raises Denied."""
    hazard = await found(context, lock=True)
    subject = f"hazard:{hazard.number}"
    return hazard, context.staffer.require(context.right, **where(hazard), subject=subject)


async def _for(context: RequestContext, name: str) -> tuple[Hazard, Actor]:
    """The hazard, locked, and who this person acts as.  Raises Denied."""
    hazard = await found(context, lock=True)
    subject = f"hazard:{hazard.number}"
    return hazard, context.staffer.require(ACTS[name].right, **where(hazard), subject=subject)


async def _move(context: RequestContext, name: str, **details: Any) -> web.Response:
    hazard, by = await _for(context, name)
    text = context.text("text", most=LONGEST)
    wanted = HazardMove(ACTS[name].target, by, text=text, verb=name, **details)
    return await _do(
        context, hazard, name, hazard_transitions.move(context.session, context.services, hazard.number, wanted)
    )


async def _do(context: RequestContext, hazard: Hazard, name: str, work: Awaitable[object]) -> web.Response:
    """Take a step; what is wrong is said beside the form, and nothing of the step is kept."""
    number = hazard.number
    try:
        async with context.session.begin_nested():
            await work
    except (Rejected, IllegalStep, Refused) as error:
        layout = context.console.layout
        if isinstance(error, Refused):
            fault = layout.words("hazard.no_picture")
        else:
            fault = layout.rejection(context, error) if isinstance(error, Rejected) else layout.legal(error)
        return await show(context, await found(context), fault=fault, at=name, status=422)
    await context.audit(f"hazard.{name}", f"hazard:{number}")
    seen = (
        await hazard_queue.get(context.session, context.staffer, number) is not None
    )  # What was given back is not theirs.
    return context.to(ONE.format(number=number) if seen else urls.HAZARDS, said=f"hazard_{name}")


async def _keep(context: RequestContext, hazard: Hazard, made: Made) -> None:
    """A photo of the result.  A crash before the commit leaves a sealed file that nobody refers to."""
    vault = attachments.vault_for(context.session)
    name = await asyncio.to_thread(attachments.keep, context.console.uploads, vault, made)
    await photos.add(context.session, hazard, "result", made, name)


def _place(context: RequestContext) -> tuple[float, float] | None:
    try:
        point = float(context.text("lat")), float(context.text("lon"))
    except ValueError:
        return None
    return point if in_china(*point) else None


def _way(hazard: Hazard) -> str:
    """A link to the place in a map app; "" without a position."""
    if hazard.latitude is None or hazard.longitude is None:
        return ""
    return maplinks.amap(Point(hazard.latitude, hazard.longitude), hazard.number, "drive")


def _city(hazard: Hazard) -> str:
    """Whose outlines lie under its place."""
    if hazard.latitude is None or hazard.longitude is None:
        return ""
    return map_view.city(hazard.latitude, hazard.longitude)
