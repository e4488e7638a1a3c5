"""Whom a reward calls: who may approve it in its district, and did not write it."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.services.core.context import ServiceContext
from bot.services.points.rewards import NOUN, REWARDS, RewardState
from bot.services.staff.calls import CallSource, Matter
from bot.services.staff.permissions import Right
from bot.store.models import Reward
from knowledge.texts import DEFAULT

__all__ = ["NOUN", "SOURCE"]


async def look(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    row = await session.get(Reward, number, populate_existing=True)
    if row is None or row.state != RewardState.DRAFT:
        return None
    line = context.knowledge.texts.say(DEFAULT, "call.reward", label=row.label)
    return Matter(line, Right.REWARDS_APPROVE, region=row.region, but=frozenset(row.writers))


SOURCE = CallSource(REWARDS, urls.REWARDS, look)
