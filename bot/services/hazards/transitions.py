"""Moving a hazard: one function for workers, staff, timers and Open311, whichever door they come through."""

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM, Role
from bot.services.hazards import calls, points
from bot.services.hazards.effects import EFFECTS
from bot.services.hazards.guards import CHECKS
from bot.services.hazards.states import HAZARD, HazardMove, HazardState
from bot.store.base import locked
from bot.store.models import Agency, Hazard, HazardStep, now

GIVEN = ("dispatch", "reassign")  # the steps that give a hazard to a unit


class UnknownHazard(LookupError):
    """A number that we never gave out."""


async def move(session: AsyncSession, context: ServiceContext, number: str, wanted: HazardMove) -> Hazard:
    """Take a step: state, timeline, timers and messages in one transaction.

    The same news twice - the same key, or a backend that repeats a state - changes nothing and is told once.
    Raises UnknownHazard, IllegalStep (which names the legal ones), Rejected (something is missing).
    """
    hazard = await get(session, number, lock=True)
    if await _known(session, hazard, wanted):
        return hazard
    step = HAZARD.step(hazard.state, wanted.target, wanted.actor.role, wanted.verb)
    if check := CHECKS.get(step.name):
        await check(session, context, hazard, wanted)
    before, at = hazard.state, now()
    hazard.state, hazard.updated_at = wanted.target, at
    hazard.version += 1
    values = {
        "hazard_id": hazard.id,
        "name": step.name,
        "source": before,
        "target": wanted.target,
        "role": wanted.actor.role,
        "staff_id": wanted.actor.id,
        "agency_id": hazard.agency_id if step.name in (*GIVEN, "return") else wanted.actor.agency_id,
        "text": wanted.text,
        "note": wanted.note or (await _unit(session, hazard) if step.name in GIVEN else ""),
        "key": wanted.key or None,
        "at": at,
    }
    await session.execute(insert(HazardStep).values(values))
    await EFFECTS[step.name](session, context, hazard, wanted)
    await calls.after(session, hazard, step.name)
    await session.flush()
    if step.name == "verify" and await points.give(session, hazard, "verified"):
        return await move(session, context, number, HazardMove(HazardState.REWARDED, SYSTEM))
    return hazard


async def _unit(session: AsyncSession, hazard: Hazard) -> str:
    """What staff reads of a step that gives it to somebody: to whom."""
    agency = await session.get(Agency, hazard.agency_id) if hazard.agency_id else None
    return agency.name if agency is not None else ""


async def get(session: AsyncSession, number: str, *, lock: bool = False) -> Hazard:
    """Raises UnknownHazard."""
    query = select(Hazard).where(Hazard.number == number)
    hazard: Hazard | None = await session.scalar(locked(query) if lock else query)
    if hazard is None:
        raise UnknownHazard(number)
    return hazard


async def _known(session: AsyncSession, hazard: Hazard, wanted: HazardMove) -> bool:
    if wanted.actor.role is Role.BACKEND and hazard.state == wanted.target:
        return True
    return bool(wanted.key) and await seen(session, hazard, wanted.key)


async def seen(session: AsyncSession, hazard: Hazard, key: str) -> bool:
    """Whether the timeline has a line under this key."""
    line = select(HazardStep.id).where(HazardStep.hazard_id == hazard.id, HazardStep.key == key)
    return await session.scalar(line) is not None


async def last(session: AsyncSession, hazard: Hazard, name: str) -> datetime | None:
    """When a step of this name was taken last."""
    steps = select(HazardStep.at).where(HazardStep.hazard_id == hazard.id, HazardStep.name == name)
    at: datetime | None = await session.scalar(steps.order_by(HazardStep.id.desc()).limit(1))
    return at
