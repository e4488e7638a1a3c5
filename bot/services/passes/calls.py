"""Whom compounds call: whoever keeps the list, when what it says of one is doubted."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.services.core.context import ServiceContext
from bot.services.passes.compounds import COMPOUNDS, NOUN
from bot.services.staff.calls import CallSource, Matter
from bot.services.staff.permissions import Right
from bot.store.models import Compound
from knowledge.texts import DEFAULT


async def look_at_compound(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    row = await session.get(Compound, int(number), populate_existing=True)
    if row is None or not row.active or row.doubtful_at is None:
        return None
    return Matter(
        context.knowledge.texts.say(DEFAULT, "call.compound_doubtful", name=row.name), Right.COMPOUNDS_EDIT, row.region
    )


SOURCES = {NOUN: CallSource(COMPOUNDS, urls.COMPOUNDS, look_at_compound, int)}
