"""A worker joins the grid by chat, is approved, trained and certified, takes pauses, leaves; the database holds the rules."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError

from bot.errors import Rejected
from bot.services.core.lifecycle import Actor, IllegalStep, Role
from bot.services.identity import identities
from bot.services.privacy import data_export, erasure
from bot.services.staff.permissions import SamePerson
from bot.services.volunteers import applications, shifts
from bot.services.volunteers import transitions as volunteer_transitions
from bot.services.volunteers.effects import months_after
from bot.services.volunteers.states import VOLUNTEER, VolunteerMove, VolunteerState
from bot.store.models import (
    AllowedStep,
    Chat,
    Identity,
    Outbox,
    OutboxState,
    Shift,
    Staff,
    Team,
    Volunteer,
    VolunteerStep,
    now,
)
from tests.support.second_thoughts import minute_over
from tests.support.volunteers import NAME, PHONE, applied, applies, approved, certified, learns, row

ORGANISER = Actor(Role.ORGANISER, 1)
COLLEAGUE = Actor(Role.ORGANISER, 2)
ADMIN = Actor(Role.ADMIN, 3)


@pytest.fixture
async def acts(app):
    """Takes a step as somebody: `await acts(number, Standing.REVIEWING, ORGANISER)`."""

    async def act(number: str, target: VolunteerState, actor: Actor, **details) -> Volunteer:
        async with app.db.begin() as session:
            return await volunteer_transitions.change(
                session, app.services, number, VolunteerMove(target, actor, **details)
            )

    return act


@pytest.fixture
async def active(phone) -> str:
    """The number of somebody with a certificate."""
    return await certified(phone)


async def ring(app, what: str) -> None:
    """Let the timers of this kind ring now."""
    async with app.db.begin() as session:
        due = Outbox.subject.startswith(f"{what}:V") & (Outbox.state == OutboxState.WAITING)
        await session.execute(update(Outbox).where(due).values(due_at=now() - timedelta(seconds=1)))
    await app.settled()


async def test_joining_asks_for_consent_first_and_gives_a_number_at_the_end(phone, app):
    await phone.types("/volunteer")
    assert "报名前请看" in (await phone.presses("我要报名"))[-1]
    await phone.presses("同意")
    await phone.types(NAME, PHONE)
    await phone.presses("美团")
    await phone.presses("外卖骑手")
    await phone.types("沈阳铁西区")
    preview = (await phone.presses("周末"))[-1]
    for shown in (NAME, PHONE, "美团", "外卖骑手", "铁西区", "周末", "2026-12 版"):
        assert shown in preview
    [receipt] = await phone.presses("提交")
    volunteer = await row(app, re.search(r"编号：(V\d{10})", receipt)[1])
    assert (volunteer.state, volunteer.district, volunteer.consent) == ("applied", "210106", "2026-12")


async def test_who_does_not_agree_is_asked_nothing_and_leaves_nothing(phone, app):
    await phone.types("/join")
    assert "没有记下任何东西" in (await phone.presses("不同意"))[-1]
    async with app.db.read() as session:
        assert (await session.scalar(select(Chat.answers))) is None
        assert await session.scalar(select(Volunteer.id)) is None


async def test_name_and_phone_lie_in_the_vault_and_nowhere_else(phone, app):
    await applies(phone)
    async with app.db.read() as session:
        identity = await session.scalar(select(Identity))
        assert (identity.body["name"], identity.body["phone"]) == (NAME, PHONE)
        raw = await session.execute(select(*Volunteer.__table__.c))
        assert NAME not in str(raw.all())


async def test_every_question_says_what_it_is_for(knowledge):
    asked = ("name", "phone", "platform", "job", "where", "grid", "availability", "skills")
    assert all(
        re.search("（(?:好|写在|用得着)[^）]+）", knowledge.texts.raw["zh"][f"volunteer.{name}"]) for name in asked
    )


async def test_a_position_gives_the_district_and_is_forgotten(phone, app):
    await phone.types("/join")
    await phone.presses("同意")
    await phone.types(NAME, PHONE)
    await phone.presses("美团")
    await phone.presses("外卖骑手")
    await phone.sends_location(41.80, 123.38)
    async with app.db.read() as session:
        answers = await session.scalar(select(Chat.answers))
    assert answers["where"] == {"places": [["210106", "辽宁省沈阳市铁西区"]]}


async def test_a_name_of_several_districts_is_asked_about_and_nonsense_again(phone, app):
    await phone.types("/join")
    await phone.presses("同意")
    await phone.types(NAME, PHONE)
    await phone.presses("美团")
    await phone.presses("外卖骑手")
    assert "没找到这个区县" in (await phone.types("嘀嘀嗒嗒"))[0]
    assert "有好几个" in (await phone.types("铁西区"))[0]
    await phone.presses("鞍山市铁西区")
    await phone.presses("周末")
    [receipt] = await phone.presses("提交")
    assert (await row(app, re.search(r"V\d{10}", receipt)[0])).district == "210303"


@pytest.mark.parametrize("typed", ["赵铁柱 13800138000", "赵铁柱，138-0013-8000", "赵铁柱13800138000"])
async def test_name_and_number_in_one_line_are_both_taken(phone, app, typed):
    await phone.types("/join")
    await phone.presses("同意")
    assert "哪家跑" in (await phone.types(typed))[-1]
    async with app.db.read() as session:
        answers = await session.scalar(select(Chat.answers))
    assert (answers["name"], answers["phone"]) == (NAME, PHONE)


@pytest.mark.parametrize("typed", ["赵铁柱 12345", "13800138000", "赵", "😀😀"])
async def test_what_is_no_name_with_a_number_is_asked_for(phone, typed):
    await phone.types("/join")
    await phone.presses("同意")
    assert "哪家跑" not in (await phone.types(typed))[-1]


async def test_a_street_is_the_grid(phone, app):
    await phone.types("/join")
    await phone.presses("同意")
    await phone.types(NAME, PHONE)
    await phone.presses("美团")
    await phone.presses("外卖骑手")
    await phone.types("成都武侯区玉林街道")
    await phone.presses("周末")
    [receipt] = await phone.presses("提交")
    volunteer = await row(app, re.search(r"V\d{10}", receipt)[0])
    assert (volunteer.district, volunteer.grid) == ("510107", "玉林街道")


async def test_a_double_tap_applies_once_and_a_second_application_is_refused(phone, app):
    number = await applies(phone)
    assert number in (await phone.types("/join"))[0]
    async with app.db.read() as session:
        assert len((await session.scalars(select(Volunteer))).all()) == 1


async def test_the_database_keeps_a_person_to_one_open_membership(phone, app):
    number = await applied(phone)
    first = await row(app, number)
    copy = {column.name: getattr(first, column.name) for column in Volunteer.__table__.c if column.name != "id"}
    second = insert(Volunteer).values(copy | {"number": "V0000000000", "alias": "other"})
    with pytest.raises(DBAPIError, match=r"uq_volunteers_open|volunteers\.owner"):
        async with app.db.begin() as session:
            await session.execute(second)


async def test_the_worker_sees_every_step_to_the_certificate(phone, app, acts):
    number = await applies(phone)
    await acts(number, VolunteerState.REVIEWING, ORGANISER)
    assert "在审核了" in (await phone.hears())[-1]
    await acts(number, VolunteerState.APPROVED, ORGANISER)
    assert "审核通过" in (await phone.hears())[-1]
    said = await learns(phone)
    assert "跟队走一次" in said[-1]
    async with app.db.begin() as session:
        await volunteer_transitions.learn(session, app.services, number, "on_site", ORGANISER)
    volunteer = await row(app, number)
    [card] = await phone.hears()
    assert volunteer.certificate in card
    assert volunteer.expires_at == months_after(volunteer.certified_at, 12)
    assert (await phone.messages())[-1].get("photo")
    home = (await phone.types("帮社区、攒积分"))[-1]
    assert "在岗" in home
    # What is joined on begins a line of its own.
    assert {"证书：", "服务时长："} <= {line[: line.find("：") + 1] for line in home.splitlines()}
    timeline = (await phone.presses("进展"))[-1]
    for word in ("报名了", "开始审核", "审核通过", "开始培训", "发证"):
        assert word in timeline


async def test_a_wrong_answer_ticks_nothing_and_what_is_done_on_the_spot_is_not_ticked_by_oneself(phone, app):
    number = await approved(phone)
    await phone.presses("去培训")
    await phone.presses("边骑边拍")
    assert await phone.toasts() == ["不对，再看一遍上面的话。"]
    async with app.db.begin() as session:
        with pytest.raises(Rejected, match="not_training"):
            await volunteer_transitions.learn(session, app.services, number, "on_site", Actor(Role.WORKER))
    async with app.db.begin() as session:
        with pytest.raises(Rejected, match="untrained"):
            await volunteer_transitions.change(
                session, app.services, number, VolunteerMove(VolunteerState.ACTIVE, Actor(Role.SYSTEM))
            )


async def test_dismissal_takes_effect_on_the_next_tap(phone, app, acts, active):
    await phone.types("帮社区、攒积分")
    await acts(active, VolunteerState.SUSPENDED, ORGANISER, text="两次没到岗，也没说一声")
    assert "两次没到岗" in (await phone.hears())[-1]
    await phone.presses("签到")
    assert "在岗的网格员才能签到" in (await phone.toasts())[0]
    with pytest.raises(SamePerson):
        await acts(active, VolunteerState.DISMISSED, Actor(Role.ADMIN, ORGANISER.id), text="核实过了")
    await acts(active, VolunteerState.DISMISSED, ADMIN, text="核实过了，情况属实")
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat.id))
        assert await applications.acting(session, chat) is None
    assert "不能再报名" in "".join(await phone.types("/join"))


async def test_a_liaison_is_one_only_while_active(phone, app, acts, active):
    async with app.db.begin() as session:
        await volunteer_transitions.appoint(session, app.services, active, ADMIN, liaison=True)
    assert "民情联络员" in (await phone.hears())[-1]
    assert "民情联络员" in (await phone.types("帮社区、攒积分"))[-1]
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat.id))
        assert await applications.liaison(session, chat) is not None
    await phone.presses("先暂停")
    async with app.db.read() as session:
        assert await applications.liaison(session, chat) is None


async def test_pausing_coming_back_and_leaving_are_ones_own_taps(phone, app, active):
    await phone.types("帮社区、攒积分")
    await phone.presses("先暂停")
    assert (await row(app, active)).state == "paused"
    await phone.presses("恢复")
    assert (await row(app, active)).state == "active"
    await phone.types("帮社区、攒积分")
    await phone.presses("退出")
    assert (await row(app, active)).state == "active"  # asked once more
    await phone.presses("确定退出")
    assert "不退出" in (await phone.presses("撤销"))[-1]
    await phone.types("帮社区、攒积分")
    await phone.presses("退出")
    await phone.presses("确定退出")
    await minute_over(app)
    volunteer = await row(app, active)
    async with app.db.read() as session:
        identity = await session.get(Identity, volunteer.alias)
    assert volunteer.state == "resigned"
    assert timedelta(days=364) < identity.delete_after - now() < timedelta(days=366)
    await phone.types("/join")
    assert "报名前请看" in (await phone.messages())[-1]["text"]


async def test_a_rejection_has_a_reason_and_another_try_after_thirty_days(phone, app, acts):
    number = await applied(phone)
    await acts(number, VolunteerState.REVIEWING, ORGANISER)
    with pytest.raises(Rejected, match="reason"):
        await acts(number, VolunteerState.REJECTED, ORGANISER, text=" ")
    await acts(number, VolunteerState.REJECTED, ORGANISER, text="不在本区跑单")
    assert "不在本区跑单" in (await phone.hears())[-1]
    assert "以后可以再报名" in (await phone.types("/join"))[-1]
    async with app.db.begin() as session:
        await session.execute(update(Volunteer).values(closed_at=now() - timedelta(days=31)))
    assert "报名前请看" in (await phone.types("/join"))[-1]


async def test_nobody_approves_themselves_nor_whom_they_would_lead(phone, app, acts):
    number = await applied(phone)
    await acts(number, VolunteerState.REVIEWING, ORGANISER)
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat.id))
        session.add(Staff(name="赵", username="zhao", district="2101", chat_id=chat))
        team = Team(name="一队", district="210106", leader_id=COLLEAGUE.id)
        far = Team(name="二队", district="510107")
        session.add_all([team, far])
        await session.flush()
        own = await session.scalar(select(Staff.id).where(Staff.username == "zhao"))
    with pytest.raises(SamePerson):
        await acts(number, VolunteerState.APPROVED, Actor(Role.ORGANISER, own))
    with pytest.raises(SamePerson):
        await acts(number, VolunteerState.APPROVED, COLLEAGUE, team_id=team.id)
    with pytest.raises(Rejected, match="team"):
        await acts(number, VolunteerState.APPROVED, ADMIN, team_id=far.id)
    await acts(number, VolunteerState.APPROVED, ADMIN, team_id=team.id)
    assert (await row(app, number)).team_id == team.id


async def test_the_certificate_reminds_lapses_and_is_renewed_on_request(phone, app, acts, active):
    await ring(app, "remind")
    assert "到期" in (await phone.hears())[-1]
    await ring(app, "lapse")
    assert (await row(app, active)).state == "lapsed"
    assert "到期了" in (await phone.hears())[-1]
    with pytest.raises(Rejected, match="no_renewal"):
        async with app.db.begin() as session:
            await volunteer_transitions.renew(session, app.services, active, ORGANISER)
    await phone.presses("我要续期")
    async with app.db.begin() as session:
        await volunteer_transitions.renew(session, app.services, active, ORGANISER)
    volunteer = await row(app, active)
    assert (volunteer.state, volunteer.renewal_at) == ("active", None)


async def test_a_term_asked_for_in_time_goes_on_from_the_end_of_the_old_one(phone, app, active):
    soon = now() + timedelta(days=20)
    async with app.db.begin() as session:
        await session.execute(update(Volunteer).values(expires_at=soon))
    await phone.types("帮社区、攒积分")
    await phone.presses("我要续期")
    async with app.db.begin() as session:
        await volunteer_transitions.renew(session, app.services, active, ORGANISER)
    assert (await row(app, active)).expires_at == months_after(soon, 12)
    await ring(app, "lapse")  # Both terms' timers: that of the old one rings in vain, that of the new one too early.
    assert (await row(app, active)).certificate


async def test_hours_count_once_somebody_approved_them(phone, app, active):
    await phone.types("帮社区、攒积分")
    await phone.presses("签到")
    async with app.db.begin() as session:
        await session.execute(update(Shift).values(started_at=now() - timedelta(minutes=90)))
    assert "90 分钟" in (await phone.presses("签退"))[-1]
    async with app.db.begin() as session:
        shift = await session.scalar(select(Shift))
        await shifts.settle(session, app.services, shift.id, ORGANISER.id, approve=True)
    assert "+2 分" in (await phone.hears())[-1]
    assert "1.5 小时" in (await phone.types("帮社区、攒积分"))[-1]
    with pytest.raises(Rejected, match="shift_settled"):
        async with app.db.begin() as session:
            await shifts.settle(session, app.services, shift.id, ORGANISER.id, approve=True)


async def test_a_check_in_tapped_twice_is_one_and_a_forgotten_one_counts_for_twelve_hours_at_most(phone, app, active):
    await phone.types("帮社区、攒积分")
    message = (await phone.messages())[-1]["id"]
    for _ in range(2):
        await phone.presses_data(message, "vi")
    async with app.db.begin() as session:
        shift = await session.scalar(select(Shift))
        shift.started_at = now() - timedelta(days=3)
    await phone.presses("签退")
    async with app.db.read() as session:
        [shift] = (await session.scalars(select(Shift))).all()
    assert shift.ended_at - shift.started_at == timedelta(hours=12)


async def test_the_same_approval_twice_is_one(phone, app, acts):
    number = await applied(phone)
    await acts(number, VolunteerState.REVIEWING, ORGANISER)
    for _ in range(2):
        await acts(number, VolunteerState.APPROVED, ORGANISER, key="form-1")
    async with app.db.read() as session:
        names = (await session.scalars(select(VolunteerStep.name))).all()
    assert names.count("approve") == 1


async def test_name_and_phone_are_opened_for_a_purpose_by_those_who_approve(phone, app):
    volunteer = await row(app, await applied(phone))
    look = {"subject": f"volunteer:{volunteer.number}", "purpose": "打电话约培训"}
    async with app.db.begin() as session:
        for actor, seen in ((ORGANISER, NAME), (ADMIN, NAME), (Actor(Role.HANDLER, 9), None)):
            known = await identities.unmask(session, volunteer.alias, actor, may=applications.MAY_UNMASK, **look)
            assert known.get("name") == seen
        assert await identities.masked_name(session, volunteer.alias) == "赵**"


async def test_whoever_is_erased_has_left_and_is_nobody(phone, app, active):
    async with app.db.begin() as session:
        await erasure.erase(session, app.services, await session.scalar(select(Chat)))
    volunteer = await row(app, active)
    async with app.db.read() as session:
        identity = await session.get(Identity, volunteer.alias)
    assert (volunteer.state, volunteer.grid, identity.body) == ("resigned", "", None)
    assert "报名前请看" in "".join(await phone.types("/join"))


async def test_ones_data_tell_of_the_membership_too(phone, app, active):
    async with app.db.read() as session:
        held = await data_export.of(session, await session.scalar(select(Chat)))
    [membership] = held["memberships"]
    assert (membership["number"], membership["identity"]["name"]) == (active, NAME)


@pytest.mark.parametrize("source", list(VolunteerState))
def test_every_pair_of_states_is_allowed_or_refused(source):
    for target in VolunteerState:
        for role in Role:
            step = VOLUNTEER.steps.get((source, target))
            if step is not None and role in step.who:
                assert VOLUNTEER.step(source, target, role) == step
            else:
                with pytest.raises(IllegalStep):
                    VOLUNTEER.step(source, target, role)


async def test_the_database_knows_the_same_steps_and_refuses_the_others(phone, app):
    number = await applied(phone)
    async with app.db.read() as session:
        known = select(AllowedStep.source, AllowedStep.target).where(AllowedStep.kind == "volunteer")
        rows = (await session.execute(known)).all()
    assert {tuple(each) for each in rows} == set(VOLUNTEER.steps)
    for target in (VolunteerState.ACTIVE, VolunteerState.APPROVED, "nonsense"):
        with pytest.raises(DBAPIError, match="illegal step"):
            async with app.db.begin() as session:
                await session.execute(update(Volunteer).where(Volunteer.number == number).values(state=target))


def test_a_term_ends_on_the_same_day_or_on_the_last_one_of_the_month():
    leap = now().replace(year=2028, month=2, day=29)
    assert (months_after(leap, 12).month, months_after(leap, 12).day) == (2, 28)
    assert months_after(leap.replace(day=10), 12).day == 10
