"""Who reads a kind of appeals in a district: without anybody it is offered to nobody there.

A case as it is handed in is read by those who dispatch it.  Where an outside system is the desk, it reads everything.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.staff import accounts
from bot.services.staff.permissions import Grant, Right
from bot.services.units import desks
from bot.store.models import Staff, StaffRole
from knowledge.appeals import AppealKind
from knowledge.regions import around


async def unread(session: AsyncSession, kinds: Iterable[AppealKind], region: str) -> list[AppealKind]:
    """Those of these kinds that nobody would read in a region; "" is a case whose district nobody knows yet."""
    query = select(StaffRole, Staff.agency_id).join(Staff, Staff.id == StaffRole.staff_id)
    query = query.where(Staff.active, StaffRole.role.in_(Right.APPEALS_ASSIGN.roles))
    if region:
        query = query.where(StaffRole.district.in_(around(region)))
    here = [(accounts.grant_of(role), unit) for role, unit in await session.execute(query)]
    return [kind for kind in kinds if not await _is_read(session, kind, region, here)]


async def _is_read(
    session: AsyncSession, kind: AppealKind, region: str, people: list[tuple[Grant, int | None]]
) -> bool:
    """Somebody named for the kind; for what is not confidential anybody; of a unit, only the one that gets it."""
    fits = [(grant, unit) for grant, unit in people if grant.category in ("", kind.code)]
    if any(unit is None and (grant.category or not kind.confidential) for grant, unit in fits):
        return True
    taker = await desks.unit_for(session, kind.desk, region)
    return taker is not None and any(unit == taker.id for _, unit in fits)
