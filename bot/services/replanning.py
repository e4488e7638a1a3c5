"""Deadlines and timers that do not follow from the calendar any more: shown before a change, and set right after it.

A case that is right is left alone, and each is set right in the transaction that finds it wrong.  So it does no harm
when two processes do it at once, or when one is killed at any line: whoever comes next goes on where it ended.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import TryLater
from bot.queue import jobs, outbox
from bot.services.appeals import deadlines as appeal_deadlines
from bot.services.appeals import redating as appeal_redating
from bot.services.calendar import time_limits
from bot.services.calendar.deadlines import Deadlines
from bot.services.calendar.time_limits import Rules
from bot.services.core import case_clock, timers
from bot.services.core.context import ServiceContext
from bot.services.hazards import deadlines as hazard_deadlines
from bot.services.hazards import redating as hazard_redating
from bot.store.db import Database
from bot.store.models import Outbox, now

NIGHT = time(2, 0)  # China time
READ = 500  # cases looked at in one go
CHANGED = 50  # cases set right in one transaction
ROUNDS = 20  # transactions until others have their turn

Redate = Callable[[AsyncSession, ServiceContext, Any], Awaitable[None]]
NOUNS: tuple[tuple[Deadlines[Any], Redate], ...] = (
    (appeal_deadlines.DEADLINES, appeal_redating.redate),
    (hazard_deadlines.DEADLINES, hazard_redating.redate),
)


@dataclass(frozen=True, slots=True)
class DateMove:
    """A deadline that becomes another one; None for none."""

    of: str  # "appeal", "hazard"
    number: str  # "" for a case that only its desk may know of
    kind: str
    before: datetime | None
    after: datetime | None


async def moves(session: AsyncSession, context: ServiceContext, rules: Rules) -> list[DateMove]:
    """Every open case whose deadline would be another one by these rules."""
    return [move async for move in _moves(session, context, rules)]


async def _moves(session: AsyncSession, context: ServiceContext, rules: Rules) -> AsyncIterator[DateMove]:
    for deadlines, _ in NOUNS:
        after = 0
        while cases := await deadlines.open_cases(session, after, READ):
            for case in cases:
                due_at = case_clock.due_of(deadlines.clock(context, rules, case), rules.calendar)
                if due_at != case.due_at:
                    number = "" if deadlines.hidden and getattr(case, deadlines.hidden) else case.number
                    yield DateMove(deadlines.of, number, case.kind, case.due_at, due_at)
                session.expunge(case)
            after = cases[-1].id
            await asyncio.sleep(0)  # Others have their turn.


async def undated(session: AsyncSession) -> int:
    """How many open cases have no deadline."""
    return sum([await session.scalar(_undated(deadlines)) or 0 for deadlines, _ in NOUNS])


async def begin(session: AsyncSession) -> None:
    """Look at every open case as soon as this transaction is committed.

    And once more a moment later: a case that was filed meanwhile may have looked at the calendar as it was.
    """
    await outbox.put(session, [_row(now()), _row(now() + outbox.LEASE)])


async def ensure(session: AsyncSession) -> None:
    """See to it that somebody looks at night."""
    await timers.ensure(session, _row(timers.coming(NIGHT)))


async def take_up(session: AsyncSession) -> None:
    """At the start of a process: it may know a year that the one before did not."""
    await ensure(session)
    if await undated(session):
        await begin(session)


class Replanner:
    """Carries out jobs.REPLAN."""

    def __init__(self, db: Database, context: Callable[[], ServiceContext]) -> None:
        self._db, self._context = db, context

    async def __call__(self, row: Outbox) -> None:
        """Set right every open case.  Raises TryLater when somebody else has the row by now."""
        left = ROUNDS
        for deadlines, redate in NOUNS:
            after: int | None = 0
            while after is not None:
                async with self._db.begin() as session:
                    if not await outbox.renew(session, row):
                        raise TryLater("another process looks at the cases")
                    if left == 0:
                        await outbox.put(session, [_row(now())])
                        return
                    after, changed = await _round(session, self._context(), deadlines, redate, after)
                left -= changed
        async with self._db.begin() as session:
            await ensure(session)


async def _round(
    session: AsyncSession, context: ServiceContext, deadlines: Deadlines[Any], redate: Redate, after: int
) -> tuple[int | None, bool]:
    """Set some cases right.  Returns after which one to go on, None after the last; and whether any was wrong."""
    cases = await deadlines.open_cases(session, after, READ)
    rules = await time_limits.rules(session)
    wrong = [case.id for case in await deadlines.astray(session, context, rules, cases)]
    last = cases[-1].id if len(cases) == READ else None
    if len(wrong) > CHANGED:
        last = wrong[CHANGED - 1]
    for case_id in wrong[:CHANGED]:
        case = await deadlines.locked(session, case_id)
        if case is not None and await deadlines.astray(session, context, rules, [case]):
            await redate(session, context, case)
    return last, bool(wrong)


def _undated(deadlines: Deadlines[Any]) -> Any:
    model = deadlines.model
    return select(func.count(model.id)).where(model.state.in_(deadlines.states), model.due_at.is_(None))


def _row(due_at: datetime) -> Outbox:
    return jobs.REPLAN.row({}, subject=jobs.REPLAN.kind, due_at=due_at)
