"""A worker files an appeal in under a minute, gets a number, a code and a deadline, and watches it move."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from bot.errors import Rejected
from bot.services.appeals import appeals, case_work, filing
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.states import APPEAL, AppealMove, AppealState
from bot.services.chats import chats
from bot.services.core import numbers
from bot.services.core.lifecycle import BACKEND, SYSTEM, Actor, IllegalStep, Role
from bot.services.identity import identities
from bot.store.models import (
    Agency,
    AllowedStep,
    Appeal,
    AppealStep,
    Chat,
    Identity,
    Outbox,
    OutboxState,
    View,
    now,
)
from tests.support import databases
from tests.support.appeals import employed
from tests.support.second_thoughts import minute_over
from tests.support.units import unit_entered

STORY = "十月的工资站长拖到现在没给，一共四千三"
ADMIN = Actor(Role.ADMIN, 1)
HANDLER = Actor(Role.HANDLER, 2)
REVIEWER = Actor(Role.REVIEWER, 3)
RESULT = "已责令站点于本周五前付清四千三百元，并当面核对了工资表。"


async def files(phone, story: str = STORY, kind: str = "欠薪", *more: str) -> str:
    """File an appeal by the short way; returns its number."""
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses(kind)
    await phone.types(story)
    for label in more:
        await phone.presses(label)
    [receipt] = await phone.presses("提交")
    return re.search(r"编号：(\d{12})", receipt)[1]


@pytest.fixture
async def acts(app):
    """Moves a case as somebody: `await acts(number, State.ACCEPTED, ADMIN)`."""

    async def act(number: str, target: AppealState, actor: Actor, **details) -> Appeal:
        async with app.db.begin() as session:
            agency = await session.scalar(select(Agency.id).where(Agency.code == "labour"))
            known = Actor(actor.role, actor.id, agency) if actor.role is Role.HANDLER else actor
            return await appeal_transitions.move(session, app.services, number, AppealMove(target, known, **details))

    return act


@pytest.fixture
async def answered(phone, acts):
    """The number of an appeal whose answer has just arrived."""
    number = await files(phone)
    await acts(number, AppealState.ACCEPTED, SYSTEM)
    await acts(number, AppealState.ASSIGNED, ADMIN, agency="labour")
    await acts(number, AppealState.IN_PROGRESS, HANDLER)
    await acts(number, AppealState.ANSWERED, REVIEWER, text=RESULT)
    await phone.hears()
    return number


async def case(app, number: str) -> Appeal:
    async with app.db.read() as session:
        return await session.scalar(select(Appeal).where(Appeal.number == number))


async def test_the_short_way_is_four_taps_and_one_text(phone, app):
    await phone.types("我要反映")  # 1
    await phone.presses("写一份诉求")  # 2
    await phone.presses("欠薪")  # 3
    preview = (await phone.types(STORY))[-1]
    assert "只让区里知道" in preview
    assert STORY in preview
    [receipt] = await phone.presses("提交")  # 4
    assert re.search(r"编号：\d{12}", receipt)
    assert re.search(r"提取码：[2-9A-HJ-NP-Z]{6}", receipt)
    assert "人力资源社会保障部门" in receipt
    assert re.search(r"(20\d\d-\d\d-\d\d|放假安排公布后定的那天) 前给您回话", receipt)
    appeal = await case(app, re.search(r"编号：(\d{12})", receipt)[1])
    assert (appeal.state, appeal.kind, appeal.story) == ("submitted", "wages", STORY)


async def test_the_case_and_its_identity_are_apart(phone, app):
    number = await files(phone)
    async with app.db.read() as session:
        appeal = await session.scalar(select(Appeal).where(Appeal.number == number))
        identity = await session.get(Identity, appeal.alias)
        chat = await session.scalar(select(Chat))
    assert identity.body == {"chat_id": chat.id, "name": "", "phone": ""}
    assert chat.flow == ""
    assert chat.answers is None


async def test_with_ones_name_asks_for_name_and_phone_and_keeps_both_sealed(phone, app):
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("欠薪")
    await phone.types(STORY)
    await phone.presses("谁能知道是我")
    await phone.presses("办事的能看到我")
    await phone.types("王小明")
    assert "这个号码不对" in (await phone.types("12345"))[0]
    await phone.types("138 1234 5678")
    await phone.presses("提交")
    async with app.db.read() as session:
        identity = await session.scalar(select(Identity))
    assert (identity.naming, identity.body["name"], identity.body["phone"]) == ("named", "王小明", "13812345678")


async def test_an_anonymous_one_keeps_nothing_but_the_way_back(phone, app):
    await files(phone, STORY, "欠薪", "谁能知道是我", "谁也别知道")
    async with app.db.read() as session:
        identity = await session.scalar(select(Identity))
    assert set(identity.body) == {"chat_id"}


async def test_a_number_in_the_story_is_noticed_and_masked_on_wish(phone, app):
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("欠薪")
    warning = (await phone.types("站长电话13912345678，欠我四千三不给"))[-1]
    assert "手机号" in warning
    [preview] = await phone.presses("遮住")
    assert "13912345678" not in preview  # What is shown is what is handed in.
    await phone.presses("提交")
    async with app.db.read() as session:
        story = await session.scalar(select(Appeal.story))
    assert "13912345678" not in story
    assert story in preview


async def test_one_field_can_be_changed_on_the_preview(phone):
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("欠薪")
    await phone.types(STORY)
    await phone.presses("改一项")
    await phone.presses("事情")
    preview = (await phone.types("改过的事情，工资还是没给"))[-1]
    assert "改过的事情" in preview
    assert "欠薪" in preview


async def test_one_can_go_back_a_question(phone):
    await phone.types("/appeal")
    await phone.presses("欠薪")
    await phone.presses("上一步")
    assert "哪一类" in (await phone.messages())[-1]["text"]
    await phone.presses("进门难")
    assert "进门难" in (await phone.types(STORY))[-1]


@pytest.mark.parametrize(("story", "says"), [("欠薪", "再多两句"), ("欠" * 2001, "最多"), ("。 .", "再多两句")])
async def test_a_story_that_nobody_could_act_on_is_asked_for_again(phone, story, says):
    await phone.types("/appeal")
    await phone.presses("欠薪")
    assert says in (await phone.types(story))[0]
    assert STORY in (await phone.types(STORY))[-1]


async def test_a_similar_open_one_is_offered_instead_of_a_second(phone, app):
    number = await files(phone)
    await phone.types("/appeal")
    await phone.presses("欠薪")
    assert number in (await phone.types("十月的工资站长一直拖着没给我，四千三"))[0]
    assert "等区里的人看" in (await phone.presses("是，看那一件"))[0]
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Appeal)) == 1


async def test_a_double_tap_on_submit_files_once(phone, app):
    await phone.types("/appeal")
    await phone.presses("欠薪")
    await phone.types(STORY)
    preview = (await phone.messages())[-1]["id"]
    for _ in range(2):
        await phone.presses_data(preview, "f:appeal:preview:!ok")
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Appeal)) == 1


async def test_an_old_draft_is_gone_after_a_day_and_says_so(phone, app):
    await phone.types("/appeal")
    await phone.presses("欠薪")
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(flow_at=now() - timedelta(hours=25)))
    assert "清掉了" in (await phone.types(STORY))[0]
    async with app.db.read() as session:
        assert (await session.scalar(select(Chat.flow))) == ""


async def test_a_line_after_a_long_silence_is_not_swallowed(phone, app):
    await phone.types("/appeal")
    await phone.presses("欠薪")
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(flow_at=now() - timedelta(hours=2)))
    assert "是接着写的吗" in (await phone.types(STORY))[0]
    assert STORY in (await phone.presses("接着写"))[-1]


async def test_help_comes_before_the_form(phone):
    """Whoever is in danger gets the number first, at any question; the form waits, or goes on."""
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    first, waits = await phone.types("电池着火了快救命")
    assert "先打 119" in first
    assert "先放着" in waits
    await phone.presses("接着写")
    await phone.presses("欠薪")
    first, _ = await phone.types("站长不给工资还拿刀追我，我躲在站点厕所里不敢出来")
    assert "先打 110" in first
    [receipt] = await phone.presses("提交")
    assert "编号" in receipt


async def test_too_many_in_a_day_is_said_and_nothing_is_lost_of_the_others(phone, app):
    for number in range(filing.A_DAY):
        await files(phone, f"第{number}件不一样的事情{'甲乙丙丁戊己庚辛壬癸'[number] * 12}", "其他")
    await phone.types("/appeal")
    await phone.presses("其他")
    await phone.types("再来一件完全不同的麻烦事情")
    assert "明天接着来" in (await phone.presses("提交"))[0]
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Appeal)) == filing.A_DAY


async def test_each_change_is_told_once_without_any_persons_name(phone, acts):
    number = await files(phone)
    await acts(number, AppealState.ACCEPTED, SYSTEM, key="k1")
    await acts(number, AppealState.ACCEPTED, SYSTEM, key="k1")
    assert await phone.hears() == [f"{number} 接下了，在找该谁办。"]
    await acts(number, AppealState.ASSIGNED, ADMIN, agency="labour")
    [told] = await phone.hears()
    assert "人力资源社会保障部门" in told


async def test_a_question_stops_the_clock_and_the_next_line_is_the_answer(phone, app, acts):
    number = await files(phone)
    await acts(number, AppealState.ACCEPTED, SYSTEM)
    await acts(number, AppealState.ASSIGNED, ADMIN, agency="labour")
    await acts(number, AppealState.IN_PROGRESS, HANDLER)
    before = (await case(app, number)).due_at
    await acts(number, AppealState.PENDING_INFO, HANDLER, text="您是哪个站点的？")
    assert any("您是哪个站点的" in each for each in await phone.hears())  # a question overtakes news
    pause = timedelta(hours=5)
    async with app.db.begin() as session:
        await session.execute(update(Appeal).values(paused_at=now() - pause))
    assert "补到" in (await phone.types("铁西三站"))[0]
    appeal = await case(app, number)
    assert appeal.state == "in_progress"
    assert appeal.due_at == before  # a pause within a day costs nothing, and a deadline stays a midnight
    async with app.db.read() as session:
        step = await session.scalar(select(AppealStep).where(AppealStep.name == "resume"))
    assert step.text == "铁西三站"


async def test_satisfied_by_one_tap_and_what_was_answered_stays(phone, app, answered):
    await phone.presses("👍 满意")
    told = await phone.messages()
    [answer] = [each for each in told if RESULT in each["text"]]
    assert not answer.get("buttons")
    assert "谢谢您的评价" in told[-1]["text"]
    appeal = await case(app, answered)
    assert (appeal.state, appeal.rating) == ("verified", "good")


async def test_not_satisfied_asks_why_and_reopens_and_the_third_time_goes_to_the_top(phone, app, acts, answered):
    for time in (1, 2, 3):
        await phone.presses("不满意")
        await phone.types("钱还是没到账")
        appeal = await case(app, answered)
        assert (appeal.state, appeal.reopened) == ("reopened", time)
        assert appeal.level == (3 if time == 3 else 0)
        await acts(answered, AppealState.ASSIGNED, ADMIN, agency="labour")
        await acts(answered, AppealState.IN_PROGRESS, HANDLER)
        await acts(answered, AppealState.ANSWERED, REVIEWER, text=RESULT)
        await phone.hears()


async def test_after_thirty_days_a_new_linked_case_is_offered(phone, app, answered):
    await phone.presses("👍 满意")
    async with app.db.begin() as session:
        await session.execute(update(Appeal).values(closed_at=now() - timedelta(days=31)))
    await phone.types("/appeals")
    await phone.presses(answered)
    await phone.presses("没办好")
    assert "重开不了" in (await phone.types("钱又被扣回去了"))[0]
    await phone.presses("接着提一件")
    await phone.types("上次那件办结后钱又被扣回去了")
    [receipt] = await phone.presses("提交")
    new = re.search(r"编号：(\d{12})", receipt)[1]
    assert (await case(app, new)).previous_id == (await case(app, answered)).id


async def test_no_reply_is_counted_apart_from_satisfied(app, answered, acts):
    await ring(app, "unrated")
    appeal = await case(app, answered)
    assert (appeal.state, appeal.rating) == ("closed_unrated", "")


async def test_silence_after_a_question_goes_on_without_the_answer(phone, app, acts):
    number = await files(phone)
    for target, actor in (
        (AppealState.ACCEPTED, SYSTEM),
        (AppealState.ASSIGNED, ADMIN),
        (AppealState.IN_PROGRESS, HANDLER),
    ):
        await acts(number, target, actor, agency="labour")
    await acts(number, AppealState.PENDING_INFO, HANDLER, text="您是哪个站点的？")
    await ring(app, "pending")
    assert (await case(app, number)).state == "in_progress"


async def test_a_deadline_that_passes_is_apologised_for_and_goes_up_level_by_level(phone, app):
    number = await files(phone)
    await ring(app, "warn", "overdue")
    assert "对不起" in (await phone.hears())[-1]
    assert (await case(app, number)).level == 1
    await ring(app, "overdue")
    await ring(app, "overdue")
    assert (await case(app, number)).level == 3
    assert await phone.hears() == []


async def ring(app, *whats: str) -> None:
    """Let the timers of these kinds ring now."""
    for what in whats:
        async with app.db.begin() as session:
            due = Outbox.subject.startswith(f"{what}:") & (Outbox.state == OutboxState.WAITING)
            await session.execute(update(Outbox).where(due).values(due_at=now() - timedelta(seconds=1)))
        await app.settled()


async def test_one_can_look_up_by_number_and_code_and_five_wrong_codes_lock(phones, app):
    owner, friend = await phones(), await phones()
    await owner.types("/appeal")
    await owner.presses("欠薪")
    await owner.types(STORY)
    [receipt] = await owner.presses("提交")
    number, code = re.search(r"编号：(\d{12})\n提取码：(\w{6})", receipt).groups()

    async def look(given: str) -> str:
        await friend.types("我要反映")
        await friend.presses("拿编号")
        await friend.types(number)
        return (await friend.types(given))[-1]

    assert "收到了" in await look(code.lower())
    for _ in range(5):
        assert "不对" in await look("ZZZZZZ")
    assert "30 分钟" in await look(code)


async def test_a_mistyped_number_is_noticed_at_once(phone):
    await phone.types("我要反映")
    await phone.presses("拿编号")
    [answer] = await phone.types("261122000000")  # Its last digit is not that of a number we gave.
    assert "可能打错了一位" in answer
    assert "提取码" in (await phone.types("261122123456"))[-1]  # One that could be ours goes on to the code.


async def test_a_wrong_code_keeps_the_form_open_and_a_slip_of_the_finger_is_no_wrong_guess(phones):
    owner, friend = await phones(), await phones()
    await owner.types("/appeal")
    await owner.presses("欠薪")
    await owner.types(STORY)
    [receipt] = await owner.presses("提交")
    number, code = re.search(r"编号：(\d{12})\n提取码：(\w{6})", receipt).groups()
    await friend.types("我要反映")
    await friend.presses("拿编号")
    assert "12 位数字" in (await friend.types(number[:-1]))[-1]
    await friend.types(f"编号：{wide(number)}\u200b")
    for slip in ("ABC", f"{code}7", "O0O0O0", "ABCDE1", "没有了") * 3:
        assert "这次不算输错" in (await friend.types(slip))[-1]
    assert "不对" in (await friend.types("ZZZZZZ"))[-1]
    assert await friend.buttons() == ["上一步", "先不写了"]
    shown = (await friend.types(f" {wide(code.lower())[:3]} - {wide(code.lower())[3:]} "))[-1]
    assert "收到了" in shown


def wide(text: str) -> str:
    """In full-width letters, as a Chinese keyboard types them."""
    return "".join(chr(ord(char) + 0xFEE0) for char in text)


async def test_nobody_sees_somebody_elses_case(phones):
    owner, stranger = await phones(), await phones()
    number = await files(owner)
    await stranger.types("/appeals")
    message = (await stranger.messages())[-1]["id"]
    async with stranger.http.post(
        f"{stranger.url}/chat/presses",
        json={"message": message, "data": f"ao:{number}"},
        headers={"X-Nuanxin-Chat": "1"},
    ) as response:
        assert response.status == 409  # A button nobody was given.


async def test_who_looked_is_told_by_role_and_time(phone, app):
    number = await files(phone, STORY, "欠薪")
    async with app.db.begin() as session:
        appeal = await appeals.get(session, number)
        known = await identities.unmask(
            session, appeal.alias, ADMIN, subject=f"appeal:{number}", purpose="打电话核实金额"
        )
        denied = await identities.unmask(
            session, appeal.alias, HANDLER, subject=f"appeal:{number}", purpose="打电话核实金额"
        )
    assert (known, denied) == ({"name": "", "phone": ""}, {})
    await phone.types("/appeals")
    await phone.presses(number)
    [looks] = await phone.presses("谁看过")
    assert "区管理员" in looks
    assert "打电话核实金额" in looks
    assert "承办人" not in looks
    async with app.db.read() as session:
        assert (await session.scalars(select(View.denied).order_by(View.id))).all() == [False, True]


async def test_a_look_without_a_purpose_is_refused(phone, app):
    number = await files(phone)
    async with app.db.begin() as session:
        appeal = await appeals.get(session, number)
        with pytest.raises(Rejected):
            await identities.unmask(session, appeal.alias, ADMIN, subject=f"appeal:{number}", purpose=" ")


async def test_a_withdrawn_one_is_over(phone, app, acts):
    number = await files(phone)
    await phone.types("/appeals")
    await phone.presses(number)
    assert "找不回来" in (await phone.presses("撤回"))[0]
    assert (await case(app, number)).state == "submitted"
    await phone.presses("真的撤回")
    await minute_over(app)
    assert "撤回了" in (await phone.hears())[-1]
    assert (await case(app, number)).state == "withdrawn"
    with pytest.raises(IllegalStep):
        await acts(number, AppealState.ACCEPTED, SYSTEM)


async def test_the_reviewer_is_never_the_handler(phone, app, acts):
    number = await files(phone)
    for target, actor in (
        (AppealState.ACCEPTED, SYSTEM),
        (AppealState.ASSIGNED, ADMIN),
        (AppealState.IN_PROGRESS, HANDLER),
    ):
        await acts(number, target, actor, agency="labour")
    with pytest.raises(Rejected, match="reviewer_handled"):
        await acts(number, AppealState.ANSWERED, Actor(Role.REVIEWER, HANDLER.id), text=RESULT)
    async with app.db.begin() as session:
        await case_work.propose(session, number, RESULT, Actor(Role.HANDLER, 9))
    with pytest.raises(Rejected, match="reviewer_handled"):
        await acts(number, AppealState.ANSWERED, Actor(Role.REVIEWER, 9), text=RESULT)


async def test_a_unit_complained_about_is_never_given_the_case(phone, app, acts):
    number = await files(phone, STORY, "平台")
    async with app.db.begin() as session:
        await unit_entered(session, "快跑平台", "transport", code="fast")
        await case_work.name_unit(session, number, "fast", ADMIN)
    await acts(number, AppealState.ACCEPTED, SYSTEM)
    with pytest.raises(Rejected, match="about_itself"):
        await acts(number, AppealState.ASSIGNED, ADMIN, agency="fast")


async def test_an_extension_is_given_once_before_the_deadline_with_a_reason(phone, app):
    number = await files(phone)
    before = (await case(app, number)).due_at
    async with app.db.begin() as session:
        await case_work.extend(session, app.services, number, 5, "要等第三方鉴定", ADMIN)
    assert "要晚几天" in (await phone.hears())[-1]
    assert (await case(app, number)).due_at > before
    for days, error in ((5, "extended"),):
        async with app.db.begin() as session:
            with pytest.raises(Rejected, match=error):
                await case_work.extend(session, app.services, number, days, "再等等看看", ADMIN)


async def test_a_returned_case_is_dispatched_again_and_the_third_time_an_admin_designates(phone, app, acts):
    number = await files(phone)
    await acts(number, AppealState.ACCEPTED, SYSTEM)
    for hop in (1, 2, 3):
        await acts(number, AppealState.ASSIGNED, SYSTEM if hop < 3 else ADMIN, agency="labour")
        await acts(number, AppealState.ACCEPTED, HANDLER, text="不归我们管")
        assert (await case(app, number)).hops == hop
        with pytest.raises(Rejected, match=r"move\.agency"):  # Whoever gave it back is not proposed again.
            await acts(number, AppealState.ASSIGNED, SYSTEM)
    async with app.db.begin() as session:
        await unit_entered(session, "铁西区人社局", "labour", code="tiexi")
    await acts(number, AppealState.ASSIGNED, ADMIN, agency="labour")
    await acts(number, AppealState.ACCEPTED, HANDLER, text="不归我们管")
    assert (await case(app, number)).agency_id is None  # nor anybody else, by now


async def test_merged_cases_read_the_answer_and_keep_their_own_numbers(phones, app, acts):
    first, second = await phones(), await phones()
    parent, child = await files(first), await files(second, "站点拖欠大家的工资两个月了")
    await employed(app, ADMIN)
    await acts(child, AppealState.MERGED, ADMIN, parent=parent)
    for target, actor in (
        (AppealState.ACCEPTED, SYSTEM),
        (AppealState.ASSIGNED, ADMIN),
        (AppealState.IN_PROGRESS, HANDLER),
    ):
        await acts(parent, target, actor, agency="labour")
    await acts(parent, AppealState.ANSWERED, REVIEWER, text=RESULT)
    assert RESULT in (await second.hears())[-1]
    await acts(child, AppealState.ACCEPTED, ADMIN)
    assert (await case(app, child)).parent_id is None


@pytest.mark.parametrize("source", list(AppealState))
def test_every_pair_of_states_is_allowed_or_refused_with_the_legal_ones_named(source):
    for target in AppealState:
        for role in Role:
            step = APPEAL.steps.get((source, target))
            if step is not None and role in step.who:
                assert APPEAL.step(source, target, role) == step
            else:
                with pytest.raises(IllegalStep) as refused:
                    APPEAL.step(source, target, role)
                assert list(refused.value.legal) == sorted(APPEAL.legal(source, role))


@pytest.mark.skipif(
    not databases.is_meant(), reason="SQLite has one writer at a time, so two never wait for each other"
)
async def test_a_step_need_not_wait_for_the_workers_chat(phone, app, acts):
    number = await files(phone)
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat))
    async with app.db.begin() as session:
        await chats.lock(await session.connection(), chat, chat.address, 1)
        async with asyncio.timeout(10):
            await acts(number, AppealState.ACCEPTED, ADMIN)


async def test_the_database_knows_the_same_steps_and_refuses_the_others(phone, app):
    number = await files(phone)
    async with app.db.read() as session:
        rows = (
            await session.execute(select(AllowedStep.source, AllowedStep.target).where(AllowedStep.kind == "appeal"))
        ).all()
    assert {tuple(row) for row in rows} == set(APPEAL.steps)
    for target in (AppealState.CLOSED, AppealState.VERIFIED, "nonsense"):
        with pytest.raises(DBAPIError, match="illegal step"):
            async with app.db.begin() as session:
                await session.execute(update(Appeal).where(Appeal.number == number).values(state=target))


async def test_the_backends_repetition_is_told_once(phone, acts):
    number = await files(phone)
    for _ in range(3):
        await acts(number, AppealState.ACCEPTED, BACKEND)
    assert await phone.hears() == [f"{number} 接下了，在找该谁办。"]


async def test_numbers_have_a_check_digit():
    number = numbers.checked("26112212345")
    assert appeals.is_number(number)
    assert not any(
        appeals.is_number(f"{number[:at]}{(int(number[at]) + 1) % 10}{number[at + 1 :]}") for at in range(12)
    )
