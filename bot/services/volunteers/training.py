"""The training checklist: items learnt in chat, and items done on the spot."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.context import ServiceContext
from bot.store import upsert
from bot.store.models import Training, Volunteer, now
from knowledge.volunteers import TrainingItem


async def done(session: AsyncSession, volunteer: Volunteer) -> set[str]:
    """Codes of the items somebody has done."""
    return set(await session.scalars(select(Training.item).where(Training.volunteer_id == volunteer.id)))


async def missing(session: AsyncSession, context: ServiceContext, volunteer: Volunteer) -> list[TrainingItem]:
    """The items still to do, in their order."""
    known = await done(session, volunteer)
    return [item for item in context.knowledge.grid.items.values() if item.code not in known]


async def tick(session: AsyncSession, volunteer: Volunteer, item: TrainingItem, staff_id: int | None) -> None:
    """An item is done.  Ticking twice changes nothing."""
    values = {"volunteer_id": volunteer.id, "item": item.code, "staff_id": staff_id, "at": now()}
    await session.execute(upsert.insert(session, Training).values(values).on_conflict_do_nothing())
