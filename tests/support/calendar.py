"""Calendars for tests.  None of them is anybody's announcement: beyond the years the package knows, days are made up."""

from collections.abc import Iterable

import chinese_calendar
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.calendar import time_limits
from bot.services.core import revisions
from bot.services.core.working_days import china_date
from bot.store.models import CalendarChange, CalendarDay, CalendarYear, now

LAST = max(chinese_calendar.constants.holidays).year  # that the package knows


async def make_up(session: AsyncSession, years: Iterable[int] | None = None) -> None:
    """Let these years be known, with every weekday worked: those to come, so that no test depends on today's date."""
    for year in range(LAST + 1, china_date(now()).year + 2) if years is None else years:
        await session.merge(CalendarYear(year=year))
    await revisions.touch(session, time_limits.NAME)


async def forget(session: AsyncSession) -> None:
    """Nobody has entered anything yet, as in an empty installation."""
    for model in (CalendarDay, CalendarYear, CalendarChange):
        await session.execute(delete(model))
    await revisions.touch(session, time_limits.NAME)
