"""The numbers of the districts inside a district, beside each other: appeals by day sums, all else by what happened."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.services.core.districts import inside
from bot.services.core.periods import Period
from bot.services.core.working_days import DAY
from bot.services.hazards.states import DONE
from bot.services.reports import day_sums
from bot.services.reports.daily_counts import DAYS, IN_TIME, LONGEST
from bot.services.volunteers.states import VolunteerState
from bot.store.models import Hazard, Notice, QuestionCount, StationRow, Volunteer
from knowledge.measures import Measure

COMPARED = ("collected", "settled", "overdue")  # measures of appeals, with the change against the period before
ANSWERS = (IN_TIME, *(f"{DAYS}{number}" for number in range(LONGEST + 1)))
ELSEWHERE = "-"  # in place of a district: in none of those that are shown
FEW = 5  # answers: of fewer, days and shares would tell of single people
ASKED = ("answer", "choose", "none")  # outcomes of a question


@dataclass(frozen=True, slots=True)
class DistrictNumbers:
    """One district in one period, and its appeals in the period before.

    counts: by the name of a measure of appeals, or of a number below.  days: how many answers took so many days.
    """

    code: str
    counts: Mapping[str, int]
    before: Mapping[str, int]
    days: Mapping[int, int]

    @property
    def answered(self) -> int:
        return sum(self.days.values())

    def day_of(self, share: float) -> int | None:
        """Within how many days this share of the answers came; None for too few of them."""
        answered, seen = self.answered, 0
        if answered < FEW:
            return None
        for day in sorted(self.days):
            seen += self.days[day]
            if seen >= share * answered:
                return day
        return None

    @property
    def mean(self) -> float | None:
        """How many days an answer took, one with another; None for too few of them.  The longest count as LONGEST."""
        answered = self.answered
        return sum(day * count for day, count in self.days.items()) / answered if answered >= FEW else None

    @property
    def in_time(self) -> float | None:
        """The share of the answers that came in time."""
        return self.counts.get(IN_TIME, 0) / self.answered if self.answered >= FEW else None

    def share(self, part: str, *whole: str) -> float | None:
        """A number as a share of others; None for too few of them."""
        total = sum(self.counts.get(name, 0) for name in whole)
        return self.counts.get(part, 0) / total if total >= FEW else None


@dataclass
class _Sums:
    """Numbers by district, then by name."""

    length: int
    found: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, name: str, rows: Iterable[Any]) -> None:
        for code, count in rows:
            self.found.setdefault(code, Counter())[name] += int(count or 0)


def before(period: Period) -> Period:
    """The same number of days, just before."""
    return Period(period.first - period.days * DAY, period.first - DAY)


async def read(
    session: AsyncSession, measures: Sequence[Measure], period: Period, district: str, inner: Sequence[str]
) -> list[DistrictNumbers] | None:
    """The districts `inner`, all as long as each other, then what lies in none of them, if anything does, and the whole
    one last: the sum of the lines before it.  None while days are counted anew."""
    places = [*inner, district]
    now = await day_sums.by_place(session, measures, period, places, [*COMPARED, *ANSWERS])
    then = await day_sums.by_place(session, measures, before(period), places, COMPARED)
    if now is None or then is None:
        return None
    sums = _Sums(len(inner[0]) if inner else len(district))
    await _others(session, period, district, sums)
    more = {**sums.found, district: sum(sums.found.values(), Counter())}
    for found in (now, then, more):
        found[ELSEWHERE] = _rest(found, district, inner) if inner else Counter()
    lines = [_line(code, now, then, more) for code in (*inner, ELSEWHERE, district)]
    return [each for each in lines if each.code != ELSEWHERE or each.counts or each.before]


def _rest(found: Mapping[str, Counter[str]], district: str, inner: Sequence[str]) -> Counter[str]:
    """What the whole has beyond these districts: things whose place is not known, or not so closely."""
    rest = Counter(found[district])
    for code in inner:
        rest.subtract(found.get(code, Counter()))
    return Counter({name: count for name, count in rest.items() if count})


def _line(
    code: str,
    now: Mapping[str, Counter[str]],
    then: Mapping[str, Counter[str]],
    more: Mapping[str, Counter[str]],
) -> DistrictNumbers:
    here = now.get(code, Counter())
    days = {int(name.removeprefix(DAYS)): count for name, count in here.items() if name.startswith(DAYS) and count}
    return DistrictNumbers(code, here + more.get(code, Counter()), then.get(code, Counter()), days)


async def _others(session: AsyncSession, period: Period, district: str, sums: _Sums) -> None:
    """What has no timelines to be counted by: each number is one look at an index."""
    there = inside(Hazard.region, district) & (Hazard.origin != "test")
    made, ended = _during(Hazard.created_at, period), _during(Hazard.closed_at, period) & Hazard.state.in_(DONE)
    wanted: dict[str, tuple[InstrumentedAttribute[str], ColumnElement[bool]]] = {
        "hazards": (Hazard.region, there & made),
        "hazards_done": (Hazard.region, there & ended),
        "hazards_in_time": (Hazard.region, there & ended & (Hazard.resolved_at <= Hazard.due_at)),
        "applied": (Volunteer.district, inside(Volunteer.district, district) & _during(Volunteer.created_at, period)),
        "acting": (
            Volunteer.district,
            inside(Volunteer.district, district) & (Volunteer.state == VolunteerState.ACTIVE),
        ),
        "stations": (StationRow.region, StationRow.region.startswith(district) & ~StationRow.closed),
        "doubtful": (StationRow.region, StationRow.region.startswith(district) & StationRow.doubtful_at.is_not(None)),
        "notices": (
            Notice.district,
            inside(Notice.district, district) & _during(Notice.started_at, period) & (Notice.does == "say"),
        ),
    }
    for name, (column, condition) in wanted.items():
        sums.add(name, await session.execute(_grouped(column, sums.length, func.count()).where(condition)))
    days = QuestionCount.day.between(period.first, period.last) & inside(QuestionCount.region, district)
    for name in (*ASKED, "useful", "useless"):
        counted = _grouped(QuestionCount.region, sums.length, func.sum(QuestionCount.times))
        sums.add(name, await session.execute(counted.where(days, QuestionCount.what == name)))


def _grouped(column: InstrumentedAttribute[str], length: int, number: ColumnElement[Any]) -> Select[Any]:
    code = func.substr(column, 1, length)
    return select(code, number).group_by(code)


def _during(column: InstrumentedAttribute[datetime | None], period: Period) -> ColumnElement[bool]:
    return and_(column >= period.since, column < period.before)
