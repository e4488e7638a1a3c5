"""Who may do something in a district, by name: for whoever needs a second person, and for the list of what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.staff.accounts import grant_of
from bot.services.staff.permissions import Grant, Right
from bot.store.models import Staff, StaffRole
from knowledge.regions import around

PAIRS: Sequence[tuple[str, Right, Right]] = (  # what one person makes and another one lets out
    ("answers", Right.APPEALS_HANDLE, Right.APPEALS_REVIEW),
    ("consultations", Right.APPEALS_ASSIGN, Right.CONSULTATIONS_PUBLISH),
    ("notices", Right.NOTICES_WRITE, Right.NOTICES_APPROVE),
    ("policies", Right.POLICIES_EDIT, Right.POLICIES_PUBLISH),
)


@dataclass(frozen=True, slots=True)
class Crew:
    """Who of a unit may do something, with the grants they may do it by."""

    held: Sequence[tuple[int, str, Grant]]

    def of(self, region: str, kind: str) -> dict[int, str]:
        """Names by number of those who may do it with a case; one whose district nobody knows yet is everybody's."""
        return {number: name for number, name, grant in self.held if grant.covers(region or None, kind)}


async def crew(session: AsyncSession, right: Right, unit_id: int | None) -> Crew:
    """By one query, however many cases it is asked about."""
    query = select(Staff.id, Staff.name, StaffRole).join(StaffRole, StaffRole.staff_id == Staff.id)
    query = query.where(Staff.active, Staff.agency_id == unit_id, StaffRole.role.in_(right.roles))
    rows = await session.execute(query.order_by(Staff.id, StaffRole.id))
    return Crew([(number, name, grant_of(role)) for number, name, role in rows])


async def holding(session: AsyncSession, right: Right, region: str) -> dict[int, str]:
    """Names by number of those who may do this everywhere in a region, for every kind."""
    query = select(Staff.id, Staff.name).join(StaffRole, StaffRole.staff_id == Staff.id)
    query = query.where(Staff.active, StaffRole.category == "", StaffRole.role.in_(right.roles))
    query = query.where(StaffRole.district.in_(around(region)) if region else StaffRole.district == "")
    return {row.id: row.name for row in await session.execute(query.order_by(Staff.id))}


async def alone(session: AsyncSession, region: str) -> list[str]:
    """The names in PAIRS of what somebody makes here, and nobody else lets out."""
    found = []
    for name, makes, lets_out in PAIRS:
        makers, others = await holding(session, makes, region), await holding(session, lets_out, region)
        if any(not others.keys() - {each} for each in makers):
            found.append(name)
    return found
