"""Until when an appeal is to be answered: its kind's limit from the day it was filed, or filed anew by reopening it."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.calendar import time_limits
from bot.services.core.working_days import Limit, LimitUnit, YearUnknown
from bot.store.models import Appeal, AppealStep, now
from knowledge.appeals import AppealKind

AT_LEAST = Limit(1, LimitUnit.WORKING_DAYS)  # what is left after a change of kind, however short the new limit


async def fresh(session: AsyncSession, kind: AppealKind) -> datetime | None:
    """The kind's limit from now on; None while the calendar of the year is not known."""
    limit = await time_limits.limit_of(session, kind)
    try:
        return (await time_limits.calendar(session)).due(now(), limit)
    except YearUnknown:
        return None


async def redated(session: AsyncSession, appeal: Appeal, before: AppealKind, kind: AppealKind) -> datetime | None:
    """The deadline of a case whose kind changes: the new limit from the day of filing.

    What was added to the old deadline, while its author was asked or by an extension, is added to the new one.
    At least a working day is left.  None while the calendar of the year is not known.
    """
    calendar, begun = await time_limits.calendar(session), await _begun(session, appeal)
    try:
        due = calendar.due(begun, await time_limits.limit_of(session, kind))
        added = timedelta()
        if appeal.due_at is not None:
            added = appeal.due_at - calendar.due(begun, await time_limits.limit_of(session, before, at=begun))
        if added > timedelta():
            due = calendar.due(due + added - timedelta(days=1, microseconds=1), AT_LEAST)
        return max(due, calendar.due(now(), AT_LEAST))
    except YearUnknown:
        return None


async def _begun(session: AsyncSession, appeal: Appeal) -> datetime:
    """Since when the limit runs."""
    reopened = select(AppealStep.at).where(AppealStep.appeal_id == appeal.id, AppealStep.name == "reopen")
    at: datetime | None = await session.scalar(reopened.order_by(AppealStep.id.desc()).limit(1))
    return at or appeal.created_at
