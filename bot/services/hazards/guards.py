"""What a step of a hazard needs, besides being in the lifecycle's table.  Each raises Rejected with what is missing."""

from collections.abc import Awaitable, Callable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import IllegalStep, Role
from bot.services.hazards import dispatch_rules, photos
from bot.services.hazards.queue import HAZARDS
from bot.services.hazards.states import CLOSED, HazardMove, HazardState
from bot.services.staff.permissions import Right
from bot.services.units import agencies
from bot.store.models import Agency, Hazard, Staff
from knowledge.geo import Point, distance

Check = Callable[[AsyncSession, ServiceContext, Hazard, HazardMove], Awaitable[None]]

ON_SITE = 200  # metres from the place within which a handler was there
SHORTEST = 4  # characters
SHORTEST_RESULT = 8  # characters


async def _check_text(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    if len(wanted.text.strip()) < SHORTEST:
        raise Rejected("move.text")


async def _check_link(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    """With one that this person may look at, too: its author follows that one from now on."""
    parent = await HAZARDS.of_actor(session, wanted.actor, wanted.parent, Right.HAZARDS_REVIEW)
    if parent is None or parent.id == hazard.id or parent.state in CLOSED:
        raise Rejected("hazard.parent")
    hazard.parent_id = parent.id


async def _check_dispatch(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    """The agency somebody names, else the one it has, else the rules'.  Reopened, another one with a reason only."""
    if not wanted.agency:
        has = await session.get(Agency, hazard.agency_id) if hazard.agency_id is not None else None
        if has is None or not has.active:
            hazard.agency_id = await dispatch_rules.suggested(session, context, hazard)
        if hazard.agency_id is None:
            raise Rejected("move.agency")
        return
    agency = await agencies.named(session, wanted.agency, hazard.region)
    if hazard.state == HazardState.REOPENED and hazard.agency_id not in (None, agency.id):
        await _check_text(session, context, hazard, wanted)
    hazard.agency_id = agency.id


async def _check_reassign(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    agency = await agencies.named(session, wanted.agency, hazard.region)
    if agency.id == hazard.agency_id:
        raise Rejected("move.same_unit")
    await _check_text(session, context, hazard, wanted)
    hazard.agency_id = agency.id


async def _check_handler(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    """A handler moves what their own agency has, and nothing else."""
    if wanted.actor.role is Role.HANDLER and wanted.actor.agency_id != hazard.agency_id:
        raise IllegalStep("hazard", hazard.state, wanted.target, ())


async def _check_return(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    await _check_handler(session, context, hazard, wanted)
    await _check_text(session, context, hazard, wanted)


async def _check_resolve(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    """What was done, in words; a photo of it; and from the spot, or why not."""
    await _check_handler(session, context, hazard, wanted)
    if len(wanted.text.strip()) < SHORTEST_RESULT:
        raise Rejected("hazard.result_short", least=SHORTEST_RESULT)
    if wanted.actor.role is Role.BACKEND:
        hazard.metres, hazard.off_site = None, "backend"
        return
    await _check_photo(session, hazard)
    here, there = wanted.point, dispatch_rules.point_of(hazard)
    hazard.metres = round(distance(Point(*here), Point(*there))) if here and there else None
    hazard.off_site = wanted.off_site.strip()
    if (hazard.metres is None or hazard.metres > ON_SITE) and len(hazard.off_site) < SHORTEST:
        raise Rejected("hazard.off_site", most=ON_SITE)


async def _check_photo(session: AsyncSession, hazard: Hazard) -> None:
    """A photo of this fix, taken for it: not the report's own once more, nor one that belongs to another place."""
    photo = await photos.result(session, hazard)
    if photo is None:
        raise Rejected("hazard.result_photo")
    if photo.print and (number := await photos.original(session, photo)):
        raise Rejected("hazard.result_same" if number == hazard.number else "hazard.result_used", number=number)


async def _check_verify(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    """By anybody but whoever handled it, whichever door they come through."""
    if wanted.actor.id is not None and wanted.actor.id == hazard.handler_id:
        raise Rejected("hazard.own_work")
    if wanted.chat_id is not None and hazard.handler_id is not None:
        linked = await session.scalar(select(Staff.chat_id).where(Staff.id == hazard.handler_id))
        if linked == wanted.chat_id:
            raise Rejected("hazard.own_work")


async def _check_reopen(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    await _check_text(session, context, hazard, wanted)
    await _check_verify(session, context, hazard, wanted)


CHECKS: dict[str, Check] = {
    "reject": _check_text,
    "link": _check_link,
    "dispatch": _check_dispatch,
    "reassign": _check_reassign,
    "return": _check_return,
    "begin": _check_handler,
    "resolve": _check_resolve,
    "verify": _check_verify,
    "reopen": _check_reopen,
}
