"""Outlets and contacts for tests: entered as rows, where a test is about something else than how they are entered."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.models import Contact, Outlet

TIEXI = "210106"


async def outlet_entered(session: AsyncSession, name: str = "兴工街站", **more: object) -> int:
    """An outlet of a platform in a district; returns its id."""
    row = Outlet(**{"name": name, "platform": "meituan", "region": TIEXI, **more})
    session.add(row)
    await session.flush()
    return row.id


async def contact_entered(session: AsyncSession, unit: int, name: str = "李干事", **more: object) -> int:
    """Who of a unit is there for an outlet or a region; returns their id."""
    row = Contact(**{"agency_id": unit, "shown_name": name, "duty": "community", "phone": "02425850000", **more})
    session.add(row)
    await session.flush()
    return row.id
