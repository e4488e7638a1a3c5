"""What filing an appeal reads and writes, as statements that are made once: one look at all it has to know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, func, insert, literal, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.calendar import time_limits
from bot.services.core import numbers, revisions
from bot.services.core.working_days import Calendar, Limit, china_date
from bot.services.units import desks
from bot.store.models import Agency, Appeal, AppealStep, Identity
from knowledge.appeals import AppealKind

A_DAY = 10  # appeals one person may file in 24 hours


@dataclass(frozen=True, slots=True)
class Desk:
    """The agency that takes an appeal."""

    id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What an appeal is filed upon."""

    number: str
    desk: Desk | None
    limit: Limit
    calendar: Calendar


async def look(session: AsyncSession, owner: bytes, kind: AppealKind, desk: str, region: str, at: datetime) -> Ground:
    """Raises Rejected when this person has filed too many today."""
    await session.flush()  # The statements below go past the session.
    connection = await session.connection()
    wanted = {"owner": owner, "since": at - timedelta(days=1), "desk": desk}
    wanted |= {"province": region[:2], "city": region[:4], "district": region[:6]}
    while True:
        number = numbers.new_number()
        seen = (await connection.execute(_LOOK, {**wanted, "number": number})).one()
        if seen.filed >= A_DAY:
            raise Rejected("appeal.too_many", most=A_DAY)
        if not seen.taken:
            break
    taker = Desk(seen.id, seen.code, seen.name) if seen.id is not None else None
    rules = await time_limits.rules_of(session, seen.ruled_at)
    return Ground(number, taker, rules.limit(kind, region, china_date(at)), rules.calendar)


async def write(session: AsyncSession, case: Mapping[str, Any], step: Mapping[str, Any]) -> int:
    """Write the case and the first line of its timeline; returns the case's id."""
    await session.flush()
    connection = await session.connection()
    appeal_id: int = (await connection.execute(_CASE, case)).scalar_one()
    await connection.execute(_STEP, {**step, "appeal_id": appeal_id})
    return appeal_id


def _looking() -> Any:
    # Identities know their owner; the join leaves out those of hazards and volunteers.
    filed = select(func.count()).select_from(Identity).join(Appeal, Appeal.alias == Identity.alias)
    filed = filed.where(Identity.owner == bindparam("owner"), Identity.created_at > bindparam("since"))
    here = [*(bindparam(name) for name in ("province", "city", "district")), ""]
    desk = desks.first_at(bindparam("desk"), here, Agency.id, Agency.code, Agency.name).subquery("desk")
    one = select(literal(1).label("one")).subquery("one")
    return select(
        filed.scalar_subquery().label("filed"),
        exists().where(Appeal.number == bindparam("number")).label("taken"),
        revisions.changed_at(time_limits.NAME).label("ruled_at"),
        desk,
    ).select_from(one.outerjoin(desk, true()))


_LOOK = _looking()
_CASE = insert(Appeal.__table__).returning(Appeal.__table__.c.id)  # type: ignore[arg-type]
_STEP = insert(AppealStep.__table__)  # type: ignore[arg-type]
