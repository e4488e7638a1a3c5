"""What each day counted, kept beside the timelines, so that a year is a sum of days and not of steps.

A case counts for a measure from the day of a counted step until the day of the next step that the measure knows: in every
period that has the first day and ends before the other.  So days add up to any period, whatever was reopened in it.
Triggers note each case that took a step or has another district, kind or unit; `fold` takes its old counts out and puts
the new ones in.  Until then whoever reads counts it by hand.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core import revisions
from bot.services.core.working_days import ZONE
from bot.store import upsert
from bot.store.models import Appeal, AppealChange, AppealStep, CountedAppeal, DailyCount, Revision
from knowledge.measures import Measure
from knowledge.regions import around

PART = 300  # changes that are folded in one transaction
AT_ONCE = 500  # rows that are written by one statement
EVER = date(9999, 12, 31)  # the end of what nothing has undone
EVERY_KIND, EVERY_UNIT, NO_UNIT = "", -1, 0
DAYS, IN_TIME = "days:", "in_time"  # measures of answers: by how many days they took, and those that came in time
LONGEST = 99  # days; what took longer counts as so many
FOLDED = "counts"  # the revision that grows with every fold

Span = tuple[str, date, date]  # a measure, the day from which a case counts, the day from which it does not any more


class Cell(NamedTuple):
    """What one row counts."""

    measure: str
    day: date
    until: date
    place: str
    kind: str = EVERY_KIND
    agency_id: int = EVERY_UNIT


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands, and what it counts for."""

    region: str
    kind: str
    agency_id: int
    spans: tuple[Span, ...]

    def cells(self) -> Iterator[Cell]:
        """The rows that count it: for each place it lies in, one by kind and one by unit."""
        for place in around(self.region):
            for span in self.spans:
                if span[0] == IN_TIME or span[0].startswith(DAYS):
                    yield Cell(*span, place)
                    continue
                yield Cell(*span, place, kind=self.kind)
                yield Cell(*span, place, agency_id=self.agency_id)


def rules(measures: Iterable[Measure]) -> str:
    """The name of the revision that says that everything was counted by these rules; other rules, other name."""
    told = repr([(each.name, each.steps, each.until, each.rating, each.key) for each in measures] + [DAYS, IN_TIME])
    return f"counts-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def spans(measure: Measure, steps: Sequence[AppealStep]) -> Iterator[Span]:
    """When a case counts for a measure, by its steps in their order."""
    begun: date | None = None
    for step in steps:
        counts = _counts(measure, step)
        if counts or step.name in measure.until:
            day = step.at.astimezone(ZONE).date()
            if begun is not None and begun < day:
                yield measure.name, begun, day
            begun = day if counts else None
    if begun is not None:
        yield measure.name, begun, EVER


def answers(steps: Sequence[AppealStep]) -> Iterator[Span]:
    """How many days a case took to its last answer, and whether that came in time; a reopening takes both out."""
    begun: date | None = None
    told: list[str] = []
    late = False
    for step in steps:
        late = late or (step.key or "").startswith("overdue:0:")
        if step.name in ("answer", "reopen"):
            day = step.at.astimezone(ZONE).date()
            if begun is not None and begun < day:
                yield from ((name, begun, day) for name in told)
            begun = day if step.name == "answer" else None
            took = min((step.at - steps[0].at).days, LONGEST)
            told, late = [f"{DAYS}{took}", *([] if late else [IN_TIME])], late and step.name == "answer"
    if begun is not None:
        yield from ((name, begun, EVER) for name in told)


def _counts(measure: Measure, step: AppealStep) -> bool:
    rated = measure.rating is None or step.rating == measure.rating
    return step.name in measure.steps and rated and (step.key or "").startswith(measure.key)


async def ensure(session: AsyncSession, measures: Sequence[Measure]) -> None:
    """See to it that everything is counted by these rules; after other ones, all cases are to be counted anew."""
    if not await is_kept(session, measures):
        await start_over(session, measures)


async def is_kept(session: AsyncSession, measures: Sequence[Measure]) -> bool:
    """Whether the counts, with what is still to be folded, are by these rules."""
    return await session.scalar(select(Revision.number).where(Revision.name == rules(measures))) is not None


