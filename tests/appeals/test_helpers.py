"""Units that help: asked within a case, they see what they need, reply once, and the worker knows who helps."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from bot.errors import Rejected
from bot.queue.jobs import TIMER
from bot.services import timer_handlers
from bot.services.appeals import appeals, helpers
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.appeals.transitions import move
from bot.services.core import timers
from bot.services.core.lifecycle import Actor, Role
from bot.services.privacy import erasure
from bot.services.setup import succession
from bot.store.models import Agency, Appeal, AppealHelper, AppealStep, Audit, Chat, Outbox
from tests.support import databases
from tests.support.appeals import RESULT, REVIEWER, case_of, does, filed
from tests.support.colleague import Colleague, heard
from tests.support.desk import BY, Desk
from tests.support.units import unit_entered
from tests.support.volunteers import chat_of

QUESTION = "这家站点在你们街道登记过吗，站长是谁"
REPLY = "登记过，登记的是沈阳跑得快公司，十月没有交社保。"


@pytest.fixture
async def helper(app):
    """A handler of the unit that is asked."""
    async with Desk(app, Role.HANDLER, agency="community", name="社区孙") as desk:
        yield desk


async def asked(app, number: str) -> AppealHelper:
    case = await case_of(app, number)
    async with app.db.read() as session:
        return await session.scalar(select(AppealHelper).where(AppealHelper.appeal_id == case.id))


async def asks(admin, number: str, agency: str = "community", status: int = 200):
    return await does(admin, number, "help", agency=agency, note=QUESTION, status=status)


async def test_a_unit_that_is_asked_replies_within_the_case_and_the_worker_reads_who_helps(app, phone, admin, helper):
    await phone.types("/start")
    number = await filed(app, AppealState.IN_PROGRESS, chat=await chat_of(phone))
    await phone.hears()
    assert "请了" in (await asks(admin, number)).words
    [told] = await phone.hears()
    assert "请了" in told
    assert "街道和社区" in told
    assert "请您单位协办" in (await helper.gets("/console")).words
    assert number in await helper.gets("/console/help")
    row = await asked(app, number)
    page = await helper.gets(f"/console/help/{row.id}")
    assert QUESTION in page.words
    assert "十月的工资" in page.words
    assert "王小明" not in page
    assert "13812345678" not in page
    await helper.gets(f"/console/appeals/{number}", status=404)  # The rest of the case is not theirs.
    assert "答给承办单位了" in (await helper.submits(f"/console/help/{row.id}", text=REPLY)).words
    async with Desk(app, Role.HANDLER, agency="labour") as lead:
        page = await lead.gets(f"/console/appeals/{number}")
        assert REPLY in page.words
        assert "答过了" in page.words
    await phone.types("/appeals")
    timeline = (await phone.presses(number))[-1]
    assert "请了" in timeline
    assert REPLY not in timeline
    async with app.db.read() as session:
        done = (await session.scalars(select(Audit.action).where(Audit.action.startswith("appeal.help")))).all()
    assert sorted(done) == ["appeal.help", "appeal.help_reply"]


async def test_the_unit_a_case_is_about_is_not_asked_and_sees_nothing_once_it_turns_out_so(app, admin, helper):
    number = await filed(app, AppealState.IN_PROGRESS, about="community")
    assert "被反映的单位不能协办" in (await asks(admin, number, status=422)).words
    other = await filed(app, AppealState.IN_PROGRESS)
    await asks(admin, other)
    row = await asked(app, other)
    await helper.gets(f"/console/help/{row.id}")
    await does(admin, other, "about", unit="community")
    await helper.gets(f"/console/help/{row.id}", status=404)
    assert other not in await helper.gets("/console/help")


COMMUNITY = {"role": Role.HANDLER, "agency": "community"}


async def test_who_works_on_one_kind_only_is_asked_about_no_other(app, admin):
    number = await filed(app, AppealState.IN_PROGRESS, kind="station")
    own = await filed(app, AppealState.IN_PROGRESS, kind="wages")
    async with Desk(app, Role.HANDLER, agency="community", category="wages") as desk, Desk(app, **COMMUNITY):
        await asks(admin, number)
        await asks(admin, own)
        row = await asked(app, number)
        await desk.gets(f"/console/help/{row.id}", status=404)
        await desk.submits(f"/console/help/{row.id}", text=REPLY, status=404)
        page = await desk.gets("/console/help")
        assert number not in page
        assert own in page
        await desk.gets(f"/console/help/{(await asked(app, own)).id}")


async def test_who_helps_reads_no_name_and_no_phone_in_what_the_worker_wrote(app, admin, helper):
    told = "我是王小明，打 138 1234 5678 找我，站长张三的电话 13998765432，车牌辽A·12345"
    number = await filed(app, AppealState.IN_PROGRESS, story=f"十月的工资没给，{told}")
    async with app.db.begin() as session:
        await session.execute(update(Appeal).where(Appeal.number == number).values(place=told, about=told))
    await asks(admin, number)
    page = await helper.gets(f"/console/help/{(await asked(app, number)).id}")
    assert "十月的工资没给" in page.words
    assert page.words.count("找我") == 3  # The story, the place, whom it is about.
    for hidden in ("王小明", "5678", "13998765432", "12345"):
        assert hidden not in page.words.replace(number, ""), hidden


@pytest.mark.parametrize(
    ("state", "agency", "said"),
    [
        (AppealState.ACCEPTED, "community", "先派单"),
        (AppealState.IN_PROGRESS, "labour", "承办单位"),
        (AppealState.IN_PROGRESS, "police", "没有承办员"),
        (AppealState.IN_PROGRESS, "nowhere", "承办单位"),
    ],
)
async def test_who_cannot_help_is_not_asked(app, admin, helper, state, agency, said):
    number = await filed(app, state)
    page = await asks(admin, number, agency, status=422)
    assert said in page.words
    assert await asked(app, number) is None


async def test_a_unit_is_asked_once_and_replies_once(app, admin, helper):
    number = await filed(app, AppealState.IN_PROGRESS)
    await asks(admin, number)
    assert "一件只请一次" in (await asks(admin, number, status=422)).words
    row = await asked(app, number)
    assert "请写几个字" in (await helper.submits(f"/console/help/{row.id}", text="嗯", status=422)).words
    await helper.submits(f"/console/help/{row.id}", text=REPLY)
    assert "已经答过" in (await helper.submits(f"/console/help/{row.id}", text=REPLY, status=422)).words


async def test_who_sits_elsewhere_finds_no_such_question(app, admin, helper):
    number = await filed(app, AppealState.IN_PROGRESS)
    await asks(admin, number)
    row = await asked(app, number)
    async with Desk(app, Role.HANDLER, agency="labour") as other:
        await other.gets(f"/console/help/{row.id}", status=404)
        await other.submits(f"/console/help/{row.id}", text=REPLY, status=404)
    assert (await asked(app, number)).replied_at is None


async def rings(app, row: AppealHelper, *, early: timedelta = timedelta()) -> None:
    """The timer of three working days, twice; or one that was set for a deadline before this one."""
    async with app.db.read() as session:
        timer = await session.scalar(
            select(Outbox).where(Outbox.kind == TIMER.kind, Outbox.subject == f"late:{row.id}")
        )
    payload = {**TIMER.payload(timer), "due": timers.written(row.due_at - early)}
    for _ in range(2):
        async with app.db.begin() as session:
            await timer_handlers.ring(session, app.services, payload)


async def test_who_does_not_reply_is_asked_once_more_and_the_unit_that_has_it_hears(app, admin):
    helper, lead = Colleague(app, Role.HANDLER, agency="community"), Colleague(app, Role.HANDLER, agency="labour")
    async with helper as helper, lead as lead:
        number = await filed(app, AppealState.IN_PROGRESS, handler=lead.id)
        await asks(admin, number)
        [said] = [each for each in await helper.phone.hears() if number in each]
        assert "请你们单位协办" in said
        assert "十月" not in said
        row = await asked(app, number)
        async with app.db.read() as session:
            timer = await session.scalar(select(Outbox).where(Outbox.subject == f"late:{row.id}"))
        assert timer.due_at == row.due_at
        assert timer.payload["due"] == timers.written(row.due_at)
        await rings(app, row)
        await heard(helper, "协办的还没答")
        await heard(lead, "协办单位还没答")
    assert (await asked(app, number)).chased_at is not None
    case = await case_of(app, number)
    async with app.db.read() as session:
        late = select(func.count()).where(AppealStep.appeal_id == case.id, AppealStep.name == "help_late")
        assert await session.scalar(late) == 1
    assert "超时，催过一次" in (await admin.gets(f"/console/appeals/{number}")).words


async def test_nobody_is_chased_whose_case_is_over(app, admin, helper):
    number = await filed(app, AppealState.IN_PROGRESS)
    await asks(admin, number)
    row = await asked(app, number)
    async with app.db.begin() as session:
        await move(session, app.services.silently(), number, AppealMove(AppealState.ANSWERED, REVIEWER, text=RESULT))
    await rings(app, row)
    assert (await asked(app, number)).chased_at is None
    await helper.gets(f"/console/help/{row.id}", status=404)
    assert number not in await helper.gets("/console/help")


async def test_nobody_is_chased_who_replied(app, admin, helper):
    number = await filed(app, AppealState.IN_PROGRESS)
    await asks(admin, number)
    row = await asked(app, number)
    await helper.submits(f"/console/help/{row.id}", text=REPLY)
    await rings(app, row)
    assert (await asked(app, number)).chased_at is None


@pytest.mark.skipif(
    not databases.is_meant(), reason="SQLite has one writer at a time, so two never wait for each other"
)
async def test_a_chase_waits_for_the_case_with_nothing_in_its_hands(app, admin, helper):
    """Else it would wait for whoever replies, and they for it."""
    number = await filed(app, AppealState.IN_PROGRESS)
    await asks(admin, number)
    row = await asked(app, number)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group, app.db.begin() as session:
        await appeals.get(session, number, lock=True)
        group.create_task(rings(app, row))
        waiting = select(func.count()).select_from(text("pg_locks")).where(text("NOT granted"))
        while not await session.scalar(waiting):
            pass
        by = Actor(Role.HANDLER, helper.id, row.agency_id)
        await helpers.reply(session, row.id, REPLY, by)
    row = await asked(app, number)
    assert row.reply == REPLY
    assert row.chased_at is None


async def off(app, unit: str, successor: str) -> None:
    async with app.db.begin() as session:
        units = {each.code: each for each in await session.scalars(select(Agency))}
        await succession.switch_off(session, app.services, BY, units[unit], successor)


async def unit_of(app, number: str) -> str | None:
    """The code of the unit that is asked about a case."""
    async with app.db.read() as session:
        query = select(Agency.code).join(AppealHelper, AppealHelper.agency_id == Agency.id)
        return await session.scalar(query.join(Appeal).where(Appeal.number == number))


async def test_a_unit_that_is_switched_off_hands_on_what_it_was_asked_and_everybody_hears(app, phone, admin, helper):
    await phone.types("/start")
    number = await filed(app, AppealState.IN_PROGRESS, chat=await chat_of(phone))
    await asks(admin, number)
    await phone.hears()
    async with Colleague(app, Role.HANDLER, agency="union") as heir:
        await off(app, "community", "union")
        await heard(heir, "请你们单位协办")
        row = await asked(app, number)
        assert QUESTION in (await heir.gets(f"/console/help/{row.id}")).words
        await rings(app, row, early=timedelta(days=1))  # The first unit's time is over; the second one's has begun.
        assert (await asked(app, number)).chased_at is None
    assert await unit_of(app, number) == "union"
    [told] = await phone.hears()
    assert "请了" in told
    async with app.db.read() as session:
        noted = await session.scalar(
            select(Audit.detail).where(Audit.action == "appeal.help", Audit.staff_id.is_(None))
        )
    assert noted == {"agency": "union"}


async def test_a_successor_that_has_the_case_or_could_not_help_is_not_asked_and_whoever_has_it_hears(app, admin):
    async with Desk(app, Role.HANDLER, agency="community"), Colleague(app, Role.HANDLER, agency="union") as heir:
        own = await filed(app, AppealState.IN_PROGRESS, agency="union", handler=heir.id)
        about = await filed(app, AppealState.IN_PROGRESS, about="union")
        far = await filed(app, AppealState.IN_PROGRESS, district="210202")
        for number in (own, about):
            await asks(admin, number)
        async with app.db.begin() as session:
            case, unit = (
                select(Appeal.id).where(Appeal.number == far),
                select(Agency.id).where(Agency.code == "community"),
            )
            session.add(
                AppealHelper(appeal_id=await session.scalar(case), agency_id=await session.scalar(unit), question="x")
            )
        await off(app, "community", "union")
        assert [await unit_of(app, each) for each in (own, about, far)] == [None, None, None]
        await heard(heir, "协办单位停用了")
    assert "没答就不再协办" in (await admin.gets(f"/console/appeals/{own}")).words


async def test_who_replies_for_a_unit_that_is_asked_no_more_reads_so(app, admin, helper):
    number = await filed(app, AppealState.IN_PROGRESS)
    await asks(admin, number)
    row = await asked(app, number)
    await off(app, "community", "")
    async with app.db.begin() as session:
        with pytest.raises(Rejected, match=r"helper\.over"):
            await helpers.reply(session, row.id, REPLY, Actor(Role.HANDLER, helper.id, row.agency_id))


async def test_a_unit_whose_handlers_work_in_another_district_or_on_another_kind_is_not_asked(app, admin):
    number = await filed(app, AppealState.IN_PROGRESS)
    for more in ({"district": "2102"}, {"category": "injury"}):
        async with Desk(app, Role.HANDLER, agency="community", **more):
            assert "没有承办员" in (await asks(admin, number, status=422)).words


async def test_erasing_somebody_masks_what_was_asked_and_replied_about_them(app, phone, admin, helper):
    await phone.types("/start")
    number = await filed(app, AppealState.IN_PROGRESS, chat=await chat_of(phone))
    await asks(admin, number)
    async with app.db.begin() as session:
        await session.execute(update(AppealHelper).values(question="王小明 13812345678", reply="王小明 13812345678"))
    async with app.db.begin() as session:
        await erasure.erase(session, app.services, await session.get(Chat, await chat_of(phone)))
    row = await asked(app, number)
    assert "13812345678" not in row.question + row.reply
    assert "王小明" not in row.question + row.reply


async def test_no_other_unit_is_asked_about_a_confidential_case(app, admin):
    number = await filed(app, AppealState.IN_PROGRESS)
    async with app.db.begin() as session:
        await session.execute(update(Appeal).where(Appeal.number == number).values(confidential=True))
    async with app.db.begin() as session:
        with pytest.raises(Exception, match=r"helper\.confidential"):
            await helpers.ask(session, app.services, number, "community", QUESTION, REVIEWER)


async def test_a_case_whose_district_nobody_knows_goes_to_no_unit_of_another_city(app, admin):
    async with app.db.begin() as session:
        await unit_entered(session, "历下区人社局", region="370102", code="far")
    async with Desk(app, Role.HANDLER, district="370102", agency="far"):
        waiting = await filed(app, AppealState.ACCEPTED, district="")
        page = await does(admin, waiting, "assign", agency="far", text="请你们办", status=422)
        assert "请选一个承办单位" in page.words
        at_work = await filed(app, AppealState.IN_PROGRESS, district="")
        assert "请选一个承办单位" in (await asks(admin, at_work, "far", status=422)).words
        await does(admin, at_work, "reassign", agency="far", text="请你们办", status=422)
    await does(admin, waiting, "assign", agency="labour")
