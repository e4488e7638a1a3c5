"""Whom compounds and passes call: who keeps the list of a doubted one or looks after its gates, who may check a pass."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.services.core.context import ServiceContext
from bot.services.passes import passes, turned_away
from bot.services.passes.compounds import COMPOUNDS, NOUN
from bot.services.passes.passes import PASSES
from bot.services.passes.states import PassState
from bot.services.staff.calls import CallSource, Matter
from bot.services.staff.permissions import Right
from bot.store.models import Compound, Pass
from knowledge.texts import DEFAULT


async def look_at_compound(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    row = await session.get(Compound, int(number), populate_existing=True)
    if row is None or not row.active:
        return None
    if what == turned_away.CALL:
        return await _gate(session, context, row)
    if row.doubtful_at is None:
        return None
    return Matter(
        context.knowledge.texts.say(DEFAULT, "call.compound_doubtful", name=row.name), Right.COMPOUNDS_EDIT, row.region
    )


async def _gate(session: AsyncSession, context: ServiceContext, row: Compound) -> Matter | None:
    """Whoever looks after the gate, and whoever keeps the list of the district."""
    count = await turned_away.people(session, row.id)
    if count < turned_away.FEWEST:
        return None
    line = context.knowledge.texts.say(DEFAULT, "call.compound_turned_away", name=row.name, count=count)
    return Matter(line, Right.GATES_RUN, row.region, unit=row.agency_id)


async def look_at_pass(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    row = await session.scalar(select(Pass).where(Pass.number == number).execution_options(populate_existing=True))
    if row is None or row.state != PassState.APPLIED:
        return None
    line = context.knowledge.texts.say(DEFAULT, "call.pass_check", number=row.number)
    return Matter(line, Right.PASSES_SUSPEND, row.region)


SOURCES = {
    NOUN: CallSource(COMPOUNDS, urls.COMPOUNDS, look_at_compound, int),
    passes.NOUN: CallSource(PASSES, urls.PASSES, look_at_pass),
}
