"""Until when an appeal is to be answered, and the timers that see to it: both follow from the case's clock."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.calendar import time_limits
from bot.services.calendar.time_limits import Rules
from bot.services.core import case_clock, timers
from bot.services.core.case_clock import CaseClock
from bot.services.core.context import ServiceContext
from bot.services.core.working_days import TICK, Calendar, Limit, LimitUnit, china_date
from bot.store.models import Appeal, AppealStep, Outbox, now

OF_CLOCK = ("warn", "overdue")  # lines of a timeline that its clock wrote
AT_LEAST = Limit(1, LimitUnit.WORKING_DAYS)


def clock_of(context: ServiceContext, rules: Rules, appeal: Appeal) -> CaseClock:
    """The clock of a case; one whose limit was not written down has the limit of its kind where it belongs."""
    start = appeal.restarted_at or appeal.created_at
    if appeal.limit_amount is None:
        limit = rules.limit(context.knowledge.appeals.kinds[appeal.kind], appeal.region, china_date(start))
    else:
        limit = Limit(appeal.limit_amount, LimitUnit(appeal.limit_unit))
    return CaseClock(start, limit, case_clock.read(appeal.pauses), appeal.extension)


async def restart(session: AsyncSession, context: ServiceContext, appeal: Appeal) -> None:
    """The time of a case begins anew, with the limit of today."""
    appeal.restarted_at, appeal.pauses, appeal.extension = now(), None, 0
    _take_limit(context, await time_limits.rules(session), appeal)
    await follow(session, context, appeal)


async def limit_anew(session: AsyncSession, context: ServiceContext, appeal: Appeal) -> None:
    """Its kind or its district is another one: the limit is the one that held there when its time began.

    However short that is, a working day is left; hours are left as they are unless they are over.
    """
    rules = await time_limits.rules(session)
    clock = _take_limit(context, rules, appeal)
    due, least = (case_clock.due_of(each, rules.calendar) for each in (clock, CaseClock(now(), AT_LEAST)))
    if due is not None and least is not None and (clock.limit.unit is AT_LEAST.unit or due <= now()):
        appeal.extension += rules.calendar.working_days_in(due - TICK, least - TICK)
    await follow(session, context, appeal)


def _take_limit(context: ServiceContext, rules: Rules, appeal: Appeal) -> CaseClock:
    appeal.limit_amount = None
    clock = clock_of(context, rules, appeal)
    appeal.limit_amount, appeal.limit_unit = clock.limit.amount, clock.limit.unit
    return clock


async def pause(session: AsyncSession, context: ServiceContext, appeal: Appeal) -> None:
    """Its clock stands still, until the worker answers or the time for that is over."""
    appeal.paused_at = now()
    await follow(session, context, appeal)


async def wind_on(session: AsyncSession, context: ServiceContext, appeal: Appeal) -> None:
    """Let the clock run again."""
    if appeal.paused_at is not None:
        pauses = [*case_clock.read(appeal.pauses), (appeal.paused_at, now())]
        appeal.pauses, appeal.paused_at = case_clock.stored(pauses), None
    await follow(session, context, appeal)


async def put_off(session: AsyncSession, context: ServiceContext, appeal: Appeal, days: int) -> None:
    """Some working days more."""
    appeal.extension += days
    await follow(session, context, appeal)


async def follow(session: AsyncSession, context: ServiceContext, appeal: Appeal) -> None:
    """Set deadline and timers as the clock and the calendar say now."""
    rules = await time_limits.rules(session)
    clock = clock_of(context, rules, appeal)
    appeal.due_at = case_clock.due_of(clock, rules.calendar)
    lines = select(AppealStep.key).where(AppealStep.appeal_id == appeal.id, AppealStep.name.in_(OF_CLOCK))
    said = {key or "" for key in await session.scalars(lines.where(AppealStep.at >= clock.start))}
    await timers.set_anew(session, appeal.number, wanted(appeal, clock, rules.calendar, said))


def wanted(appeal: Appeal, clock: CaseClock, calendar: Calendar, said: Collection[str]) -> list[Outbox]:
    """The timers of a case as it stands.  said: keys of what its timeline says of this clock."""
    if appeal.paused_at is not None:
        return timers.pending(appeal.number, appeal.paused_at, calendar)
    if appeal.due_at is not None and timers.overdue_key(0, appeal.due_at) in said:
        return timers.late(appeal.number, appeal.due_at, calendar, said=said)
    return timers.running(appeal.number, clock, appeal.due_at, said=said)


def concerns(appeal: Appeal, due: str) -> bool:
    """Whether a timer that was set for a deadline still means this case."""
    return appeal.due_at is not None and appeal.paused_at is None and timers.written(appeal.due_at) == due
