"""A year's overview is a sum of days: it says the same as the steps, whatever happens to a case and whenever one looks."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, insert, select, update

from bot.services.appeals.states import AppealState
from bot.services.core import periods
from bot.services.core.lifecycle import Role
from bot.services.core.periods import Period
from bot.services.core.working_days import DAY
from bot.services.reports import daily_counts, day_sums, statistics
from bot.services.reports.keeper import Keeper
from bot.store.models import Agency, Appeal, AppealChange, AppealStep, DailyCount, now
from tests.support.appeals import filed
from tests.support.desk import Desk

PLACES = ("", "21", "2101", "210106", "1101")


@pytest.fixture
def keeper(app) -> Keeper:
    return Keeper(app.db, lambda: app.knowledge.measures)


async def step(session, number: int, name: str, days: int, rating: str = "") -> None:
    """A line of a timeline, so many days ago."""
    values = {"appeal_id": number, "name": name, "source": "", "target": "", "role": "system", "rating": rating}
    await session.execute(insert(AppealStep).values(**values, at=now() - timedelta(days=days)))


async def lived(app) -> list[int]:
    """Cases with a past: settled, reopened and settled again, weeks apart or on one day."""
    for district in ("210106", "210106", "210102", "110105"):
        await filed(app, district=district)
    async with app.db.begin() as session:
        ids = list(await session.scalars(select(Appeal.id).order_by(Appeal.id)))
        for name, days, rating in (("verify", 60, "good"), ("reopen", 40, ""), ("verify", 20, "fair")):
            await step(session, ids[0], name, days, rating)
        for name in ("verify", "reopen", "expire", "return", "return"):
            await step(session, ids[1], name, 10)
        await step(session, ids[2], "expire", 5)
        await step(session, ids[2], "reopen", 1)
    return ids


async def agree(app) -> bool:
    """Whether days and steps tell the same, for periods of all sorts and every place."""
    today, measures = periods.today(), app.knowledge.measures
    for first, last in ((90, 0), (70, 30), (45, 45), (30, 0), (10, 10), (5, 2), (1, 0)):
        period = Period(today - first * DAY, today - last * DAY)
        for place in PLACES:
            async with app.db.read() as session:
                sums = await day_sums.read(session, measures.counted, period, place)
                within = statistics.scope(place)
                counted = await statistics.count(session, measures.counted, period, within)
                found = sums.counts(measures.counted)
                parts = period.parts(31)
                drawn = measures.every["settled"]
                line = await statistics.over_time(session, drawn, period, parts, within)
            same = dict(found.totals) == dict(counted.totals) and line == sums.over_time(drawn, parts)
            if not same or _plain(found) != _plain(counted):
                return False
    return True


def _plain(counts: statistics.Counts):
    tables = counts.by_kind, counts.by_agency
    return [
        {key: {n: v for n, v in row.items() if v} for key, row in table.items() if any(row.values())}
        for table in tables
    ]


async def test_days_and_steps_tell_the_same_before_and_after_they_are_folded(app, keeper):
    await lived(app)
    assert await agree(app)
    await keeper.fold()
    assert await agree(app)
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(AppealChange)) == 0


async def test_a_case_that_gets_another_district_kind_or_unit_is_counted_there_from_now_on(app, keeper):
    ids = await lived(app)
    await keeper.fold()
    async with app.db.begin() as session:
        other = await session.scalar(select(func.max(Agency.id)))
        await session.execute(update(Appeal).where(Appeal.id == ids[0]).values(region="110105", agency_id=other))
        await session.execute(update(Appeal).where(Appeal.id == ids[1]).values(kind="access", agency_id=None))
        await session.execute(update(Appeal).where(Appeal.id == ids[2]).values(region=""))
        await step(session, ids[3], "verify", 0, "good")
    assert await agree(app)
    await keeper.fold()
    assert await agree(app)


async def test_folding_twice_or_by_two_at_once_counts_once(app, keeper):
    await lived(app)
    await keeper.fold()
    async with app.db.begin() as session:
        await session.execute(insert(AppealChange).from_select(["appeal_id"], select(Appeal.id)))
        await session.execute(insert(AppealChange).from_select(["appeal_id"], select(Appeal.id)))
    await keeper.fold()
    assert await agree(app)


async def test_the_nightly_check_finds_a_wrong_count_and_everything_is_counted_anew(app, keeper):
    await lived(app)
    await keeper.fold()
    assert await keeper.check()
    async with app.db.begin() as session:
        await session.execute(update(DailyCount).values(count=DailyCount.count + 1))
    assert not await agree(app)
    assert not await keeper.check()
    await keeper.fold()
    assert await agree(app)
    assert await keeper.check()


async def test_after_other_rules_nothing_is_believed_until_all_is_counted_anew(app, keeper):
    await lived(app)
    await keeper.fold()
    measures = app.knowledge.measures.counted
    period = Period(periods.today(), periods.today())
    async with app.db.begin() as session:
        assert await day_sums.read(session, measures[1:], period, "") is None
        await daily_counts.ensure(session, measures[1:])
        assert await day_sums.read(session, measures, period, "") is None
        await daily_counts.ensure(session, measures)
    await keeper.fold()
    assert await agree(app)


async def test_the_overview_shows_a_step_at_once_and_asks_no_timelines_for_it(app, keeper):
    await filed(app, AppealState.VERIFIED)
    await keeper.fold()
    async with Desk(app, Role.ADMIN) as admin:
        assert "收集" in (await admin.gets("/console/overview")).words
        async with app.db.begin() as session:
            await session.execute(delete(DailyCount))
        assert 'class="count">1<' not in await admin.gets("/console/overview")  # The numbers come from the days.
        await filed(app)
        assert 'class="count">1<' in await admin.gets("/console/overview")
