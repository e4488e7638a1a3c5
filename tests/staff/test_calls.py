"""Staff hear in their linked chat that something waits for them: who may act, once, and nothing of what it is about."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.services.appeals import consultations
from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import Actor, Role
from bot.services.hazards import hazards
from bot.services.hazards.hazards import HazardDraft
from bot.services.notices import notices
from bot.services.policies import policies
from bot.services.staff import accounts
from bot.services.stations import stations
from bot.store.models import (
    Chat,
    Consultation,
    Hazard,
    Notice,
    NoticeWriter,
    Outbox,
    OutboxState,
    Staff,
    StaffCall,
    StaffRole,
    now,
)
from tests.support.appeals import RESULT, STORY, does, filed
from tests.support.colleague import Colleague, heard, morning
from tests.support.desk import Desk
from tests.support.things import notice_of, station_in, volunteered

TOPIC = "deposit-and-id-card"


@pytest.fixture
async def admin(app):
    async with Colleague(app, Role.ADMIN) as desk:
        yield desk


@pytest.fixture
async def handler(app):
    async with Colleague(app, Role.HANDLER, agency="labour") as desk:
        yield desk


@pytest.fixture
async def reviewer(app):
    async with Colleague(app, Role.REVIEWER) as desk:
        yield desk


async def test_a_new_case_rings_whoever_dispatches_there_and_says_nothing_of_it(app, admin, handler, reviewer):
    number = await filed(app)
    [said] = await admin.phone.hears()
    assert number in said
    assert "派单" in said
    assert f"/console/appeals/{number}" in said
    assert STORY[:6] not in said
    assert "王小明" not in said
    assert [await each.phone.hears() for each in (handler, reviewer)] == [[], []]


async def test_each_step_rings_whose_turn_it_is(app, admin, handler, reviewer):
    number = await filed(app, AppealState.ACCEPTED)
    await does(admin, number, "assign", agency="labour")
    await heard(handler, "派给你们单位")
    await does(handler, number, "begin")
    await does(handler, number, "propose", text=RESULT)
    await heard(reviewer, "等您审核")
    await does(reviewer, number, "send-back", note="请写清楚哪天到账")
    await heard(handler, "退回来了")
    await does(handler, number, "propose", text=RESULT)
    await heard(reviewer, "等您审核")


async def test_nobody_of_another_district_or_unit_hears_of_it(app, handler):
    elsewhere = Colleague(app, Role.ADMIN, district="2102"), Colleague(app, Role.HANDLER, agency="urban")
    async with elsewhere[0] as far, elsewhere[1] as urban:
        await filed(app, AppealState.ASSIGNED)
        await app.settled()
        assert await far.phone.hears() == []
        assert await urban.phone.hears() == []
        assert len(await handler.phone.hears()) == 1


async def test_a_unit_complained_about_hears_nothing_and_whoever_dispatches_is_called(app, admin, handler):
    number = await filed(app, AppealState.ASSIGNED)
    await app.settled()
    for each in (admin, handler):
        await each.phone.hears()
    await does(admin, number, "about", unit="labour")
    await heard(admin, "等您派单")
    assert await handler.phone.hears() == []
    assert number in await admin.gets("/console/appeals?view=dispatch")


async def test_a_case_whose_unit_has_nobody_rings_whoever_dispatches(app, admin):
    number = await filed(app, AppealState.ASSIGNED, agency="union")
    await heard(admin, f"{number}（欠薪、扣款）所在的单位没有人能办")


async def test_a_case_whose_handler_hears_nothing_rings_their_colleagues(app, admin, handler):
    async with Desk(app, Role.HANDLER, agency="labour") as away:
        number = await filed(app, AppealState.IN_PROGRESS, handler=away.id)
        await does(admin, number, "escalate", note="家里等着用钱")
        await heard(handler, "这会儿叫不到")


async def test_a_confidential_case_rings_who_reads_its_kind_and_names_no_kind(app, admin):
    async with Colleague(app, Role.ADMIN, category="legal") as named:
        await filed(app, kind="legal", agency="")
        assert await admin.phone.hears() == []
        [said] = await named.phone.hears()
        assert "保密" in said
        assert "法律" not in said


async def test_two_processes_and_a_second_ring_tell_once(app, admin):
    number = await filed(app)
    await app.settled()
    async with app.db.begin() as session:
        timers = Outbox.kind == "timer", Outbox.subject == f"dispatch:{number}"
        await session.execute(update(Outbox).where(*timers).values(state=OutboxState.WAITING, due_at=now()))
    await app.settled()
    assert len(await admin.phone.hears()) == 1


async def test_who_lost_the_right_before_it_is_sent_is_not_told(app, admin):
    async with app.db.begin() as session:
        await session.execute(update(Staff).where(Staff.id == admin.id).values(calls="digest"))
    await filed(app)
    await app.settled()
    async with app.db.begin() as session:
        await session.execute(StaffRole.__table__.delete().where(StaffRole.staff_id == admin.id))
    await morning(app)
    assert await admin.phone.hears() == []


async def test_what_was_done_meanwhile_is_not_told(app, admin, handler):
    await admin.submits("/console/chat/calls", calls="digest")
    number = await filed(app)
    await app.settled()
    await does(admin, number, "assign", agency="labour")
    await morning(app)
    assert await admin.phone.hears() == []


async def test_a_digest_tells_all_at_nine_in_one_message(app, admin):
    page = await admin.submits("/console/chat/calls", calls="digest")
    assert re.search(r'value="digest" checked', page)
    numbers = [await filed(app), await filed(app)]
    assert await admin.phone.hears() == []
    async with app.db.read() as session:
        due = list(await session.scalars(select(StaffCall.due_at)))
    assert {(each + timedelta(hours=8)).strftime("%H:%M") for each in due} == {"09:00"}
    await morning(app)
    [said] = await admin.phone.hears()
    assert "2 件事" in said
    assert all(number in said for number in numbers)


async def test_what_comes_in_a_burst_is_told_in_two_messages(app, admin):
    first, *others = [await filed(app), await filed(app), await filed(app)]
    await app.settled()
    async with app.db.begin() as session:
        later = list(await session.scalars(select(StaffCall).where(StaffCall.told_at.is_(None))))
        assert {each.number for each in later} <= set(others)
        assert all(each.due_at > now() + timedelta(minutes=4) for each in later)
    await morning(app)
    said = await admin.phone.hears()
    assert len(said) <= 2
    assert all(number in "".join(said) for number in (first, *others))


async def test_quiet_hours_hold_back_what_can_wait(app, admin):
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(quiet=all_but_a_moment()))
    await filed(app)
    await app.settled()
    assert await admin.phone.hears() == []
    async with app.db.read() as session:
        [call] = await session.scalars(select(StaffCall).where(StaffCall.staff_id == admin.id))
    assert call.due_at > now()


async def test_urgent_calls_cannot_be_switched_off(app, admin, handler):
    await handler.submits("/console/chat/calls", calls="none")
    number = await filed(app, AppealState.ASSIGNED)
    assert await handler.phone.hears() == []
    await does(handler, number, "begin")
    await does(admin, number, "escalate", note="家里等着用钱")
    assert "催办" in (await handler.phone.hears())[-1]


async def test_a_case_that_is_nearly_due_and_then_overdue_rings_its_handler(app, handler):
    number = await filed(app, AppealState.ASSIGNED)
    await does(handler, number, "begin")
    await handler.phone.hears()
    for what, words in (("warn", "快到期"), ("overdue", "超期")):
        async with app.db.begin() as session:
            timer = select(Outbox.id).where(Outbox.subject == f"{what}:{number}").order_by(Outbox.due_at).limit(1)
            await session.execute(update(Outbox).where(Outbox.id == timer.scalar_subquery()).values(due_at=now()))
        await heard(handler, words)


async def test_a_hazard_rings_who_looks_at_it_and_then_its_unit(app, phone):
    async with Colleague(app, Role.REVIEWER) as reviewer, Colleague(app, Role.HANDLER, agency="urban") as urban:
        number = await reported(app, phone)
        [said] = await reviewer.phone.hears()
        assert number in said
        await reviewer.gets(f"/console/hazards/{number}")
        await reviewer.submits(f"/console/hazards/{number}/validate")
        await heard(urban, "派给你们单位")


async def test_a_hazard_whose_unit_has_nobody_rings_who_dispatches_it(app, phone):
    async with Colleague(app, Role.REVIEWER) as reviewer:
        number = await reported(app, phone)
        await reviewer.phone.hears()
        await reviewer.gets(f"/console/hazards/{number}")
        await reviewer.submits(f"/console/hazards/{number}/validate")
        await heard(reviewer, "没有人能处理")


async def test_a_notice_rings_who_approves_it_and_not_who_wrote_it(app):
    async with Colleague(app, Role.APPROVER) as approver, Colleague(app, Role.ORGANISER) as organiser:
        async with app.db.begin() as session:
            writer = StaffRole(staff_id=organiser.id, role=Role.APPROVER, district="2101", category="")
            session.add(writer)
        number = await notice_of(app, "2101")
        async with app.db.begin() as session:
            await session.execute(update(Chat).values(region="2101", started_at=now()))
            session.add(NoticeWriter(notice_id=number, staff_id=organiser.id))
            notice = await session.get_one(Notice, number)
            await notices.submit(session, app.services, notice, Actor(Role.ORGANISER, organiser.id))
        await app.settled()
        [said] = await approver.phone.hears()
        assert "通知等您审批" in said
        assert f"/console/notices/{number}" in said
        assert notice.title not in said
        assert await organiser.phone.hears() == []


async def test_an_application_rings_who_takes_it_there(app):
    async with Colleague(app, Role.ORGANISER) as organiser, Colleague(app, Role.ORGANISER, district="2102") as far:
        number = await volunteered(app, "2101")
        [said] = await organiser.phone.hears()
        assert number in said
        assert await far.phone.hears() == []


async def test_settings_are_shown_only_where_a_chat_is_linked(app):
    async with Desk(app, Role.REVIEWER) as nobody:
        assert "有事怎么叫您" not in (await nobody.gets("/console/chat")).words
        await nobody.submits("/console/chat/calls", calls="always", status=400)


def all_but_a_moment() -> str:
    """Quiet hours that hold the present one, whichever that is."""
    hour = (now() + timedelta(hours=8)).hour
    return f"{(hour - 1) % 24}-{(hour + 2) % 24}"


async def reported(app, phone) -> str:
    """A hazard that somebody has to look at."""
    await phone.types("你好")
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat).order_by(Chat.id.desc()).limit(1))
        draft = HazardDraft(kind="road", text="路上有个大坑", region="210106", place="兴华街")
        await hazards.submit(session, app.services, chat, draft)
        number = await session.scalar(select(Hazard.number))
    await app.settled()
    return number


async def test_an_entry_that_was_changed_rings_who_may_publish_it_and_its_author_when_it_comes_back(app):
    entry = app.knowledge.policies[TOPIC]
    author, second = Colleague(app, Role.ORGANISER), Colleague(app, Role.APPROVER, district="")
    async with author as author, second as second, Colleague(app, Role.APPROVER) as city:
        async with app.db.begin() as session:
            staffer = await accounts.staffer_of(session, author.id)
            row = await policies.save(session, staffer, entry, base=0)
        [said] = await second.phone.hears()
        assert entry.title in said
        assert f"/console/policies/{TOPIC}" in said
        assert await author.phone.hears() == []
        assert await city.phone.hears() == []  # The entry is the nation's.
        async with app.db.begin() as session:
            staffer = await accounts.staffer_of(session, second.id)
            await policies.send_back(session, staffer, TOPIC, row.id, "请补上依据", [entry])
        [said] = await author.phone.hears()
        assert "退回来了" in said


async def test_a_station_that_two_people_doubt_rings_its_organisers(app):
    name = await station_in(app, "2101")
    async with Colleague(app, Role.ORGANISER) as near, Colleague(app, Role.ORGANISER, district="2102") as far:
        async with app.db.begin() as session:
            for letter in (b"a", b"b"):
                chat = Chat(channel="telegram", key=letter * 16, address=ord(letter))
                session.add(chat)
                await session.flush()
                await stations.report(session, name, stations.Report.CLOSED, chat.key)
        [said] = await near.phone.hears()
        assert f"/console/stations/at/{name}" in said
        assert await far.phone.hears() == []


async def test_an_outcome_that_was_written_down_rings_who_may_publish_it(app, admin, reviewer):
    async with app.db.begin() as session:
        item = Consultation(title="十月工资", district="2101", opened_by=admin.id)
        session.add(item)
        await session.flush()
        await consultations.draft(session, item, RESULT, Actor(Role.ADMIN, admin.id))
    [said] = await reviewer.phone.hears()
    assert "十月工资" in said
    assert f"/console/alike/{item.id}" in said
    assert await admin.phone.hears() == []
