"""Whom an offering calls: who may approve it in its district, and did not write it."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.services.bookings.offerings import NOUN, OFFERINGS
from bot.services.bookings.states import OfferingState
from bot.services.core.context import ServiceContext
from bot.services.staff.calls import CallSource, Matter
from bot.services.staff.permissions import Right
from bot.store.models import Offering
from knowledge.texts import DEFAULT

__all__ = ["NOUN", "SOURCE"]


async def look(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    row = await session.get(Offering, int(number), populate_existing=True)
    if row is None or row.state != OfferingState.DRAFT:
        return None
    line = context.knowledge.texts.say(DEFAULT, "call.offering", title=row.title)
    return Matter(line, Right.OFFERINGS_APPROVE, region=row.region, but=frozenset(row.writers))


SOURCE = CallSource(OFFERINGS, urls.OFFERINGS, look, key=int)
