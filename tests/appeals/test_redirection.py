"""A wrong dispatch is undone: another unit, another kind, at every state before the answer, and the worker reads why, once."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.services.appeals import timers
from bot.services.appeals.states import AppealState
from bot.services.calendar import time_limits
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import Limit, LimitUnit
from bot.store.models import Agency, Appeal, AppealStep, Audit, Outbox, now
from tests.support.appeals import RESULT, case_of, does, filed
from tests.support.desk import Desk
from tests.support.units import unit_entered
from tests.support.volunteers import chat_of

WHY = "这件事归街道和社区管"


async def unit_of(app, number: str) -> str:
    """The code of the unit that has a case, or is proposed for it."""
    case = await case_of(app, number)
    async with app.db.read() as session:
        return await session.scalar(select(Agency.code).where(Agency.id == case.agency_id)) or ""


async def lines(app, number: str) -> list[AppealStep]:
    case = await case_of(app, number)
    async with app.db.read() as session:
        return list(
            await session.scalars(select(AppealStep).where(AppealStep.appeal_id == case.id).order_by(AppealStep.id))
        )


@pytest.mark.parametrize("state", [AppealState.ASSIGNED, AppealState.IN_PROGRESS, AppealState.PENDING_INFO])
async def test_another_unit_takes_it_over_and_the_worker_reads_why_once(app, phone, admin, handler, state):
    await phone.types("/start")
    number = await filed(app, state, chat=await chat_of(phone))
    await phone.hears()
    page = await does(admin, number, "reassign", agency="community", text=WHY)
    assert "已改派" in page.words
    [said] = await phone.hears()
    assert WHY in said
    assert "街道和社区" in said
    assert ("刚才问您的不用回了" in said) == (state is AppealState.PENDING_INFO)
    case = await case_of(app, number)
    assert (case.state, case.handler_id, case.paused_at) == (AppealState.ASSIGNED, None, None)
    assert await unit_of(app, number) == "community"
    await handler.gets(f"/console/appeals/{number}", status=404)
    async with Desk(app, Role.HANDLER, agency="community") as other:
        assert "接手办理" in (await other.gets(f"/console/appeals/{number}")).words
    last = (await lines(app, number))[-1]
    assert (last.name, last.text, last.note, last.staff_id) == ("reassign", WHY, "街道和社区", admin.id)
    async with app.db.read() as session:
        mine = (Audit.subject == f"appeal:{number}", Audit.staff_id == admin.id)
        assert list(await session.scalars(select(Audit.action).where(*mine))) == ["appeal.reassign"]


async def test_a_deadline_stays_when_the_unit_changes_but_for_the_time_its_author_was_asked(app, admin):
    number = await filed(app, AppealState.IN_PROGRESS)
    before = (await case_of(app, number)).due_at
    await does(admin, number, "reassign", agency="community", text=WHY)
    assert (await case_of(app, number)).due_at == before


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"agency": "community", "text": ""}, "写几个字"),
        ({"agency": "", "text": WHY}, "现在就是这个单位"),
        ({"agency": "labour", "text": WHY}, "现在就是这个单位"),
        ({"agency": "nobody", "text": WHY}, "请选一个承办单位"),
        ({"agency": "transport", "text": WHY}, "不能派给被反映的单位"),
    ],
)
async def test_what_is_wrong_with_a_new_unit_is_said_and_what_was_typed_stays(app, admin, fields, says):
    number = await filed(app, AppealState.IN_PROGRESS, about="transport")
    page = await does(admin, number, "reassign", **fields, status=422)
    assert says in page.words
    assert fields["text"] in page
    assert (await unit_of(app, number), (await case_of(app, number)).state) == ("labour", AppealState.IN_PROGRESS)


async def test_only_whoever_dispatches_gives_it_to_another_unit_and_only_before_the_answer(app, admin, handler):
    number = await filed(app, AppealState.IN_PROGRESS)
    assert "/reassign" not in await handler.gets(f"/console/appeals/{number}")
    await does(handler, number, "reassign", agency="community", text=WHY, status=403)
    for state in (AppealState.ANSWERED, AppealState.VERIFIED, AppealState.ACCEPTED):
        number = await filed(app, state)
        assert f"{number}/reassign" not in await admin.gets(f"/console/appeals/{number}")
        await does(admin, number, "reassign", agency="community", text=WHY, status=422)


async def test_whoever_gave_it_back_is_not_proposed_again_and_is_marked_in_the_list(app, admin, handler):
    number = await filed(app, AppealState.ASSIGNED)
    await does(handler, number, "return", text="由街道主管，请改派")
    assert await unit_of(app, number) == ""
    page = await does(admin, number, "assign", agency="", status=422)
    assert "请选一个承办单位" in page.words
    assert "人力资源社会保障部门（退回过）" in page.words
    await does(admin, number, "assign", agency="community")
    async with app.db.begin() as session:
        await unit_entered(session, "铁西区人社局", "labour", code="tiexi", region="210106")
    async with Desk(app, Role.HANDLER, agency="community") as other:
        await does(other, number, "return", text="欠薪归人社管，不归我们")
    assert await unit_of(app, number) == "tiexi"


async def test_a_unit_may_give_back_what_it_got_by_redirection_within_a_day(app, admin):
    number = await filed(app, AppealState.IN_PROGRESS)
    async with app.db.begin() as session:
        await session.execute(update(AppealStep).values(at=now() - timedelta(days=20)))
    await does(admin, number, "reassign", agency="community", text=WHY)
    async with Desk(app, Role.HANDLER, agency="community") as other:
        await does(other, number, "return", text="欠薪归人社管，不归我们")
    assert (await case_of(app, number)).state == AppealState.ACCEPTED


async def test_a_reopened_case_goes_back_to_its_unit_at_once_and_to_another_one_with_a_reason(app, phone, admin):
    await phone.types("/start")
    number = await filed(app, AppealState.ANSWERED, chat=await chat_of(phone))
    await phone.types("/appeals")
    await phone.presses(number)
    await phone.presses("不满意，重新办")
    await phone.types("钱还是没有到账")
    await phone.hears()
    page = await admin.gets(f"/console/appeals/{number}")
    assert "人力资源社会保障部门（上次办的）" in page.words
    assert "写几个字" in (await does(admin, number, "assign", agency="community", status=422)).words
    await does(admin, number, "assign", agency="community", text=WHY)
    [said] = await phone.hears()
    assert WHY in said
    assert "街道和社区" in said


async def test_who_turns_out_to_be_complained_about_loses_it_and_it_waits_to_be_given_to_another(app, admin, handler):
    number = await filed(app, AppealState.IN_PROGRESS)
    page = await does(admin, number, "about", unit="labour")
    assert "还在被反映的单位手里" in page.words
    await handler.gets(f"/console/appeals/{number}", status=404)
    assert number in await admin.gets("/console/appeals?view=dispatch")
    page = await does(admin, number, "reassign", agency="community", text=WHY)
    assert "还在被反映的单位手里" not in page.words
    assert number not in await admin.gets("/console/appeals?view=dispatch")


async def test_a_new_kind_comes_with_its_unit_and_its_limit_and_the_worker_reads_both_once(app, phone, admin):
    await phone.types("/start")
    number = await filed(app, AppealState.PENDING_INFO, chat=await chat_of(phone))
    await phone.hears()
    before = await case_of(app, number)
    page = await does(admin, number, "recategorise", kind="access", agency="", text="说的是小区门口进不去")
    assert "类别已改" in page.words
    [said] = await phone.hears()
    for each in ("进门难、停车难", "说的是小区门口进不去", "街道和社区", "刚才问您的不用回了"):
        assert each in said
    case = await case_of(app, number)
    assert (case.kind, case.state, await unit_of(app, number)) == ("access", AppealState.ASSIGNED, "community")
    assert case.due_at < before.due_at  # 7 working days in place of 15
    assert [each.name for each in (await lines(app, number))[-2:]] == ["recategorise", "reassign"]
    assert "欠薪、扣款 → 进门难、停车难" in page.words


@pytest.mark.parametrize("state", [AppealState.SUBMITTED, AppealState.ACCEPTED])
async def test_before_it_is_dispatched_a_new_kind_only_changes_who_is_proposed(app, phone, admin, state):
    await phone.types("/start")
    number = await filed(app, state, chat=await chat_of(phone))
    await phone.hears()
    await does(admin, number, "recategorise", kind="access", text="说的是小区门口进不去")
    assert "在找该谁办" in (await phone.hears())[-1]
    case = await case_of(app, number)
    assert (case.state, case.kind, await unit_of(app, number)) == (state, "access", "community")


async def test_a_unit_keeps_a_case_of_another_kind_when_that_is_wanted(app, phone, admin):
    await phone.types("/start")
    number = await filed(app, AppealState.IN_PROGRESS, chat=await chat_of(phone))
    await phone.hears()
    handler = (await case_of(app, number)).handler_id
    await does(admin, number, "recategorise", kind="injury", agency="labour", text="是工伤，不是欠薪")
    case = await case_of(app, number)
    assert (case.state, case.kind, case.handler_id) == (AppealState.IN_PROGRESS, "injury", handler)
    assert len(await phone.hears()) == 1


async def test_what_was_added_to_the_old_deadline_is_added_to_the_new_one_and_a_day_is_always_left(app, admin):
    plain, extended, old = [await filed(app, AppealState.IN_PROGRESS, kind="other") for _ in range(3)]
    await does(admin, extended, "extend", days="5", why="要等第三方鉴定")
    for number in (plain, extended):
        await does(admin, number, "recategorise", kind="wages", agency="labour", text="是欠薪，不是其他")
    async with app.db.read() as session:
        calendar = await time_limits.calendar(session)
    wages = calendar.due((await case_of(app, plain)).created_at, Limit(15, LimitUnit.WORKING_DAYS))
    assert (await case_of(app, plain)).due_at == wages
    more = calendar.working_days_after(wages - timedelta(microseconds=1), 5) + timedelta(microseconds=1)
    assert wages < (await case_of(app, extended)).due_at <= more + timedelta(days=2)
    async with app.db.begin() as session:
        before = now() - timedelta(days=60)
        due = calendar.due(before, Limit(7, LimitUnit.WORKING_DAYS))
        await session.execute(update(Appeal).where(Appeal.number == old).values(created_at=before, due_at=due))
    await does(admin, old, "recategorise", kind="injury", agency="labour", text="是工伤，不是其他")
    assert (await case_of(app, old)).due_at == calendar.due(now(), Limit(1, LimitUnit.WORKING_DAYS))


async def test_old_timers_ring_in_vain_after_a_change_of_kind(app, admin):
    number = await filed(app, AppealState.IN_PROGRESS)
    async with app.db.read() as session:
        rows = await session.scalars(select(Outbox).where(Outbox.subject == f"overdue:{number}"))
        [old] = [row.payload for row in rows]
    await does(admin, number, "recategorise", kind="injury", agency="labour", text="是工伤，不是欠薪")
    async with app.db.begin() as session:
        await timers.ring(session, app.services, old)
    assert (await case_of(app, number)).level == 0


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kind": "", "text": WHY}, "请选一个类别"),
        ({"kind": "nonsense", "text": WHY}, "请选一个类别"),
        ({"kind": "wages", "text": WHY}, "现在就是这个类别"),
        ({"kind": "access", "text": " "}, "写几个字"),
    ],
)
async def test_what_is_wrong_with_a_new_kind_is_said_and_nothing_changes(app, admin, fields, says):
    number = await filed(app, AppealState.IN_PROGRESS)
    assert says in (await does(admin, number, "recategorise", **fields, status=422)).words
    case = await case_of(app, number)
    assert (case.kind, case.state, await unit_of(app, number)) == ("wages", AppealState.IN_PROGRESS, "labour")


async def test_what_becomes_confidential_is_the_desks_in_charge_and_nobody_takes_it_out_again(app, admin, handler):
    number = await filed(app, AppealState.IN_PROGRESS)
    async with Desk(app, Role.ADMIN, category="legal") as named:
        page = await does(admin, number, "recategorise", kind="legal", text="要的是法律援助")
        assert number not in page  # The administrator does not see it any more, either.
        await handler.gets(f"/console/appeals/{number}", status=404)
        async with Desk(app, Role.HANDLER, agency="justice") as lawyer:
            assert "保密" in (await lawyer.gets(f"/console/appeals/{number}")).words
        assert f"{number}/recategorise" not in await named.gets(f"/console/appeals/{number}")
        page = await does(named, number, "recategorise", kind="wages", text="还是欠薪", status=422)
        assert "保密的诉求不能改类别" in page.words


async def test_nothing_becomes_confidential_where_nobody_would_read_it(app, admin):
    number = await filed(app, AppealState.IN_PROGRESS)
    page = await does(admin, number, "recategorise", kind="legal", text="要的是法律援助", status=422)
    assert "改了就没人看得到" in page.words
    assert (await case_of(app, number)).kind == "wages"


async def test_the_draft_of_the_first_unit_stays_in_the_timeline(app, admin, handler):
    number = await filed(app, AppealState.ASSIGNED)
    await does(handler, number, "begin")
    await does(handler, number, "propose", text=RESULT)
    await does(admin, number, "reassign", agency="community", text=WHY)
    assert (await case_of(app, number)).proposal == ""
    async with Desk(app, Role.HANDLER, agency="community") as other:
        page = await other.gets(f"/console/appeals/{number}")
        assert RESULT in page.words.split("办理经过")[1]
        assert "承办员钱（人力资源社会保障部门）" in page.words


async def test_timelines_name_the_year_and_the_unit(app, admin):
    number = await filed(app, AppealState.ASSIGNED)
    async with app.db.begin() as session:
        await session.execute(update(AppealStep).values(at=now().replace(year=2025, month=3, day=1, hour=4)))
    assert "2025-03-01" in (await admin.gets(f"/console/appeals/{number}")).words
