"""Entering days: drafted first, looked at with all that it would move, then entered as a whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.calendar import time_limits
from bot.services.calendar.announcement import LEAST_OFF, Announcement
from bot.services.calendar.time_limits import NAME, Rules
from bot.services.core import revisions
from bot.services.core.working_days import DAY, Calendar, YearUnknown
from bot.services.staff import audit
from bot.services.staff.audit import By
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Right, Staffer
from bot.store.base import locked
from bot.store.models import CalendarChange, CalendarDay, CalendarYear, Revision, now

SHORTEST = 4  # characters of a source


@dataclass(frozen=True, slots=True)
class DayMove:
    """A day that becomes another one.  before, after: whether it is worked; None while its year is not known."""

    day: date
    before: bool | None
    after: bool | None
    why: str


def _own(staffer: Staffer, _right: Right) -> ColumnElement[bool]:
    return and_(CalendarChange.staff_id == staffer.id, CalendarChange.entered_at.is_(None))


DRAFTS = Lookup("calendar", CalendarChange, CalendarChange.id, _own)  # one's own, that are not entered


async def drafted(
    session: AsyncSession, staff_id: int | None, announced: Announcement, source: str, *, whole: bool
) -> CalendarChange:
    """Days as somebody would enter them into the calendar as it is now; nothing is written.

    whole: they are all that is special about their year.  Raises Rejected: no source, too few days for a year.
    """
    if len(source) < SHORTEST:
        raise Rejected("calendar.source", least=SHORTEST)
    if whole and announced.off < LEAST_OFF:
        raise Rejected("calendar.few", least=LEAST_OFF, given=announced.off)
    days = [[each.day.isoformat(), each.worked, each.why] for each in announced.days]
    year, seen = (announced.year if whole else None), await session.scalar(select(revisions.changed_at(NAME)))
    return CalendarChange(staff_id=staff_id, year=year, days=days, source=source, seen_at=seen)


async def keep(session: AsyncSession, draft: CalendarChange) -> None:
    """Keep a draft until it is entered, in place of the one that the same person had before."""
    mine = CalendarChange.staff_id == draft.staff_id, CalendarChange.entered_at.is_(None)
    await session.execute(delete(CalendarChange).where(*mine))
    session.add(draft)
    await session.flush()


def rules_after(rules: Rules, change: CalendarChange) -> Rules:
    """The rules as they would be with a change."""
    known = {day: worked for day, worked in rules.calendar.overrides.items() if day.year != change.year}
    for day, worked, _ in _days(change):
        known.pop(day, None)
        known |= {} if worked is None else {day: worked}
    years = rules.calendar.years | ({change.year} if change.year else set())
    return replace(rules, calendar=Calendar(known, frozenset(years)))


def day_moves(before: Calendar, after: Calendar, change: CalendarChange) -> Sequence[DayMove]:
    """Every day that is another one afterwards; of a year nobody knew, those that are no plain weekdays or weekends."""
    why = {day: text for day, _, text in _days(change)}
    if change.year is None:
        days = sorted(why)
    else:
        first = date(change.year, 1, 1)
        days = sorted({*why, *(first + DAY * each for each in range(366 if _leap(change.year) else 365))})
    moved = (DayMove(day, _worked(before, day), _worked(after, day), why.get(day, "")) for day in days)
    return [each for each in moved if _differs(each)]


async def enter(session: AsyncSession, by: By, change: CalendarChange) -> None:
    """Let drafted days hold.  Cases are looked at by `replanning.begin` of the same transaction.

    Raises Rejected: entered already, or the calendar has changed since it was looked at.
    """
    await session.execute(locked(select(Revision).where(Revision.name == NAME)))
    seen: datetime | None = await session.scalar(select(revisions.changed_at(NAME)))
    if seen != change.seen_at:
        raise Rejected("calendar.changed")
    mine = CalendarChange.id == change.id, CalendarChange.entered_at.is_(None)
    taken = await session.execute(
        update(CalendarChange).where(*mine).values(entered_at=now()).returning(CalendarChange.id)
    )
    if taken.scalar() is None:
        raise Rejected("calendar.changed")
    await _write(session, change)
    await revisions.touch(session, NAME)
    subject = f"calendar:{change.year or change.days[0][0]}"
    await audit.note(session, by, "calendar.enter", subject, days=len(change.days), source=change.source)


async def _write(session: AsyncSession, change: CalendarChange) -> None:
    if change.year is not None:
        of_year = CalendarDay.day.between(date(change.year, 1, 1), date(change.year, 12, 31))
        await session.execute(delete(CalendarDay).where(of_year))
        await session.merge(CalendarYear(year=change.year))
    days = list(_days(change))
    await session.execute(delete(CalendarDay).where(CalendarDay.day.in_([day for day, _, _ in days])))
    session.add_all(CalendarDay(day=day, working=worked, why=why) for day, worked, why in days if worked is not None)
    await session.flush()


async def entered(session: AsyncSession, most: int = 20) -> Sequence[CalendarChange]:
    """What was entered, the newest first."""
    query = select(CalendarChange).where(CalendarChange.entered_at.is_not(None))
    return (await session.scalars(query.order_by(CalendarChange.entered_at.desc()).limit(most))).all()


async def previewed(session: AsyncSession, change: CalendarChange) -> tuple[Rules, Sequence[DayMove]]:
    """The rules with a change, and every day that it changes."""
    rules = await time_limits.rules(session)
    after = rules_after(rules, change)
    return after, day_moves(rules.calendar, after.calendar, change)


def _days(change: CalendarChange) -> list[tuple[date, bool | None, str]]:
    return [(date.fromisoformat(day), worked, why) for day, worked, why in change.days]


def _worked(calendar: Calendar, day: date) -> bool | None:
    try:
        return calendar.is_working(day)
    except YearUnknown:
        return None


def _differs(move: DayMove) -> bool:
    plain = move.day.weekday() < 5
    return move.after != plain if move.before is None else move.before != move.after


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
