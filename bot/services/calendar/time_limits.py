"""How long things may take, and which days are worked: the defaults, and what administrators set in their place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core import revisions
from bot.services.core.working_days import Calendar, Limit, LimitUnit
from bot.store.models import CalendarDay, CalendarYear, LimitChange

NAME = "calendar"  # of the revision that grows with every change of days or limits


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
    @property
    def decreed(self) -> Mapping[str, tuple[int, str]]: ...  # working days and who says so, by province


@dataclass(frozen=True, slots=True)
class LimitEntry:
    """What was set for a district, "" for the whole country; no limit: its own one holds no more."""

    district: str
    valid_from: date
    limit: Limit | None


@dataclass(frozen=True, slots=True)
class Rules:
    """What administrators set, as it stood at one moment."""

    calendar: Calendar = field(default_factory=Calendar)
    entries: Mapping[str, Sequence[LimitEntry]] = field(default_factory=dict)  # by the code of the kind, oldest first

    def limit(self, kind: Limited, region: str, day: date) -> Limit:
        """The limit that holds for a kind on a day, in the district of a GB/T 2260 code of 0 to 6 digits.

        A district's own limit holds as long as it is no longer than the one around it.
        """
        holds = _usual(kind, region)
        entries = [each for each in self.entries.get(kind.code, ()) if each.valid_from <= day]
        for district in dict.fromkeys(("", region[:2], region[:4], region[:6])):
            own = [each for each in reversed(entries) if each.district == district]
            newest = max(own, key=_from, default=None)
            if newest is not None and newest.limit is not None and (not district or newest.limit.within(holds)):
                holds = newest.limit
        return holds


async def rules(session: AsyncSession) -> Rules:
    """What administrators set; read anew only when it has changed."""
    return await rules_of(session, await session.scalar(select(revisions.changed_at(NAME))))


async def rules_of(session: AsyncSession, changed_at: datetime | None) -> Rules:
    """The rules of whoever has read already when they changed last; None for never."""
    if changed_at is None:
        return Rules()
    engine = session.get_bind().engine
    seen, known = _known.get(engine, (None, Rules()))
    if seen != changed_at:
        known = await load(session)
        _known[engine] = (changed_at, known)
    return known


async def load(session: AsyncSession) -> Rules:
    """The rules as this transaction sees them, its own changes included."""
    days = await session.execute(select(CalendarDay.day, CalendarDay.working))
    years = await session.scalars(select(CalendarYear.year))
    calendar = Calendar({row.day: row.working for row in days}, frozenset(years))
    entries: dict[str, list[LimitEntry]] = {}
    for row in await session.scalars(select(LimitChange).order_by(LimitChange.id)):
        limit = Limit(row.amount, LimitUnit(row.unit), row.source) if row.amount is not None else None
        entries.setdefault(row.kind, []).append(LimitEntry(row.district, row.valid_from, limit))
    return Rules(calendar, entries)


async def calendar(session: AsyncSession) -> Calendar:
    """The working-day calendar with what administrators entered."""
    return (await rules(session)).calendar


def _usual(kind: Limited, region: str) -> Limit:
    """What holds where nobody set anything: what the province decreed, or what the content says."""
    if decree := kind.decreed.get(region[:2]):
        days, source = decree
        return Limit(days, LimitUnit.WORKING_DAYS, source)
    return Limit(kind.limit, LimitUnit(kind.unit), kind.source)


def _from(entry: LimitEntry) -> date:
    return entry.valid_from


# By the engine, when they changed last and what they were then: a cache, never the only place.
_known: WeakKeyDictionary[Any, tuple[datetime | None, Rules]] = WeakKeyDictionary()
