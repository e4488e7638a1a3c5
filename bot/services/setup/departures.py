"""Whoever may not handle a case any more has it no longer: it waits for its unit, and the colleagues there are called.

Asked after every change of what somebody may do: deactivated, in another unit, without a role.
"""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.appeals import calls as appeal_calls
from bot.services.appeals import case_work
from bot.services.appeals.queue import BUSY
from bot.services.core.lifecycle import Actor, Role
from bot.services.hazards import calls as hazard_calls
from bot.services.hazards import hazards
from bot.services.hazards.states import OPEN
from bot.services.staff import holders
from bot.services.staff.audit import By
from bot.services.staff.permissions import Right
from bot.store.base import locked
from bot.store.models import Appeal, Hazard, Staff

LINE = "left"  # in a timeline

Case = TypeVar("Case", Appeal, Hazard)


async def release(session: AsyncSession, by: By, person: Staff) -> int:
    """Let go of everything open that they have and may handle no longer; returns how many.  by: who changed that."""
    actor = Actor(Role.SYSTEM, by.staff_id)
    appeals = await _left(session, person, await _appeals(session, person), Right.APPEALS_HANDLE)
    for appeal in appeals:
        appeal.handler_id = None
        await case_work.add_line(session, appeal, LINE, actor)
        await appeal_calls.after(session, appeal, LINE)
    found = await _left(session, person, await _hazards(session, person), Right.HAZARDS_HANDLE)
    for hazard in found:
        hazard.handler_id, hazard.version = None, hazard.version + 1
        await hazards.note(session, hazard, LINE, actor)
        await hazard_calls.after(session, hazard, LINE)
    await session.flush()
    return len(appeals) + len(found)


async def _appeals(session: AsyncSession, person: Staff) -> Sequence[Appeal]:
    theirs = select(Appeal).where(Appeal.handler_id == person.id, Appeal.state.in_(BUSY)).order_by(Appeal.id)
    return list(await session.scalars(locked(theirs)))


async def _hazards(session: AsyncSession, person: Staff) -> Sequence[Hazard]:
    theirs = select(Hazard).where(Hazard.handler_id == person.id, Hazard.state.in_(OPEN)).order_by(Hazard.id)
    return list(await session.scalars(locked(theirs)))


async def _left(session: AsyncSession, person: Staff, cases: Sequence[Case], right: Right) -> list[Case]:
    """Those that this person is no handler of any more."""
    crews = {unit: await holders.crew(session, right, unit) for unit in {each.agency_id for each in cases}}
    return [each for each in cases if person.id not in crews[each.agency_id].of(each.region, each.kind)]
