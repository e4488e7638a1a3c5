"""民情联络员: what they report comes first, they speak for others who agreed, and they have a part in deliberations."""

import pytest
from sqlalchemy import delete, select, update

from bot.app import Application
from bot.services.appeals.appeals import AppealDraft
from bot.services.core.lifecycle import WORKER, Actor, Role
from bot.services.notices import audience
from bot.services.notices.audience import Audience
from bot.services.volunteers import applications, audience_tags
from bot.services.volunteers import transitions as volunteer_transitions
from bot.services.volunteers.states import VolunteerMove, VolunteerState
from bot.store.models import Appeal, Chat, ChatTag, Consultation, ConsultationVote, Hazard, NoticeKind, now
from tests.conftest import hasten
from tests.support.appeals import filed
from tests.support.desk import Desk
from tests.support.phone import Phone
from tests.support.volunteers import certified

STORY = "隔壁站点的老李，九月工资站长一直拖着没给"
OUTCOME = "街道、工会和站点商定：下月起在小区东门设临时停车位，早晚高峰都能停。"
ADMIN = Actor(Role.ADMIN, 3)


@pytest.fixture
async def liaison(phone, app) -> str:
    """The number of somebody who is one."""
    number = await certified(phone, liaison=True)
    await phone.types("帮社区、攒积分")
    return number


async def revoke(app, number: str) -> None:
    async with app.db.begin() as session:
        await volunteer_transitions.appoint(session, app.services, number, ADMIN, liaison=False)


async def deliberated(app, district: str = "2101") -> int:
    """The id of a consultation that is open."""
    async with app.db.begin() as session:
        item = Consultation(title="小区东门停车难", district=district, opened_by=1)
        session.add(item)
        await session.flush()
        return item.id


async def test_speaking_for_somebody_needs_their_yes_and_is_kept_with_the_case(phone, app, liaison):
    await phone.presses("反馈问题")
    await phone.presses("欠薪")
    await phone.presses("他点过头了")
    preview = (await phone.types(STORY))[-1]
    assert "他点过头了" in preview
    await phone.presses("提交")
    async with app.db.read() as session:
        appeal = await session.scalar(select(Appeal))
    assert (appeal.priority, appeal.behalf) == (True, True)


async def test_without_their_yes_nothing_is_filed(phone, app, liaison):
    await phone.presses("反馈问题")
    await phone.presses("欠薪")
    assert "得他本人点头" in (await phone.presses("还没问过他"))[-1]
    async with app.db.read() as session:
        assert (await session.scalar(select(Chat.flow)), await session.scalar(select(Appeal.id))) == ("", None)


async def test_what_a_liaison_files_stands_first_in_the_queue(phone, app, liaison):
    earlier = await filed(app, story="站点三个月没给我们交工伤保险了")
    async with app.db.begin() as session:
        await session.execute(update(Appeal).values(due_at=now()))
    await phone.presses("反馈问题")
    await phone.presses("欠薪")
    await phone.presses("我自己的事")
    await phone.types("站长压着我的押金不退")
    await phone.presses("提交")
    async with app.db.begin() as session:
        own = Appeal.number != earlier
        await session.execute(update(Appeal).where(own).values(region="210106"))
        number = await session.scalar(select(Appeal.number).where(own))
    async with Desk(app, Role.ADMIN, district="2101") as admin:
        page = await admin.gets("/console/appeals")
    assert page.index(number) < page.index(earlier)


async def test_everybody_else_is_not_asked_for_whom_they_file(phone, app):
    await phone.types("/appeal")
    assert "怎么回事" in (await phone.presses("欠薪"))[-1]


async def test_a_hazard_of_a_liaison_comes_first_and_after_revocation_no_more(phone, app, liaison):
    for expected in (True, False):
        await phone.types("/report")
        await phone.presses("跳过")
        await phone.types("沈阳铁西区艳粉街道")
        await phone.types("路口井盖翘起来了" if expected else "人行道的砖全松了，下雨一踩一身水")
        await phone.presses("路面坑洼")
        await phone.presses("提交")
        async with app.db.read() as session:
            hazard = await session.scalar(select(Hazard).order_by(Hazard.id.desc()).limit(1))
        assert hazard.priority is expected
        await revoke(app, liaison)


async def test_a_voice_is_heard_in_the_console_without_a_name_and_told_what_came_of_it(phone, app, liaison):
    number = await deliberated(app)
    await phone.presses("参与协商")
    assert "小区东门停车难" in (await phone.presses("小区东门停车难"))[-1]
    await phone.types("骑手最怕早高峰，保安电话13912345678也打不通")
    async with Desk(app, Role.ADMIN, district="2101") as admin:
        page = await admin.gets(f"/console/alike/{number}")
        assert "骑手最怕早高峰" in page.words
        assert "13912345678" not in page
        assert liaison not in page
        await admin.submits(f"/console/alike/{number}/draft", text=OUTCOME)
    async with Desk(app, Role.ADMIN, district="2101") as other:
        await other.gets(f"/console/alike/{number}")
        await other.submits(f"/console/alike/{number}/publish")
    assert OUTCOME in "".join(await phone.hears())


