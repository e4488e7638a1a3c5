"""When a year is entered or a day moves, every open case gets the deadline and the timers that follow: once."""

import asyncio
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select, update

from bot.queue import jobs, outbox
from bot.services import replanning
from bot.services.appeals import case_work
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.calendar import time_limits
from bot.services.core import revisions, timers
from bot.services.core.lifecycle import BACKEND, Actor, Role
from bot.services.core.working_days import ZONE, Calendar, shown
from bot.services.hazards import hazards
from bot.services.hazards.hazards import HazardDraft
from bot.services.replanning import Replanner
from bot.store.models import Agency, Appeal, AppealStep, CalendarDay, Hazard, HazardStep, Outbox, OutboxState, now
from bot.store.opening import database_of
from tests.support.appeals import ADMIN, case_of, employed, filed
from tests.support.calendar import LAST, forget, make_up

NEXT = LAST + 1  # a year that nobody has announced; its days here are an example
REVIEWER = Actor(Role.REVIEWER, 901)


@pytest.fixture(autouse=True)
def december():
    """Shortly before the end of what the package knows."""
    with time_machine.travel(datetime(LAST, 12, 23, 10, tzinfo=ZONE)):
        yield


@pytest.fixture
async def app(app):
    async with app.db.begin() as session:
        await forget(session)
    return app


async def enter(app, *days: tuple[date, bool], year: int | None = NEXT) -> None:
    async with app.db.begin() as session:
        if year is not None:
            await make_up(session, [year])
        session.add_all([CalendarDay(day=day, working=working) for day, working in days])
        await session.flush()
        await revisions.touch(session, time_limits.NAME)
        await replanning.begin(session)
    await app.settled()


async def waiting(app, number: str) -> list[tuple[str, datetime]]:
    """The timers of a case's clock that wait, and when they ring."""
    async with app.db.read() as session:
        return sorted((await timers.waiting(session, [number])).get(number, []), key=lambda each: each[1])


async def lines(app, number: str, name: str = "redate") -> int:
    async with app.db.read() as session:
        model, step, owner = (
            (Hazard, HazardStep, HazardStep.hazard_id)
            if number[0] == "H"
            else (Appeal, AppealStep, AppealStep.appeal_id)
        )
        found = (
            select(func.count(step.id)).join(model, model.id == owner).where(model.number == number, step.name == name)
        )
        return await session.scalar(found)


async def files(phone) -> str:
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("欠薪")
    await phone.types("站长拖着十月的工资不给，一共四千三")
    [receipt] = await phone.presses("提交")
    assert "等放假安排公布后告诉您最晚哪天" in receipt
    return receipt.split("编号：")[1][:12]


async def reported(app, kind: str = "road") -> str:
    """A hazard that somebody reported; returns its number."""
    async with app.db.begin() as session:
        draft = HazardDraft(kind, "大坑，摔了两个人了", place="兴工街", origin="open311")
        return (await hazards.submit(session, app.services, None, draft)).number


async def hazard_of(app, number: str) -> Hazard:
    async with app.db.read() as session:
        return await session.scalar(select(Hazard).where(Hazard.number == number))


async def test_a_case_without_a_date_says_so_and_is_told_the_date_once_when_the_year_is_entered(phone, app):
    number = await files(phone)
    assert (await case_of(app, number)).due_at is None
    assert await waiting(app, number) == []
    assert "等放假安排公布后告诉您最晚哪天" in (await phone.types("/appeals"))[-1]
    await phone.hears()
    await enter(app)
    due = (await case_of(app, number)).due_at
    assert await phone.hears() == [f"{number} 的日子定了：{shown(due)} 前给您回话。"]
    assert [what.partition(":")[0] for what, _ in await waiting(app, number)] == ["warn", "warn", "overdue"]
    await enter(app)
    assert await phone.hears() == []
    assert await lines(app, number) == 1
    assert f"日子定在 {shown(due)}" in "".join(await phone.presses(number))


async def test_every_open_case_gets_its_date_and_no_closed_one(app):
    numbers = [
        await filed(app, state) for state in (AppealState.SUBMITTED, AppealState.IN_PROGRESS, AppealState.PENDING_INFO)
    ]
    answered = await filed(app, AppealState.ANSWERED)
    await enter(app)
    for number in numbers:
        assert (await case_of(app, number)).due_at is not None
        assert await lines(app, number) == 1
    assert (await case_of(app, answered)).due_at is None
    async with app.db.read() as session:
        assert await replanning.undated(session) == 0


