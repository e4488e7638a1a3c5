"""Switching a unit off: what it has goes to its successor, a recorded move each; nothing is left with nobody."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.appeals import case_work, helpers, transitions
from bot.services.appeals.queue import BUSY
from bot.services.appeals.states import TO_DISPATCH, AppealMove, AppealState
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Actor, Role
from bot.services.hazards import hazards
from bot.services.hazards import states as hazard_states
from bot.services.hazards import transitions as hazard_transitions
from bot.services.hazards.states import HazardMove, HazardState
from bot.services.staff import audit
from bot.services.staff.audit import By
from bot.services.units import agencies
from bot.store.base import locked
from bot.store.models import Agency, Appeal, Hazard, HazardRule

AT_WORK = frozenset({HazardState.DISPATCHED, HazardState.HANDLING})  # a unit has it and may be working on it


async def open_cases(session: AsyncSession, unit_id: int) -> int:
    """How many appeals and hazards a unit would leave behind."""
    counts = (select(func.count()).where(each) for each in (_appeals(unit_id), _hazards(unit_id)))
    return sum([await session.scalar(each) or 0 for each in counts])


async def switch_off(session: AsyncSession, context: ServiceContext, by: By, unit: Agency, successor: str) -> int:
    """Let a unit take nothing any more; returns how many open cases went to the unit of the code `successor`.

    Raises Rejected: it has open cases and nobody takes them over, or not that one.
    """
    if not unit.active:
        return 0
    mine = or_(_appeals(unit.id), Appeal.id.in_(helpers.asked_of(unit.id)))
    cases = list(await session.scalars(locked(select(Appeal).where(mine).order_by(Appeal.id))))
    appeals = [each for each in cases if each.agency_id == unit.id and each.state in BUSY]
    found = list(await session.scalars(locked(select(Hazard).where(_hazards(unit.id)).order_by(Hazard.id))))
    if (appeals or found) and not successor:
        raise Rejected("unit.successor", count=len(appeals) + len(found))
    heir = await agencies.named(session, successor, unit.region) if successor else None
    if heir is not None:
        _check(unit, heir, appeals, found)
    unit.active, unit.changed_by = False, by.staff_id
    await session.flush()
    if heir is not None:
        await _hand_over(session, context, by, unit, heir, appeals, found)
    for number in await helpers.hand_over(session, context, unit, heir, _actor(by)):
        await audit.note(session, by, "appeal.help", f"appeal:{number}", agency=heir.code if heir is not None else "")
    await session.execute(update(Agency).where(Agency.parent_id == unit.id).values(parent_id=unit.parent_id))
    detail: dict[str, Any] = {
        "unit": unit.name,
        **({"successor": heir.code, "count": len(appeals) + len(found)} if heir else {}),
    }
    await audit.note(session, by, "unit.off", f"unit:{unit.id}", **detail)
    return len(appeals) + len(found)


def _check(unit: Agency, heir: Agency, appeals: Sequence[Appeal], found: Sequence[Hazard]) -> None:
    """Raises Rejected for a unit that must not have one of the cases: it is about it, or lies elsewhere."""
    if heir.id == unit.id:
        raise Rejected("unit.successor_same")
    if about := [each.number for each in appeals if each.about_id == heir.id]:
        raise Rejected("unit.successor_about", count=len(about))
    regions = {each.region for each in appeals} | {each.region for each in found}
    if not all(region.startswith(heir.region) or heir.region.startswith(region) for region in regions):
        raise Rejected("unit.successor_far")


async def _hand_over(
    session: AsyncSession,
    context: ServiceContext,
    by: By,
    unit: Agency,
    heir: Agency,
    appeals: Sequence[Appeal],
    found: Sequence[Hazard],
) -> None:
    """Those in work are given by the rule that a unit that is gone has a successor; those that wait are proposed."""
    actor = _actor(by)
    why = context.knowledge.texts.say("zh", "unit.over", unit=unit.name)
    proposed = context.knowledge.texts.say("zh", "unit.proposed", unit=unit.name, successor=heir.name)
    for appeal in appeals:
        if appeal.state in TO_DISPATCH:
            appeal.agency_id = heir.id
            await case_work.add_line(session, appeal, "log", actor, note=proposed)
        else:
            given = AppealMove(AppealState.ASSIGNED, actor, verb="reassign", agency=heir.code, text=why)
            await transitions.move(session, context, appeal.number, given)
    for hazard in found:
        if hazard.state in AT_WORK:
            sent = HazardMove(HazardState.DISPATCHED, actor, verb="reassign", agency=heir.code, text=why)
            await hazard_transitions.move(session, context, hazard.number, sent)
        else:
            hazard.agency_id, hazard.version = heir.id, hazard.version + 1
            await hazards.note(session, hazard, "news", actor, note=proposed)
    await session.execute(update(HazardRule).where(HazardRule.agency_id == unit.id).values(agency_id=heir.id))
    for appeal in appeals:
        await audit.note(session, by, "appeal.reassign", f"appeal:{appeal.number}", agency=heir.code)
    for hazard in found:
        await audit.note(session, by, "hazard.reassign", f"hazard:{hazard.number}", agency=heir.code)


def _actor(by: By) -> Actor:
    """The rule that a unit which is gone has a successor, set going by somebody."""
    return Actor(Role.SYSTEM, by.staff_id)


def _appeals(unit_id: int) -> ColumnElement[bool]:
    return and_(Appeal.agency_id == unit_id, Appeal.state.in_(BUSY))


def _hazards(unit_id: int) -> ColumnElement[bool]:
    return and_(Hazard.agency_id == unit_id, Hazard.state.in_(hazard_states.OPEN))
