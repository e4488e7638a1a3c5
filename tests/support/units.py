"""Units for tests: entered as rows, where a test is about something else than how they are entered."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.models import Agency, AgencyDesk


async def unit_entered(
    session: AsyncSession, name: str, *desks: str, code: str = "", region: str = "", **more: object
) -> int:
    """A unit of a region that sits at these desks; returns its id."""
    row = Agency(code=code or name, name=name, region=region, **more)
    session.add(row)
    await session.flush()
    session.add_all(AgencyDesk(agency_id=row.id, desk=each) for each in desks)
    return row.id
