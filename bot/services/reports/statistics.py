"""Counting appeals: the measures of knowledge/measures.toml as conditions on cases, and what they give in a period.

Whoever shows a number can show the cases behind it: they are the ones that meet the same condition.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.services.core import keyset
from bot.services.core.districts import inside
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.core.periods import Period
from bot.services.staff.permissions import Grant, Right, Staffer
from bot.store.models import Agency, Appeal, AppealStep
from knowledge.measures import Measure

PAGE = 50  # rows
START = Place()

Columns = TypeVarTuple("Columns")

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases each measure counts: altogether, by kind, and by agency (None for none)."""

    totals: Mapping[str, int]
    by_kind: Mapping[str, Mapping[str, int]]
    by_agency: Mapping[int | None, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class DrillDown:
    """The cases behind a number: how many there are, how many of them somebody may see, and a page of those."""

    count: int
    seen: int
    page: Page  # cases with the names of their agencies


def scope(district: str, staffer: Staffer | None = None, right: Right = Right.STATISTICS_READ) -> Condition:
    """Which cases are counted: those of a district, and for a person those their right to this action reaches.

    Confidential cases are counted like all others; who sees which case is another question.
    """
    there = inside(Appeal.region, district)
    if staffer is None:
        return there
    grants = [_reached(grant) for grant in staffer.grants if grant.allows(right)]
    parts = [there, or_(false(), *grants)]
    if staffer.agency_id is not None:
        own = Appeal.agency_id == staffer.agency_id
        parts.append(and_(own, or_(Appeal.about_id.is_(None), Appeal.about_id != staffer.agency_id)))
    return and_(*parts)


def _reached(grant: Grant) -> Condition:
    there = inside(Appeal.region, grant.district)
    return and_(there, Appeal.kind == grant.category) if grant.category else there


def conditions(measures: Sequence[Measure], period: Period) -> tuple[Subquery, dict[str, Condition]]:
    """A table to join the cases with, `appeal_id` in it, and with it what each measure asks of a case."""
    last = [func.max(case((_counts(each), AppealStep.id))).label(f"{each.name}_in") for each in measures]
    undone = [func.max(case((_undoes(each), AppealStep.id))).label(f"{each.name}_out") for each in measures]
    names = {name for each in measures for name in (*each.steps, *each.until)}
    within = and_(AppealStep.at >= period.since, AppealStep.at < period.before, AppealStep.name.in_(sorted(names)))
    marks = select(AppealStep.appeal_id, *last, *undone).where(within).group_by(AppealStep.appeal_id).subquery("marks")
    return marks, {each.name: _condition(each, marks, period) for each in measures}


def _counts(measure: Measure) -> Condition:
    parts: list[Condition] = [AppealStep.name.in_(measure.steps)]
    if measure.rating is not None:
        parts.append(AppealStep.rating == measure.rating)
    if measure.key:
        parts.append(AppealStep.key.startswith(measure.key))
    return and_(*parts)


def _undoes(measure: Measure) -> Condition:
    return AppealStep.name.in_(measure.until)


def _condition(measure: Measure, marks: Subquery | None, period: Period) -> Condition:
    """marks: needed by what goes by steps."""
    if measure.ahead or marks is None:
        end = period.before + timedelta(days=measure.ahead)
        waiting = [or_(each.is_(None), each >= period.before) for each in (Appeal.answered_at, Appeal.closed_at)]
        known = Appeal.created_at < period.before
        return and_(known, *waiting, Appeal.due_at >= period.before, Appeal.due_at < end)
    return marks.c[f"{measure.name}_in"] > func.coalesce(marks.c[f"{measure.name}_out"], 0)


async def count(session: AsyncSession, measures: Sequence[Measure], period: Period, within: Condition) -> Counts:
    """All numbers of a table, by one query."""
    marks, asked = conditions(measures, period)
    sums = [_sum(condition, name) for name, condition in asked.items()]
    cells = _joined(select(Appeal.kind, Appeal.agency_id, *sums), marks, measures).where(within, or_(*asked.values()))
    totals: Counter[str] = Counter(dict.fromkeys(asked, 0))
    kinds: dict[str, Counter[str]] = {}
    agencies: dict[int | None, Counter[str]] = {}
    for kind, agency, *numbers in await session.execute(cells.group_by(Appeal.kind, Appeal.agency_id)):
        counted = Counter(dict(zip(asked, numbers, strict=True)))
        for sums_up in (totals, kinds.setdefault(kind, Counter()), agencies.setdefault(agency, Counter())):
            sums_up.update(counted)
    return Counts(totals, kinds, agencies)


async def over_time(
    session: AsyncSession, measure: Measure, period: Period, parts: Sequence[Period], within: Condition
) -> list[int]:
    """The number of a measure, taken apart by when the counted step was.  Adds up to the number."""
    marks, asked = conditions([measure], period)
    part = case(*((AppealStep.at < each.before, number) for number, each in enumerate(parts)), else_=0).label("part")
    counted = (
        select(part, func.count())
        .join_from(marks, AppealStep, AppealStep.id == marks.c[f"{measure.name}_in"])
        .join(Appeal, Appeal.id == marks.c.appeal_id)
        .where(within, asked[measure.name])
        .group_by(part)
    )
    found = {row[0]: row[1] for row in await session.execute(counted)}
    return [found.get(number, 0) for number in range(len(parts))]


async def drill_down(
    session: AsyncSession,
    measure: Measure,
    period: Period,
    within: Condition,
    seen: Condition,
    place: Place = START,
    *,
    size: int = PAGE,
    known: int | None = None,
) -> DrillDown:
    """The cases that make a number, newest first, a page of them; those that are not `seen` are counted only.

    known: the number, where the days told it already.  Then nothing is counted but what is hidden.
    """
    if known is None:
        marks, asked = conditions([measure], period)
        numbers = _joined(select(func.count(), _sum(seen, "seen")).select_from(Appeal), marks, [measure])
        total, visible = (await session.execute(numbers.where(within, asked[measure.name]))).one()
    else:
        hidden = select(func.count()).select_from(Appeal).where(within, ~seen, _meets(measure, period))
        total, visible = known, known - (await session.scalar(hidden) or 0)
    listed = select(Appeal, Agency.name).outerjoin(Agency, Agency.id == Appeal.agency_id)
    listed = listed.where(within, seen, _meets(measure, period))
    newest = Part(true(), [Key(Appeal.id, falling=True)])
    return DrillDown(total, int(visible or 0), await keyset.page(session, listed, Appeal.id, [newest], place, size))


def _meets(measure: Measure, period: Period) -> Condition:
    """What `conditions` asks, of one case after another: a page of the newest ones needs no look at all timelines."""
    if measure.ahead:
        return _condition(measure, None, period)
    later = aliased(AppealStep)
    undone = select(later.id).where(
        later.appeal_id == AppealStep.appeal_id,
        later.id > AppealStep.id,
        later.name.in_(measure.until),
        later.at < period.before,
        later.at >= period.since,
    )
    counted = select(AppealStep.id).where(AppealStep.appeal_id == Appeal.id, _counts(measure))
    counted = counted.where(AppealStep.at >= period.since, AppealStep.at < period.before)
    return counted.where(~undone.exists() if measure.until else true()).exists()


async def placeless(session: AsyncSession, period: Period) -> int:
    """Cases of the period that no district counts, because nobody knows yet where they are."""
    then = (Appeal.created_at >= period.since) & (Appeal.created_at < period.before)
    return await session.scalar(select(func.count()).where(Appeal.region == "", then)) or 0


def _joined(query: Select[*Columns], marks: Subquery, measures: Sequence[Measure]) -> Select[*Columns]:
    """With the marks of each case; a case without any counts only for what looks ahead."""
    outer = any(each.ahead for each in measures)
    return query.join_from(Appeal, marks, marks.c.appeal_id == Appeal.id, isouter=outer)


def _sum(condition: Condition, name: str) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0)).label(name)
