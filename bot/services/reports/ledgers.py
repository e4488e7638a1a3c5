"""Ledgers: the weekly review table and the monthly ledger, frozen with their words and their cases, and stamped.

Freezing again gives the row that is there; what turned out different later is a correction: a row of its own, with a
date and a reason, that names the stamp of what it corrects.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from sqlalchemy import ColumnElement, case, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.core import periods
from bot.services.core.context import ServiceContext
from bot.services.core.periods import Period
from bot.services.core.working_days import DAY, ZONE
from bot.services.notices import totals as notice_totals
from bot.services.reports import statistics
from bot.services.reports.statistics import Counts
from bot.services.staff import accounts
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Right, Staffer
from bot.store import upsert
from bot.store.models import Agency, Appeal, Ledger, StaffRole, now
from knowledge import regions
from knowledge.measures import Measure

KINDS = ("month", "week")
SHOWN = 200  # newest ledgers of a list
SHORTEST, LONGEST = 4, 200  # characters of a reason


@dataclass(frozen=True, slots=True)
class LedgerRequest:
    """Which ledger: a kind, one of its periods, a district."""

    kind: str
    period: Period
    district: str


def last(kind: str, day: date | None = None) -> Period:
    """The period of a kind that was over last, seen from a day or from today."""
    of = periods.week_of if kind == "week" else periods.month_of
    return of(of(day or periods.today()).first - DAY)


async def freeze(
    session: AsyncSession, context: ServiceContext, wanted: LedgerRequest, staff_id: int | None = None
) -> Ledger:
    """The ledger as it was frozen first, now or before.  Raises Rejected for a period that is not over."""
    if not wanted.period.over:
        raise Rejected("ledger.early", day=(wanted.period.last + DAY).isoformat())
    if (known := await _newest(session, wanted)) is None:
        await _keep(session, context, wanted, await _count(session, context, wanted), staff_id)
        known = await _newest(session, wanted)
    first = select(Ledger).where(*_same(wanted), Ledger.number == 0)
    return (await session.scalars(first)).one() if known is None or known.number else known


async def amend(
    session: AsyncSession, context: ServiceContext, ledger: Ledger, why: str, staff_id: int | None = None
) -> Ledger:
    """Count anew, and keep what is different as a correction.  Raises Rejected without a reason or a difference."""
    if not SHORTEST <= len(why.strip()) <= LONGEST:
        raise Rejected("ledger.why", least=SHORTEST, most=LONGEST)
    wanted = LedgerRequest(ledger.kind, Period(ledger.first, ledger.last), ledger.district)
    old = await _newest(session, wanted) or ledger
    counted = await _count(session, context, wanted)
    if counted == _numbers(read(old)):
        raise Rejected("ledger.same")
    number = await _keep(session, context, wanted, counted, staff_id, amends=old, why=why.strip())
    if number is None:
        raise Rejected("ledger.meanwhile")
    return await session.get_one(Ledger, number)


async def _keep(
    session: AsyncSession,
    context: ServiceContext,
    wanted: LedgerRequest,
    counted: Mapping[str, Any],
    staff_id: int | None,
    *,
    amends: Ledger | None = None,
    why: str = "",
) -> int | None:
    """Write a ledger down; its number, or None when somebody else was quicker."""
    at = now()
    known = {
        "kind": wanted.kind,
        "first": wanted.period.first,
        "last": wanted.period.last,
        "district": wanted.district,
        "number": amends.number + 1 if amends else 0,
        "why": why,
    }
    corrects = {"corrects": amends.stamp if amends else "", "at": at.astimezone(ZONE).isoformat(timespec="seconds")}
    content = orjson.dumps({**known, **corrects, **_words(context, wanted), **counted}, option=orjson.OPT_SORT_KEYS)
    values = {
        **known,
        "amends_id": amends.id if amends else None,
        "content": content.decode(),
        "stamp": hashlib.sha256(content).hexdigest(),
        "staff_id": staff_id,
        "at": at,
    }
    insert = upsert.insert(session, Ledger).values(values).on_conflict_do_nothing().returning(Ledger.id)
    return (await session.execute(insert)).scalar_one_or_none()


def _words(context: ServiceContext, wanted: LedgerRequest) -> dict[str, Any]:
    """What the numbers are called, as of now: later wording changes no ledger."""
    measures = context.knowledge.measures
    explained = [[each.name, each.title, each.meaning] for each in measures.lists[wanted.kind]]
    place = regions.full_name(context.knowledge.regions, wanted.district) or measures.words["everywhere"]
    return {"place": place, "measures": explained, "words": dict(measures.words)}


async def _count(session: AsyncSession, context: ServiceContext, wanted: LedgerRequest) -> dict[str, Any]:
    """The numbers and the cases behind them, in plain JSON."""
    measures, within = context.knowledge.measures.lists[wanted.kind], statistics.scope(wanted.district)
    counts = await statistics.count(session, measures, wanted.period, within)
    names = {each.id: each.name for each in await session.scalars(select(Agency))}
    labels = {code: kind.label for code, kind in context.knowledge.appeals.kinds.items()}
    return {
        **_tables(counts, measures, labels, names),
        "cases": await _cases(session, context, wanted, measures, labels),
        "notices": await notice_totals.reached(session, wanted.period, wanted.district),
    }


def _tables(
    counts: Counts, measures: Sequence[Measure], labels: Mapping[str, str], names: Mapping[int, str]
) -> dict[str, Any]:
    numbers = [each.name for each in measures]
    kinds = {labels.get(code, code): found for code, found in counts.by_kind.items()}
    units = {names.get(number or 0, ""): found for number, found in counts.by_agency.items()}
    return {
        "totals": [counts.totals[name] for name in numbers],
        "kinds": [[label, *(kinds[label][name] for name in numbers)] for label in sorted(kinds)],
        "agencies": [[label, *(units[label][name] for name in numbers)] for label in sorted(units)],
    }


async def _cases(
    session: AsyncSession,
    context: ServiceContext,
    wanted: LedgerRequest,
    measures: Sequence[Measure],
    labels: Mapping[str, str],
) -> list[list[Any]]:
    """A line for each case: what tells it, and a 1 for every measure that counts it.  Confidential ones have no number."""
    marks, asked = statistics.conditions(measures, wanted.period)
    flags = [case((condition, 1), else_=0).label(name) for name, condition in asked.items()]
    columns = (Appeal.number, Appeal.confidential, Appeal.kind, Appeal.region, Agency.name, Appeal.created_at)
    query = (
        select(*columns, *flags)
        .outerjoin_from(Appeal, marks, marks.c.appeal_id == Appeal.id)
        .outerjoin(Agency, Agency.id == Appeal.agency_id)
        .where(statistics.scope(wanted.district), or_(*asked.values()))
        .order_by(Appeal.id)
    )
    found = []
    for number, confidential, kind, region, agency, at, *counted in (await session.execute(query)).all():
        place = regions.full_name(context.knowledge.regions, region)
        day = at.astimezone(ZONE).date().isoformat()
        found.append(["" if confidential else number, labels.get(kind, kind), place, agency or "", day, *counted])
    return found


def read(ledger: Ledger) -> dict[str, Any]:
    """What a ledger says."""
    content: dict[str, Any] = orjson.loads(ledger.content)
    return content


def _numbers(content: Mapping[str, Any]) -> dict[str, Any]:
    """Ledgers of the time before notices were counted have none of these."""
    return {name: content.get(name) for name in ("totals", "kinds", "agencies", "cases", "notices")}


def is_whole(ledger: Ledger) -> bool:
    """Whether the content is still the one that was stamped, and the row says the same as it."""
    content = read(ledger)
    same = [content["kind"], content["first"], content["district"], content["number"], content["why"]]
    row = [ledger.kind, ledger.first.isoformat(), ledger.district, ledger.number, ledger.why]
    return hashlib.sha256(ledger.content.encode()).hexdigest() == ledger.stamp and same == row


def may_read(staffer: Staffer, district: str, right: Right = Right.STATISTICS_READ) -> bool:
    """A ledger is of a whole district: whoever counts one kind or one agency only does not see it."""
    return staffer.may(right, district=district, category="", agency=0)


def visible(staffer: Staffer, right: Right = Right.STATISTICS_READ) -> ColumnElement[bool]:
    """The same as a condition on rows."""
    held = {each.district for each in staffer.grants if each.allows(right)}
    return accounts.within(Ledger.district, [each for each in held if may_read(staffer, each, right)])


LEDGERS = Lookup("ledger", Ledger, Ledger.id, visible)


async def listed(session: AsyncSession, staffer: Staffer) -> list[Ledger]:
    """Ledgers that somebody may read, newest periods first, each followed by its corrections."""
    query = (
        select(Ledger)
        .where(visible(staffer))
        .order_by(Ledger.first.desc(), Ledger.kind, Ledger.district, Ledger.number)
        .limit(SHOWN)
    )
    return list(await session.scalars(query))


async def series(session: AsyncSession, ledger: Ledger) -> list[Ledger]:
    """A ledger and all its corrections, in their order."""
    wanted = LedgerRequest(ledger.kind, Period(ledger.first, ledger.last), ledger.district)
    return list(await session.scalars(select(Ledger).where(*_same(wanted)).order_by(Ledger.number)))


async def districts(session: AsyncSession) -> list[str]:
    """For which districts ledgers are kept: the whole, and wherever somebody of the staff may read numbers."""
    readers = StaffRole.role.in_(Right.STATISTICS_READ.roles)
    held = await session.scalars(select(StaffRole.district).where(readers).distinct())
    return sorted({"", *held})


async def freeze_due(session: AsyncSession, context: ServiceContext, kinds: Iterable[str] = KINDS) -> None:
    """Freeze the week and the month that were over last, wherever that has not been done."""
    for kind in kinds:
        for district in await districts(session):
            await freeze(session, context, LedgerRequest(kind, last(kind), district))


async def _newest(session: AsyncSession, wanted: LedgerRequest) -> Ledger | None:
    query = select(Ledger).where(*_same(wanted)).order_by(Ledger.number.desc()).limit(1)
    found: Ledger | None = await session.scalar(query)
    return found


def _same(wanted: LedgerRequest) -> tuple[Any, ...]:
    return Ledger.kind == wanted.kind, Ledger.first == wanted.period.first, Ledger.district == wanted.district
