"""How long things may take, and which days are worked: the defaults, and what administrators set in their place."""

from datetime import date, datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.lifecycle import Actor
from bot.services.core.working_days import Calendar, Limit, LimitUnit
from bot.store.models import CalendarDay, CalendarYear, LimitChange, now


class Limited(Protocol):
    """A kind of case that has a limit."""

    @property
    def code(self) -> str: ...
    @property
    def limit(self) -> int: ...
    @property
    def unit(self) -> str: ...
    @property
    def source(self) -> str: ...


async def limit_of(session: AsyncSession, kind: Limited, *, at: datetime | None = None) -> Limit:
    """The limit for answers of a kind, now or as it was `at` a moment: the newest change, else the default with its source."""
    changes = select(LimitChange).where(LimitChange.kind == kind.code)
    if at is not None:
        changes = changes.where(LimitChange.at <= at)
    changed = await session.scalar(changes.order_by(LimitChange.id.desc()).limit(1))
    if changed is not None:
        return Limit(changed.amount, LimitUnit(changed.unit), changed.source)
    return Limit(kind.limit, LimitUnit(kind.unit), kind.source)


async def change_limit(session: AsyncSession, kind: str, limit: Limit, actor: Actor) -> None:
    """Set a limit from now on; cases that run keep theirs."""
    values = {"kind": kind, "amount": limit.amount, "unit": limit.unit, "source": limit.source}
    session.add(LimitChange(**values, staff_id=actor.id, at=now()))


async def calendar(session: AsyncSession) -> Calendar:
    """The working-day calendar with what administrators entered."""
    days = (await session.scalars(select(CalendarDay))).all()
    years = (await session.scalars(select(CalendarYear.year))).all()
    return Calendar({each.day: each.working for each in days}, frozenset(years))


async def enter_day(session: AsyncSession, day: date, *, working: bool, why: str) -> None:
    await session.merge(CalendarDay(day=day, working=working, why=why))


async def enter_year(session: AsyncSession, year: int) -> None:
    """The holidays of a year are complete: every other weekday is worked."""
    await session.merge(CalendarYear(year=year, at=now()))
