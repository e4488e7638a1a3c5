"""Rows that are there before anybody is heard: offices of the content, what is due every day, counts, and the like.

Each part looks first, so that another process, or the next start, changes nothing.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services import replanning
from bot.services.core.context import ServiceContext
from bot.services.privacy import retention
from bot.services.reports import daily_counts, ledger_schedule
from bot.services.units import agencies
from bot.services.volunteers import audience_tags


async def ensure(session: AsyncSession, services: ServiceContext) -> None:
    """Write what is missing."""
    knowledge = services.knowledge
    await agencies.ensure(session, knowledge.offices)
    await retention.ensure(session)
    await ledger_schedule.ensure(session)
    await daily_counts.ensure(session, knowledge.measures.counted)
    await audience_tags.ensure(session)
    await replanning.take_up(session)
