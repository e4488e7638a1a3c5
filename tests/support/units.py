"""Units and people for tests: entered as rows, where a test is about something else than how they are entered."""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.lifecycle import Role
from bot.store.models import Agency, AgencyDesk, Staff, StaffRole

DUTY = 9_000  # out of the way of tests that number their people themselves


async def unit_entered(
    session: AsyncSession, name: str, *desks: str, code: str = "", region: str = "", **more: object
) -> int:
    """A unit of a region that sits at these desks; returns its id."""
    row = Agency(code=code or name, name=name, region=region, **more)
    session.add(row)
    await session.flush()
    session.add_all(AgencyDesk(agency_id=row.id, desk=each) for each in desks)
    return row.id


async def dispatch_everywhere(session: AsyncSession) -> None:
    """Somebody who dispatches whatever is not confidential, in the whole country: without a reader no kind is offered."""
    person = Staff(id=DUTY, name="值班", username="duty.everywhere")
    session.add(person)
    await session.flush()
    session.add(StaffRole(staff_id=person.id, role=Role.ADMIN))


async def nobody_dispatches(session: AsyncSession) -> None:
    """Nobody works here yet, as in an empty installation."""
    for model in (StaffRole, Staff):
        await session.execute(delete(model))