async def test_hazards_get_their_dates_too_and_hours_need_no_calendar(app):
    road, gas = await reported(app), await reported(app, "gas")
    before = (await hazard_of(app, gas)).due_at
    assert (await hazard_of(app, road)).due_at is None
    await enter(app)
    assert shown((await hazard_of(app, road)).due_at) > date(LAST, 12, 28)
    assert await lines(app, road) == 1
    assert (await hazard_of(app, gas)).due_at == before is not None
    assert await lines(app, gas) == 0


async def test_a_day_that_moves_moves_deadline_and_timers_once_and_back_again(phone, app):
    number = await files(phone)
    await enter(app)
    due, rings = (await case_of(app, number)).due_at, await waiting(app, number)
    await phone.hears()
    day = first_worked(date(NEXT, 1, 2))
    await enter(app, (day, False), year=None)
    moved = (await case_of(app, number)).due_at
    assert shown(moved) == first_worked(shown(due) + timedelta(days=1))
    assert await phone.hears() == [
        f"{number} 的日子变了：{shown(moved)} 前给您回话，原来是 {shown(due)}。放假安排有调整。"
    ]
    later = await waiting(app, number)
    assert [what for what, _ in later] == [what for what, _ in rings]
    assert all(after > before for (_, after), (_, before) in zip(later, rings, strict=True))
    async with app.db.begin() as session:
        await session.delete(await session.get_one(CalendarDay, day))
    await enter(app, year=None)
    assert await waiting(app, number) == rings
    assert (await case_of(app, number)).due_at == due


async def test_a_reminder_that_was_given_is_not_given_again_unless_its_moment_comes_again(app):
    number = await filed(app, AppealState.IN_PROGRESS)
    await enter(app)
    await ring(app, "warn")
    assert await lines(app, number, "warn") == 2
    start, due = (await case_of(app, number)).created_at, (await case_of(app, number)).due_at
    with time_machine.travel(start + (due - start) * 0.97):  # both moments are over
        await enter(app, (first_worked(shown(due)), False), year=None)
        assert [what.partition(":")[0] for what, _ in await waiting(app, number)] == ["overdue"]
        assert await lines(app, number, "warn") == 2


async def test_an_overdue_case_goes_up_in_the_year_that_was_missing(app):
    number = await filed(app, AppealState.IN_PROGRESS)
    async with app.db.begin() as session:
        days = Calendar().working_days_in(now(), datetime(LAST, 12, 31, 23, tzinfo=ZONE))  # until the end of the year
        limit = {"limit_amount": days, "limit_unit": "working_days"}
        await session.execute(update(Appeal).where(Appeal.number == number).values(limit))
    await enter(app, year=None)
    with time_machine.travel(datetime(LAST, 12, 31, 23, tzinfo=ZONE)):
        due = (await case_of(app, number)).due_at
        assert due is not None
    with time_machine.travel(due + timedelta(hours=1)):
        await app.settled()
        assert (await case_of(app, number)).level == 1
        assert await waiting(app, number) == []
        await enter(app)
        assert [what.partition(":")[0] for what, _ in await waiting(app, number)] == ["overdue", "overdue"]
    with time_machine.travel(datetime(NEXT, 2, 1, tzinfo=ZONE)):
        await app.settled()
        assert (await case_of(app, number)).level == 3


async def test_a_question_before_the_end_of_the_calendar_is_asked_and_goes_on_when_the_year_is_known(phone, app):
    number = await filed(app, AppealState.IN_PROGRESS)
    with time_machine.travel(datetime(LAST, 12, 30, 10, tzinfo=ZONE)):
        await asks(app, number)
        assert await waiting(app, number) == []
        await enter(app)
        [(what, at)] = await waiting(app, number)
        assert what == f"pending:{number}"
    with time_machine.travel(at + timedelta(seconds=1)):
        await app.settled()
        assert (await case_of(app, number)).state == "in_progress"


async def test_a_case_that_was_paused_over_the_new_year_gets_the_working_days_of_its_pause(app):
    number = await filed(app, AppealState.IN_PROGRESS)
    with time_machine.travel(datetime(LAST, 12, 30, 10, tzinfo=ZONE)):
        await asks(app, number)
    with time_machine.travel(datetime(NEXT, 1, 12, 11, tzinfo=ZONE)):
        await moves(app, number, AppealState.IN_PROGRESS, BACKEND)
        assert (await case_of(app, number)).due_at is None
        await enter(app)
        before = (await case_of(app, number)).due_at
        holiday = first_worked(
            date(NEXT, 1, 5)
        )  # inside the pause: that one costs a day less, and the time runs as long
        await enter(app, (holiday, False), year=None)
        assert (await case_of(app, number)).due_at == before


