"""The numbers of a period as sums over its days.  Cases that changed and are not folded yet are counted by hand."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.periods import Period
from bot.services.reports import daily_counts
from bot.services.reports.daily_counts import EVERY_UNIT, FOLDED, NO_UNIT, Cell
from bot.services.reports.statistics import Counts
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import AppealChange, DailyCount, Revision
from knowledge.measures import Measure

BY_HAND = 1_000  # changes that a reader counts by hand; with more of them it counts steps
TRIES = 3  # readings, when each time somebody folded meanwhile


@dataclass(frozen=True, slots=True)
class DaySums:
    """What the days of a period add up to in a place."""

    cells: Mapping[tuple[str, str, int], int]  # by measure, kind and unit, one of the two for all
    days: Mapping[tuple[str, date], int]  # by measure and day

    def counts(self, measures: Sequence[Measure]) -> Counts:
        """The same numbers as `statistics.count` gives."""
        none = {each.name: 0 for each in measures}
        totals: Counter[str] = Counter(none)
        kinds: dict[str, Counter[str]] = {}
        agencies: dict[int | None, Counter[str]] = {}
        for (measure, kind, unit), count in self.cells.items():
            if count and measure in none:
                if unit == EVERY_UNIT:
                    totals[measure] += count
                    kinds.setdefault(kind, Counter(none))[measure] += count
                else:
                    agencies.setdefault(None if unit == NO_UNIT else unit, Counter(none))[measure] += count
        return Counts(totals, kinds, agencies)

    def over_time(self, measure: Measure, parts: Sequence[Period]) -> list[int]:
        """The same numbers as `statistics.over_time` gives."""
        lasts, found = [each.last for each in parts], [0] * len(parts)
        for (name, day), count in self.days.items():
            if name == measure.name:
                found[bisect_left(lasts, day)] += count
        return found


def is_whole(staffer: Staffer, district: str, right: Right) -> bool:
    """Whether somebody counts everything in a district, and not some kinds or the cases of one unit only."""
    return staffer.agency_id is None and any(
        grant.allows(right) and not grant.category and district.startswith(grant.district) for grant in staffer.grants
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of which measures somebody needs the cells, and of which the days: a year has many rows of each."""

    cells: Sequence[str]
    days: Sequence[str]


async def read(
    session: AsyncSession,
    measures: Sequence[Measure],
    period: Period,
    place: str,
    wanted: Wanted | None = None,
) -> DaySums | None:
    """What a period adds up to, of all measures unless fewer are `wanted`; None when only the steps can tell."""
    names = [each.name for each in measures]
    wanted = wanted or Wanted(names, names)
    if not await daily_counts.is_kept(session, measures):
        return None
    for _ in range(TRIES):
        folds = await _folds(session)
        extra = await _unfolded(session, measures)
        if extra is None:
            return None
        sums = await _sums(session, wanted, period, place, extra)
        if await _folds(session) == folds:
            return sums
    return None


async def by_place(
    session: AsyncSession, measures: Sequence[Measure], period: Period, places: Sequence[str], names: Sequence[str]
) -> dict[str, Counter[str]] | None:
    """What a period adds up to in several places, by measure, those of answers included; None as for `read`.

    names: the measures that somebody needs.
    """
    if not await daily_counts.is_kept(session, measures):
        return None
    for _ in range(TRIES):
        folds = await _folds(session)
        extra = await _unfolded(session, measures)
        if extra is None:
            return None
        found = await _at_places(session, period, places, names, extra)
        if await _folds(session) == folds:
            return found
    return None


async def _at_places(
    session: AsyncSession,
    period: Period,
    places: Sequence[str],
    names: Sequence[str],
    extra: Mapping[Cell, int],
) -> dict[str, Counter[str]]:
    within = DailyCount.day.between(period.first, period.last), DailyCount.until > period.last
    summed = select(DailyCount.place, DailyCount.measure, func.sum(DailyCount.count))
    summed = summed.where(
        DailyCount.place.in_(places), DailyCount.measure.in_(names), DailyCount.agency_id == EVERY_UNIT, *within
    )
    found: dict[str, Counter[str]] = {place: Counter() for place in places}
    for place, measure, count in await session.execute(summed.group_by(DailyCount.place, DailyCount.measure)):
        found[place][measure] += int(count)
    for cell, count in extra.items():
        if (
            cell.place in found
            and cell.agency_id == EVERY_UNIT
            and period.first <= cell.day <= period.last < cell.until
        ):
            found[cell.place][cell.measure] += count
    return found


async def _folds(session: AsyncSession) -> int:
    return await session.scalar(select(Revision.number).where(Revision.name == FOLDED)) or 0


async def _unfolded(session: AsyncSession, measures: Sequence[Measure]) -> Mapping[Cell, int] | None:
    """What the changed cases add to the counts; None when there are too many of them."""
    changes = select(AppealChange.appeal_id).order_by(AppealChange.id).limit(BY_HAND + 1)
    found = (await session.scalars(changes)).all()
    if len(found) > BY_HAND:
        return None
    ids = sorted(set(found))
    before = await daily_counts.counted_as(session, ids) if ids else {}
    after = await daily_counts.standings(session, measures, ids) if ids else {}
    return daily_counts.difference(before.values(), after.values())


async def _sums(
    session: AsyncSession, wanted: Wanted, period: Period, place: str, extra: Mapping[Cell, int]
) -> DaySums:
    within = _within(period, place)
    by_cell = select(DailyCount.measure, DailyCount.kind, DailyCount.agency_id, func.sum(DailyCount.count))
    by_cell = by_cell.where(within, DailyCount.measure.in_(wanted.cells)).group_by(
        DailyCount.measure, DailyCount.kind, DailyCount.agency_id
    )
    by_day = select(DailyCount.measure, DailyCount.day, func.sum(DailyCount.count))
    by_day = by_day.where(within, DailyCount.measure.in_(wanted.days), DailyCount.agency_id == EVERY_UNIT)
    by_day = by_day.group_by(DailyCount.measure, DailyCount.day)
    cells = Counter({(name, kind, unit): int(n) for name, kind, unit, n in await session.execute(by_cell)})
    days = Counter({(name, day): int(n) for name, day, n in await session.execute(by_day)})
    for cell, count in extra.items():
        if cell.place == place and period.first <= cell.day <= period.last < cell.until:
            cells[cell.measure, cell.kind, cell.agency_id] += count
            if cell.agency_id == EVERY_UNIT:
                days[cell.measure, cell.day] += count
    return DaySums(cells, days)


def _within(period: Period, place: str) -> ColumnElement[bool]:
    days = DailyCount.day.between(period.first, period.last)
    return and_(DailyCount.place == place, days, DailyCount.until > period.last)
