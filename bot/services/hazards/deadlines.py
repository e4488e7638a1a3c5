"""Until when a hazard is to be dealt with, and the timers that see to it: both follow from its clock."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.calendar import time_limits
from bot.services.calendar.time_limits import Rules
from bot.services.core import case_clock, timers
from bot.services.core.case_clock import CaseClock
from bot.services.core.context import ServiceContext
from bot.services.core.working_days import Calendar, Limit, LimitUnit, china_date
from bot.store.models import Hazard, HazardStep, Outbox, now

OF = "hazard"  # whose timers these are
OF_CLOCK = ("warn", "overdue")  # lines of a timeline that its clock wrote


def clock_of(context: ServiceContext, rules: Rules, hazard: Hazard) -> CaseClock:
    """The clock of a hazard; one whose limit was not written down has the limit of its kind where it lies."""
    start = hazard.restarted_at or hazard.created_at
    if hazard.limit_amount is None:
        limit = rules.limit(context.knowledge.hazards.kinds[hazard.kind], hazard.region, china_date(start))
    else:
        limit = Limit(hazard.limit_amount, LimitUnit(hazard.limit_unit))
    return CaseClock(start, limit)


async def restart(session: AsyncSession, context: ServiceContext, hazard: Hazard) -> None:
    """Its time begins anew, with the limit of today."""
    hazard.restarted_at, hazard.limit_amount = now(), None
    limit = clock_of(context, await time_limits.rules(session), hazard).limit
    hazard.limit_amount, hazard.limit_unit = limit.amount, limit.unit
    await follow(session, context, hazard)


async def follow(session: AsyncSession, context: ServiceContext, hazard: Hazard) -> None:
    """Set deadline and timers as the clock and the calendar say now."""
    rules = await time_limits.rules(session)
    clock = clock_of(context, rules, hazard)
    hazard.due_at = case_clock.due_of(clock, rules.calendar)
    lines = select(HazardStep.key).where(HazardStep.hazard_id == hazard.id, HazardStep.name.in_(OF_CLOCK))
    said = {key or "" for key in await session.scalars(lines.where(HazardStep.at >= clock.start))}
    await timers.set_anew(session, hazard.number, wanted(hazard, clock, rules.calendar, said))


def wanted(hazard: Hazard, clock: CaseClock, calendar: Calendar, said: Collection[str]) -> list[Outbox]:
    """The timers of a hazard as it stands.  said: keys of what its timeline says of this clock."""
    if hazard.due_at is not None and timers.overdue_key(0, hazard.due_at) in said:
        return timers.late(hazard.number, hazard.due_at, calendar, said=said, of=OF)
    return timers.running(hazard.number, clock, hazard.due_at, said=said, of=OF)