async def test_an_agency_may_give_a_case_back_while_nobody_knows_the_next_working_day(app):
    with time_machine.travel(datetime(LAST, 12, 31, 10, tzinfo=ZONE)):
        number = await filed(app, AppealState.ASSIGNED)
        async with app.db.begin() as session:
            office = await session.scalar(select(Agency.id).where(Agency.code == "labour"))
        await moves(app, number, AppealState.ACCEPTED, Actor(Role.HANDLER, 902, office), text="不归我们管")
    assert (await case_of(app, number)).hops == 1


async def test_an_extension_into_the_missing_year_is_given_and_dated_later(app):
    number = await filed(app, AppealState.IN_PROGRESS)
    async with app.db.begin() as session:
        await session.execute(update(Appeal).values(limit_amount=3, limit_unit="working_days"))
    await enter(app, year=None)
    assert (await case_of(app, number)).due_at is not None
    async with app.db.begin() as session:
        await case_work.extend(session, app.services, number, 10, "要等第三方鉴定", ADMIN)
    assert (await case_of(app, number)).due_at is None
    await enter(app)
    assert (await case_of(app, number)).due_at is not None


async def test_a_case_that_was_merged_meanwhile_is_dated_when_it_stands_alone_again(app):
    parent, child = await filed(app), await filed(app, chat=None)
    await employed(app, ADMIN)
    await moves(app, child, AppealState.MERGED, ADMIN, parent=parent)
    await enter(app)
    assert (await case_of(app, child)).due_at is None
    await moves(app, child, AppealState.ACCEPTED, ADMIN)
    assert (await case_of(app, child)).due_at == (await case_of(app, parent)).due_at
    assert len(await waiting(app, child)) == 3


async def test_two_processes_at_once_set_each_case_right_once(app, settings):
    numbers = [await filed(app) for _ in range(30)]
    async with app.db.begin() as session:
        await make_up(session, [NEXT])
    others = [database_of(settings) for _ in range(2)]
    rows = [await leased(each) for each in others]
    await asyncio.gather(*(Replanner(db, lambda: app.services)(row) for db, row in zip(others, rows, strict=True)))
    for each in others:
        await each.close()
    async with app.db.read() as session:
        told = Counter(await session.scalars(select(AppealStep.appeal_id).where(AppealStep.name == "redate")))
    assert Counter(told.values()) == {1: len(numbers)}
    assert {len(await waiting(app, number)) for number in numbers} == {3}


async def test_many_cases_are_set_right_in_several_goes(app, monkeypatch):
    monkeypatch.setattr(replanning, "CHANGED", 2)
    monkeypatch.setattr(replanning, "READ", 3)
    monkeypatch.setattr(replanning, "ROUNDS", 2)
    numbers = [await filed(app) for _ in range(11)]
    await enter(app)
    assert [await lines(app, number) for number in numbers] == [1] * 11


async def test_somebody_looks_every_night(app):
    async with app.db.read() as session:
        nights = list(
            await session.scalars(
                select(Outbox.due_at).where(Outbox.kind == jobs.REPLAN.kind, Outbox.state == "waiting")
            )
        )
    assert [each.astimezone(ZONE).hour for each in nights] == [2]


def first_worked(day: date) -> date:
    """The first weekday from a day on: what is worked in a year whose example has no holidays."""
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day


async def leased(db) -> Outbox:
    """A row as the relay hands it to its sender."""
    async with db.begin() as session:
        row = jobs.REPLAN.row({}, subject=jobs.REPLAN.kind, due_at=now() + timedelta(minutes=1))
        await outbox.put(session, [row])
    return row


async def moves(app, number: str, target: AppealState, by: Actor, **details: str) -> None:
    async with app.db.begin() as session:
        await appeal_transitions.move(session, app.services, number, AppealMove(target, by, **details))


async def asks(app, number: str) -> None:
    case = await case_of(app, number)
    handler = Actor(Role.HANDLER, case.handler_id, case.agency_id)
    await moves(app, number, AppealState.PENDING_INFO, handler, text="您是哪个站点的？")


async def ring(app, what: str) -> None:
    """Let the timers of this kind ring now."""
    async with app.db.begin() as session:
        due = Outbox.subject.startswith(f"{what}:") & (Outbox.state == OutboxState.WAITING)
        await session.execute(update(Outbox).where(due).values(due_at=now() - timedelta(seconds=1)))
    await app.settled()