async def test_said_again_the_newer_words_count(phone, app, liaison):
    await deliberated(app)
    for words in ("先划临时停车位", "还是先和物业谈"):
        await phone.types("帮社区、攒积分")
        await phone.presses("参与协商")
        await phone.presses("小区东门停车难")
        await phone.types(words)
    async with app.db.read() as session:
        assert (await session.scalars(select(ConsultationVote.text))).all() == ["还是先和物业谈"]


async def test_a_vote_is_one_tap_and_one_each_and_the_console_counts_them(phone, app, liaison):
    number = await deliberated(app)
    await phone.presses("参与协商")
    await phone.presses("小区东门停车难")
    assert "记下了：👍 要紧，该办" in (await phone.presses("该办"))[-1]
    async with app.db.read() as session:
        assert await session.scalar(select(Chat.flow)) == ""  # Nothing is asked any more.
    for press, words in (("不算大事", ""), ("", "先和物业谈谈早晚高峰"), ("", "")):
        await phone.types("帮社区、攒积分")
        await phone.presses("参与协商")
        await phone.presses("小区东门停车难")
        await (phone.presses(press) if press else phone.types(*filter(None, [words])))
    async with Desk(app, Role.ADMIN, district="2101") as admin:
        page = await admin.gets(f"/console/alike/{number}")
        assert "民情联络员说（1 位） 该办 0 不算大事 1 先和物业谈谈早晚高峰" in page.words
    await revoke(app, liaison)
    assert "才能参加" in "".join([*await phone.presses("该办"), *await phone.toasts()])
    async with app.db.read() as session:
        assert (await session.scalars(select(ConsultationVote.vote))).all() == ["against"]


async def test_another_districts_consultation_and_a_settled_one_are_not_offered(phone, app, liaison):
    await deliberated(app, district="5101")
    settled = await deliberated(app)
    async with app.db.begin() as session:
        item = await session.get(Consultation, settled)
        item.published_at, item.text = now(), OUTCOME
    assert "没有在商量的事" in (await phone.presses("参与协商"))[-1]


async def test_revocation_takes_effect_on_the_next_tap_even_in_the_middle_of_a_form(phone, app, liaison):
    await deliberated(app)
    await phone.presses("参与协商")
    await phone.presses("小区东门停车难")
    await revoke(app, liaison)
    assert "才能参加" in "".join(await phone.types("先划临时停车位"))
    async with app.db.read() as session:
        assert await session.scalar(select(ConsultationVote.text)) is None
        assert await applications.liaison(session, await session.scalar(select(Chat.id))) is None


def test_nobody_speaks_first_by_default():
    assert (AppealDraft("wages", STORY).priority, AppealDraft("wages", STORY).behalf) == (False, False)


async def test_a_notice_can_be_for_volunteers_or_liaisons_and_follows_who_is_one_now(phone, app, liaison):
    async def reached(*chosen: str) -> int:
        wanted = Audience(tags=tuple(audience_tags.tag(role) for role in chosen))
        async with app.db.read() as session:
            return (await audience.count(session, wanted, NoticeKind.SERVICE)).reached

    assert [await reached("volunteer"), await reached("liaison"), await reached("volunteer", "liaison")] == [1, 1, 1]
    await revoke(app, liaison)
    assert [await reached("volunteer"), await reached("liaison")] == [1, 0]
    async with app.db.begin() as session:
        await volunteer_transitions.change(
            session, app.services, liaison, VolunteerMove(VolunteerState.RESIGNED, WORKER)
        )
    assert await reached("volunteer") == 0
    async with Desk(app, Role.ORGANISER) as organiser:
        page = await organiser.gets("/console/notices/new")
        assert 'name="role" value="liaison"' in page
        kept = {"kind": "service", "title": "议事", "text": "周六", "unit": "社工部", "valid_until": "2099-12-31"}
        page = await organiser.submits("/console/notices/new", **kept, region="2101", role=["liaison"])
        assert "角色 民情联络员" in page.words
        assert 'value="liaison" checked' in await organiser.gets(f"{page.path.partition('?')[0]}/edit")


async def test_roles_from_before_notices_asked_for_them_are_found_after_the_upgrade(settings, knowledge):
    """The new program starts on a database where nobody has a tag; started again, it changes nothing."""
    old = Application(settings, knowledge, demo=True)
    hasten(old)
    await old.start()
    async with Phone(old) as first, Phone(old) as second, Phone(old) as left:
        for each in (first, second, left):
            await each.opens()
        await certified(first)
        await certified(second, liaison=True)
        gone = await certified(left)
        expected = {(first.chat, "role:volunteer"), (second.chat, "role:volunteer"), (second.chat, "role:liaison")}
    async with old.db.begin() as session:
        await volunteer_transitions.change(
            session, old.services.silently(), gone, VolunteerMove(VolunteerState.RESIGNED, WORKER)
        )
        await session.execute(delete(ChatTag))
    await old.stop()
    for _ in range(2):
        new = Application(settings, knowledge, demo=True)
        hasten(new)
        await new.start()
        async with new.db.read() as session:
            tags = (await session.execute(select(ChatTag.chat_id, ChatTag.tag))).all()
        await new.stop()
        assert sorted(tags) == sorted(expected)
