"""Until when a case is to be settled, and the timers that see to it: both follow from its clock and the calendar."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from bot.services.calendar import time_limits
from bot.services.calendar.time_limits import Limited, Rules
from bot.services.core import case_clock, timers
from bot.services.core.case_clock import CaseClock
from bot.services.core.context import ServiceContext
from bot.services.core.working_days import TICK, Calendar, Limit, LimitUnit, china_date
from bot.store.base import locked
from bot.store.models import Outbox, now
from bot.store.models.calendar import Clocked
from knowledge import Knowledge

Case = TypeVar("Case", bound=Clocked)

OF_CLOCK = ("warn", "overdue")  # lines of a timeline that a clock wrote
AT_LEAST = Limit(1, LimitUnit.WORKING_DAYS)


@dataclass(frozen=True)
class Deadlines(Generic[Case]):
    """The deadlines of one kind of cases.

    of: as timers know them.  states: in which the time of a case counts.  lines: of timelines: case, name, key, moment.
    """

    of: str
    model: type[Case]
    states: Collection[str]
    lines: Select[int, str, str | None, datetime]
    kinds: Callable[[Knowledge], Mapping[str, Limited]]
    hidden: str = ""  # the column that says nobody is to learn its number, where there is one

    def clock(self, context: ServiceContext, rules: Rules, case: Case) -> CaseClock:
        """The clock of a case; one whose limit was not written down has the limit of its kind where it belongs."""
        start = case.restarted_at or case.created_at
        if case.limit_amount is None:
            limit = rules.limit(self.kinds(context.knowledge)[case.kind], case.region, china_date(start))
        else:
            limit = Limit(case.limit_amount, LimitUnit(case.limit_unit))
        return CaseClock(start, limit, case_clock.read(case.pauses), case.extension)

    async def restart(self, session: AsyncSession, context: ServiceContext, case: Case) -> None:
        """The time of a case begins anew, with the limit of today."""
        case.restarted_at, case.pauses, case.extension = now(), None, 0
        self._take_limit(context, await time_limits.rules(session), case)
        await self.follow(session, context, case)

    async def limit_anew(self, session: AsyncSession, context: ServiceContext, case: Case) -> None:
        """Its kind or its district is another one: the limit is the one that held there when its time began.

        However short that is, a working day is left; hours are left as they are unless they are over.
        """
        rules = await time_limits.rules(session)
        clock = self._take_limit(context, rules, case)
        due, least = (case_clock.due_of(each, rules.calendar) for each in (clock, CaseClock(now(), AT_LEAST)))
        if due is not None and least is not None and (clock.limit.unit is AT_LEAST.unit or due <= now()):
            case.extension += rules.calendar.working_days_in(due - TICK, least - TICK)
        await self.follow(session, context, case)

    async def pause(self, session: AsyncSession, context: ServiceContext, case: Case) -> None:
        """Its clock stands still, until the worker answers or the time for that is over."""
        case.paused_at = now()
        await self.follow(session, context, case)

    async def wind_on(self, session: AsyncSession, context: ServiceContext, case: Case) -> None:
        """Let the clock run again."""
        if case.paused_at is not None:
            pauses = [*case_clock.read(case.pauses), (case.paused_at, now())]
            case.pauses, case.paused_at = case_clock.stored(pauses), None
        await self.follow(session, context, case)

    async def put_off(self, session: AsyncSession, context: ServiceContext, case: Case, days: int) -> None:
        """Some working days more."""
        case.extension += days
        await self.follow(session, context, case)

    async def follow(self, session: AsyncSession, context: ServiceContext, case: Case) -> None:
        """Set deadline and timers as the clock and the calendar say now."""
        rules = await time_limits.rules(session)
        clock = self.clock(context, rules, case)
        case.due_at = case_clock.due_of(clock, rules.calendar)
        said = await self._said(session, [case.id])
        await timers.set_anew(session, case.number, self._timers(case, clock, rules.calendar, said))

    def concerns(self, case: Case, due: str) -> bool:
        """Whether a timer that was set for a deadline still means this case."""
        counts = case.state in self.states and case.paused_at is None
        return counts and case.due_at is not None and timers.written(case.due_at) == due

    async def open_cases(self, session: AsyncSession, after: int, most: int) -> list[Case]:
        """Cases whose time counts, with an id beyond one, in order: what a clock needs of them."""
        columns = [getattr(self.model, each) for each in (*_CLOCK, self.hidden) if each]
        query = select(self.model).where(self.model.state.in_(self.states), self.model.id > after)
        return list(await session.scalars(query.order_by(self.model.id).limit(most).options(load_only(*columns))))

    async def locked(self, session: AsyncSession, case_id: int) -> Case | None:
        """One of these, nobody else's until the transaction ends; None once its time does not count any more."""
        query = select(self.model).where(self.model.id == case_id, self.model.state.in_(self.states))
        case: Case | None = await session.scalar(locked(query))
        return case

    async def astray(
        self, session: AsyncSession, context: ServiceContext, rules: Rules, cases: Iterable[Case]
    ) -> list[Case]:
        """Which of these have another deadline, or other timers, than follow from their clocks."""
        asked = list(cases)
        said = await self._said(session, [case.id for case in asked])
        waiting = await timers.waiting(session, [case.number for case in asked])
        found = []
        for case in asked:
            clock = self.clock(context, rules, case)
            wanted = self._timers(case, clock, rules.calendar, said)
            right = case.due_at == case_clock.due_of(clock, rules.calendar)
            if not right or not timers.are_set(wanted, waiting.get(case.number, ())):
                found.append(case)
        return found

    def _take_limit(self, context: ServiceContext, rules: Rules, case: Case) -> CaseClock:
        case.limit_amount = None
        clock = self.clock(context, rules, case)
        case.limit_amount, case.limit_unit = clock.limit.amount, clock.limit.unit
        return clock

    async def _said(self, session: AsyncSession, ids: Collection[int]) -> "Said":
        """What the clocks of cases wrote into their timelines: keys and moments, by case."""
        case_id, name, _, _ = self.lines.selected_columns
        found: dict[int, list[tuple[str, datetime]]] = {}
        for row in await session.execute(self.lines.where(case_id.in_(ids), name.in_(OF_CLOCK))):
            found.setdefault(row[0], []).append((row[2] or "", row[3]))
        return found

    def _timers(self, case: Case, clock: CaseClock, calendar: Calendar, lines: "Said") -> list[Outbox]:
        """The timers of a case as it stands; what was said before its time began anew does not count."""
        if case.paused_at is not None:
            return timers.pending(case.number, case.paused_at, calendar)
        said = {key for key, at in lines.get(case.id, ()) if at >= clock.start}
        if case.due_at is not None and timers.overdue_key(0, case.due_at) in said:
            return timers.late(case.number, case.due_at, calendar, said=said, of=self.of)
        return timers.running(case.number, clock, case.due_at, said=said, of=self.of)


Said = Mapping[int, list[tuple[str, datetime]]]
_CLOCK = (
    *("id", "number", "kind", "state", "region", "created_at", "restarted_at", "limit_amount", "limit_unit"),
    *("pauses", "extension", "due_at", "paused_at"),
)