async def start_over(session: AsyncSession, measures: Sequence[Measure]) -> None:
    """Forget all counts and count all cases anew, a part at a time; who reads meanwhile counts steps."""
    await revisions.touch(session, FOLDED)
    for table in (DailyCount, CountedAppeal, AppealChange):
        await session.execute(delete(table))
    await session.execute(insert(AppealChange).from_select(["appeal_id"], select(Appeal.id)))
    await session.execute(delete(Revision).where(Revision.name.startswith("counts-")))
    await revisions.touch(session, rules(measures))


async def fold(session: AsyncSession, measures: Sequence[Measure], part: int = PART) -> int:
    """Take up to so many changes into the counts; how many that were.  Whoever folds at the same time waits."""
    await revisions.touch(session, FOLDED)
    if not await is_kept(session, measures):
        return 0
    oldest = select(AppealChange.id, AppealChange.appeal_id).order_by(AppealChange.id).limit(part)
    changes = (await session.execute(oldest)).all()
    ids = sorted({each.appeal_id for each in changes})
    before, after = await counted_as(session, ids), await standings(session, measures, ids)
    await _add(session, difference(before.values(), after.values()))
    await session.execute(delete(CountedAppeal).where(CountedAppeal.appeal_id.in_(ids)))
    if after:
        await session.execute(insert(CountedAppeal), [_row(number, each) for number, each in after.items()])
    await session.execute(delete(AppealChange).where(AppealChange.id.in_([each.id for each in changes])))
    return len(changes)


def difference(before: Iterable[Standing], after: Iterable[Standing]) -> dict[Cell, int]:
    """What has to be added to the counts so that they hold the one in place of the other."""
    counted: Counter[Cell] = Counter()
    for sign, side in ((-1, before), (1, after)):
        for standing in side:
            for cell in standing.cells():
                counted[cell] += sign
    return {cell: count for cell, count in counted.items() if count}


async def standings(session: AsyncSession, measures: Sequence[Measure], ids: Sequence[int]) -> dict[int, Standing]:
    """How these cases stand now, by their timelines."""
    lines: dict[int, list[AppealStep]] = {}
    asked = select(AppealStep.appeal_id, AppealStep.name, AppealStep.key, AppealStep.rating, AppealStep.at)
    for row in await session.execute(asked.where(AppealStep.appeal_id.in_(ids)).order_by(AppealStep.id)):
        lines.setdefault(row.appeal_id, []).append(row)  # type: ignore[arg-type]  # It has what is looked at.
    cases = select(Appeal.id, Appeal.region, Appeal.kind, Appeal.agency_id).where(Appeal.id.in_(ids))
    found: dict[int, Standing] = {}
    for number, region, kind, agency_id in await session.execute(cases):
        steps = lines.get(number, [])
        told = tuple(span for measure in measures for span in spans(measure, steps))
        found[number] = Standing(region, kind, agency_id or NO_UNIT, (*told, *answers(steps)))
    return found


async def counted_as(session: AsyncSession, ids: Sequence[int]) -> dict[int, Standing]:
    """What these cases were counted as."""
    found: dict[int, Standing] = {}
    for row in await session.scalars(select(CountedAppeal).where(CountedAppeal.appeal_id.in_(ids))):
        told = tuple((name, date.fromisoformat(day), date.fromisoformat(until)) for name, day, until in row.spans)
        found[row.appeal_id] = Standing(row.region, row.kind, row.agency_id, told)
    return found


def _row(number: int, standing: Standing) -> dict[str, object]:
    told = [[name, day.isoformat(), until.isoformat()] for name, day, until in standing.spans]
    return {
        "appeal_id": number,
        "region": standing.region,
        "kind": standing.kind,
        "agency_id": standing.agency_id,
        "spans": told,
    }


async def _add(session: AsyncSession, delta: Mapping[Cell, int]) -> None:
    table = DailyCount.__table__
    statement = upsert.insert(session, table)
    more = {"count": table.c.count + statement.excluded.count}
    statement = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=more)
    names = [column.name for column in table.c]
    rows = [dict(zip(names, (*cell, count), strict=True)) for cell, count in delta.items()]
    connection = await session.connection()
    for at in range(0, len(rows), AT_ONCE):  # On SQLite others have their turn in between.
        await connection.execute(statement, rows[at : at + AT_ONCE])
