"""Compounds for tests: entered as rows, where a test is about something else than how they are entered."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.models import Compound, Gate

TIEXI, HEPING = "210106", "210102"


async def compound_entered(session: AsyncSession, name: str = "兴工花园", *gates: str, **more: object) -> Compound:
    """A compound of a district, with gates that are always open to riders."""
    row = Compound(**{"name": name, "region": TIEXI, **more})
    session.add(row)
    await session.flush()
    session.add_all(Gate(compound_id=row.id, name=each, hours="24 小时") for each in gates)
    await session.flush()
    return row
