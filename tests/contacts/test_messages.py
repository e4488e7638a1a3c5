"""留言: a message to a contact has a number and a deadline, and its unit answers it from chat, without a reviewer."""

import asyncio
import re
import secrets
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update

from bot.services.appeals import appeals, calls, messages, transitions
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.core.lifecycle import WORKER, Actor, Role
from bot.services.core.periods import Period
from bot.services.core.working_days import ZONE, china_date
from bot.services.reports import statistics
from bot.services.staff import accounts
from bot.store.models import Appeal, Audit, Chat, Contact, Outbox, OutboxState, Staff, StaffCall, StaffRole, now
from tests.support import databases
from tests.support.colleague import Colleague, heard
from tests.support.contacts import TIEXI, contact_entered, outlet_entered
from tests.support.desk import BY, Desk
from tests.support.units import unit_entered

STORY = "充电柜的插头烧了，站里没人管"
ANSWER = "已经和站里说好，明天下午三点电工来换插头，换好请您看看。"


@pytest.fixture
async def contact(app, phones):
    """A contact of an outlet who handles for a community, with their own chat linked: desk, phone, id."""
    colleague = await phones()
    async with app.db.begin() as session:
        unit = await unit_entered(session, "兴工社区", region=TIEXI, kind="community")
        outlet = await outlet_entered(session, community_id=unit)
    async with Desk(app, Role.HANDLER, district=TIEXI, agency="兴工社区", name="李同事") as desk:
        page = await desk.gets("/console/chat")
        page = await desk.submits("/console/chat")
        await colleague.types(re.search(r"/staff \d{6}", page)[0])
        async with app.db.begin() as session:
            number = await contact_entered(session, unit, outlet_id=outlet, staff_id=desk.id)
        yield desk, colleague, number


async def leaves(phone, story=STORY) -> str:
    """Leave a message; returns its number."""
    await phone.types("/contact", "兴工街")
    await phone.presses("兴工街站")
    await phone.presses("给李干事留言")
    return re.search(r"编号：(\d{12})", (await phone.types(story))[-1])[1]


async def called(app, colleague) -> dict:
    """The message that calls the colleague."""
    await app.settled()
    found = [each for each in await colleague.messages() if not each["mine"] and "留言" in str(each.get("text"))]
    return found[-1]


async def quotes(phone, message: dict, words: str) -> list[str]:
    await phone._post("/chat/messages", {"key": secrets.token_hex(8), "text": words, "reply_to": message["id"]})
    return await phone.hears()


async def appeal_of(app, number: str) -> Appeal:
    async with app.db.read() as session:
        return await session.scalar(select(Appeal).where(Appeal.number == number))


async def test_a_message_to_the_contact_has_a_number_and_two_working_days_and_the_rider_rates_the_reply(
    app, phone, contact
):
    desk, colleague, _ = contact
    number = await leaves(phone)
    appeal = await appeal_of(app, number)
    assert (appeal.kind, appeal.state, appeal.handler_id, appeal.region) == ("contact", "assigned", desk.id, TIEXI)
    assert (appeal.limit_amount, appeal.limit_unit) == (2, "working_days")
    call = await called(app, colleague)
    assert number in call["text"]
    assert "插头" not in call["text"]  # Never the story.
    assert "答复至少 20 个字" in (await quotes(colleague, call, "好的"))[-1]
    [said] = await colleague.types(ANSWER)  # Without quoting it again: the form is open.
    assert "已经回给当事人" in said
    assert ANSWER in "".join(await phone.hears())
    await phone.presses("满意")
    appeal = await appeal_of(app, number)
    assert (appeal.state, appeal.rating, appeal.answer) == (AppealState.VERIFIED, "good", ANSWER)
    async with app.db.read() as session:
        measures = [app.knowledge.measures.every[name] for name in ("direct", "settled")]
        period = Period(china_date(now()), china_date(now()))
        counts = await statistics.count(session, measures, period, statistics.scope(TIEXI))
        assert counts.by_kind == {"contact": {"direct": 1, "settled": 1}}
        row = await session.scalar(select(Audit).where(Audit.action == "appeal.answer"))
    assert (row.staff_id, row.detail) == (desk.id, {"how": "by_chat"})


async def test_two_that_are_due_at_once_come_in_one_message_with_a_button_each(app, phone, contact):
    _, colleague, _ = contact
    first, *numbers = [await leaves(phone, f"{STORY}，第{at}次") for at in range(3)]
    assert first in (await called(app, colleague))["text"]  # What comes within PACE of it waits.
    async with app.db.begin() as session:
        await session.execute(update(StaffCall).where(StaffCall.told_at.is_(None)).values(due_at=now()))
        waiting = Outbox.subject.like("tell:%"), Outbox.state == OutboxState.WAITING
        await session.execute(update(Outbox).where(*waiting).values(due_at=now()))
    call = await called(app, colleague)
    assert all(number in call["text"] for number in numbers)
    assert "回复这条消息" not in call["text"]
    assert await colleague.buttons() == [f"↩️ 回复 {number}" for number in numbers]
    assert "带编号的“↩️ 回复”" in (await quotes(colleague, call, ANSWER))[-1]  # Nobody knows to which.
    await colleague.presses(f"回复 {numbers[1]}")
    await colleague.types(ANSWER)
    assert [(await appeal_of(app, each)).state for each in numbers] == [AppealState.ASSIGNED, AppealState.ANSWERED]


async def switches_off(app, desk, colleague) -> None:
    await desk.submits("/console/chat/calls", calls="none")


async def blocks(app, desk, colleague) -> None:
    async with app.db.begin() as session:
        chat = select(Staff.chat_id).where(Staff.id == desk.id).scalar_subquery()
        await session.execute(update(Chat).where(Chat.id == chat).values(blocked_at=now()))


async def unlinks(app, desk, colleague) -> None:
    async with app.db.begin() as session:
        await session.execute(update(Staff).where(Staff.id == desk.id).values(chat_id=None))


async def leaves_the_unit(app, desk, colleague) -> None:
    async with app.db.begin() as session:
        await accounts.set_active(session, None, BY, await session.get(Staff, desk.id), active=False)


@pytest.mark.parametrize("goes", [switches_off, blocks, unlinks, leaves_the_unit])
async def test_where_the_contacts_colleague_hears_nothing_others_of_the_unit_are_called_and_may_answer(
    app, phone, contact, goes
):
    desk, colleague, _ = contact
    async with Colleague(app, Role.HANDLER, district=TIEXI, agency="兴工社区") as other:
        await goes(app, desk, colleague)
        number = await leaves(phone)
        assert number in (await called(app, other.phone))["text"]
        await other.phone.presses("回复")
        await other.phone.types(ANSWER)
    assert (await appeal_of(app, number)).state == AppealState.ANSWERED


async def test_a_unit_without_anybody_who_answers_leaves_no_message_with_nobody(app, phone, contact):
    desk, colleague, _ = contact
    await leaves_the_unit(app, desk, colleague)
    async with Colleague(app, Role.ADMIN, district=TIEXI) as admin:
        number = await leaves(phone)
        assert any(number in each and "派单" in each for each in await admin.phone.hears())
        assert (await appeal_of(app, number)).state == AppealState.SUBMITTED
        assert number in await admin.gets("/console/appeals?view=dispatch")


async def test_where_nobody_dispatches_either_the_message_is_refused_with_the_way_on(app, phone, contact):
    desk, colleague, _ = contact
    await leaves_the_unit(app, desk, colleague)
    async with app.db.begin() as session:
        await session.execute(delete(StaffRole).where(StaffRole.role == Role.ADMIN))
    await phone.types("/contact", "兴工街")
    await phone.presses("兴工街站")
    await phone.presses("给李干事留言")
    said = (await phone.types(STORY))[-1]
    assert "没有交" in said
    assert "12345" in said
    async with app.db.read() as session:
        assert await session.scalar(select(Appeal.id)) is None


async def test_a_message_of_a_unit_whose_last_handler_leaves_goes_to_whoever_dispatches(app, phone, contact):
    desk, colleague, _ = contact
    async with Colleague(app, Role.ADMIN, district=TIEXI) as admin:
        number = await leaves(phone)
        await admin.phone.hears()
        await leaves_the_unit(app, desk, colleague)
        async with app.db.begin() as session:
            await calls.after(session, await appeals.get(session, number), "assign", "again")
        await heard(admin, "没有人能办")


async def test_the_button_asks_for_the_answer_and_numbers_in_it_are_asked_about(app, phone, contact):
    _, colleague, _ = contact
    number = await leaves(phone)
    await called(app, colleague)
    assert number in (await colleague.presses("回复"))[-1]
    assert "原样发给当事人" in (await colleague.types(f"{ANSWER}找电工13812345678"))[-1]
    await colleague.presses("重写")
    await colleague.types(ANSWER)
    assert (await appeal_of(app, number)).state == AppealState.ANSWERED


async def test_the_reply_of_somebody_who_lost_the_role_a_minute_ago_is_refused_in_words_and_the_case_stays(
    app, phone, contact
):
    desk, colleague, _ = contact
    number = await leaves(phone)
    call = await called(app, colleague)
    async with app.db.begin() as session:
        person = await accounts.find(session, desk.username)
        for role in await session.scalars(select(StaffRole).where(StaffRole.staff_id == person.id)):
            await session.delete(role)
    assert "现在不能答复" in (await quotes(colleague, call, ANSWER))[-1]
    assert (await appeal_of(app, number)).state == AppealState.ASSIGNED


async def test_a_stranger_who_copies_a_call_answers_nothing(app, phone, phones, contact):
    number = await leaves(phone)
    stranger = await phones()
    await stranger.types(f"http://x/console/appeals/{number}")
    mine = [each for each in await stranger.messages() if each["mine"]][-1]
    assert "现在不能答复" in (await quotes(stranger, mine, ANSWER))[-1]
    assert (await appeal_of(app, number)).state == AppealState.ASSIGNED


async def test_only_a_light_case_is_answered_without_a_reviewer(app, phone, contact):
    desk, _, _ = contact
    number = await leaves(phone)
    appeal = await appeal_of(app, number)
    await desk.gets(f"/console/appeals/{number}")
    await desk.submits(f"/console/appeals/{number}/begin", version=appeal.version)
    appeal = await appeal_of(app, number)
    page = await desk.submits(f"/console/appeals/{number}/propose", version=appeal.version, text=ANSWER)
    assert page.status == 200
    assert (await appeal_of(app, number)).state == AppealState.ANSWERED


BEGUN, SAID = AppealState.IN_PROGRESS, {"text": "已经和站里说好，明天下午三点电工来换插头，请您看看。"}
STATES = AppealState
NOT_NOW = {  # by the steps that lead there, of the handler and of the author
    "given back": ([("handler", STATES.ACCEPTED)], "可能改派了"),
    "asked": ([("handler", BEGUN), ("handler", STATES.PENDING_INFO)], "等当事人补话"),
    "withdrawn": ([("worker", STATES.WITHDRAWN)], "可能当事人撤回了"),
    "answered": ([("handler", BEGUN), ("handler", STATES.ANSWERED)], "已经答复过了"),
    "reopened": ([("handler", BEGUN), ("handler", STATES.ANSWERED), ("worker", STATES.REOPENED)], "还没派给谁"),
}


async def moves(app, session, desk, number: str, steps) -> None:
    """Others take these steps with a message."""
    appeal = await appeals.get(session, number)
    actors = {"handler": Actor(Role.HANDLER, desk.id, appeal.agency_id), "worker": WORKER}
    for who, target in steps:
        await transitions.move(session, app.services.silently(), number, AppealMove(target, actors[who], **SAID))


@pytest.mark.parametrize("case", NOT_NOW)
async def test_an_answer_that_fits_no_more_is_refused_for_the_reason_there_is(app, phone, contact, case):
    desk, colleague, _ = contact
    number, (steps, why) = await leaves(phone), NOT_NOW[case]
    call = await called(app, colleague)
    async with app.db.begin() as session:
        await moves(app, session, desk, number, steps)
    assert why in (await quotes(colleague, call, ANSWER))[-1]


@pytest.mark.parametrize("case", ["withdrawn", "answered"])
async def test_an_answer_begun_before_the_case_moved_is_refused_in_words_and_leaves_no_form_open(
    app, phone, contact, case
):
    desk, colleague, _ = contact
    number, (steps, why) = await leaves(phone), NOT_NOW[case]
    await called(app, colleague)
    await colleague.presses("回复")
    async with app.db.begin() as session:
        await moves(app, session, desk, number, steps)
    assert why in (await colleague.types(ANSWER))[-1]
    assert "核对于" in "".join(await colleague.types("入职要押金可以吗"))
    assert (await appeal_of(app, number)).state == steps[-1][1]


@pytest.mark.skipif(
    not databases.is_meant(), reason="SQLite has one writer at a time, so two never wait for each other"
)
async def test_an_answer_that_waited_for_whoever_moved_the_case_is_refused_in_words(app, phone, contact):
    desk, colleague, _ = contact
    number, (steps, why) = await leaves(phone), NOT_NOW["withdrawn"]
    call = await called(app, colleague)
    waits = select(func.count()).select_from(text("pg_locks")).where(text("NOT granted"))
    async with app.db.begin() as session:
        await moves(app, session, desk, number, steps)
        reply = asyncio.create_task(quotes(colleague, call, ANSWER))
        async with asyncio.timeout(10):
            while not await session.scalar(waits):
                pass
    assert why in (await reply)[-1]


async def writes_to_somebody_replaced(app, phone, contact) -> None:
    """The form to a contact is open, and another one looks after the outlet by now."""
    _, _, old = contact
    await phone.types("/contact", "兴工街")
    await phone.presses("兴工街站")
    await phone.presses("给李干事留言")
    async with app.db.begin() as session:
        row = await session.get(Contact, old)
        await contact_entered(session, row.agency_id, "周干事", outlet_id=row.outlet_id)
        await session.delete(row)


async def test_a_message_whose_contact_was_replaced_is_kept_and_sent_to_the_new_one_by_a_tap(app, phone, contact):
    await writes_to_somebody_replaced(app, phone, contact)
    said = "".join(await phone.types(STORY))
    assert "给您留着" in said
    assert STORY in (await phone.presses("给周干事留言"))[-1]
    said = (await phone.presses("就发这段"))[-1]
    assert "周干事" in said
    number = re.search(r"编号：(\d{12})", said)[1]
    assert (await appeal_of(app, number)).story == STORY


async def test_a_kept_message_can_be_written_anew(app, phone, contact):
    await writes_to_somebody_replaced(app, phone, contact)
    await phone.types(STORY)
    await phone.presses("给周干事留言")
    await phone.presses("重新写")
    number = re.search(r"编号：(\d{12})", (await phone.types("换了一个人，请来看看插头"))[-1])[1]
    assert (await appeal_of(app, number)).story == "换了一个人，请来看看插头"


async def test_messages_are_no_kind_that_the_form_offers(phone):
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    assert "找联系人" not in await phone.buttons()


async def test_asking_for_a_person_at_23_says_when_somebody_is_there_and_offers_three_ways_on(app, phone):
    """转人工, whatever hour it is: nobody is there now, and somebody in two hours."""
    hour = now().astimezone(ZONE).hour
    opens, closes = (hour + 2) % 24, (hour + 2) % 24 + 1
    async with app.db.begin() as session:
        unit = await unit_entered(session, "铁西区总工会", region=TIEXI, kind="union")
        await contact_entered(
            session, unit, "赵主席", duty="union", region=TIEXI, hours=f"{opens:02}:00-{closes:02}:00"
        )
    await phone.types("/contact")
    await phone.presses("众包、没有站点")
    await phone.types("沈阳铁西区")
    said = (await phone.types("转人工"))[-1]
    assert f"{opens:02}:00 有人" in said
    assert "12345" in said
    assert {"💬 找联系人", "📝 我要反映"} <= set(await phone.buttons())
    assert "小时内" not in said  # Nothing is said of how long it takes before twenty answers.
    async with app.db.begin() as session:
        for at in range(messages.ENOUGH):
            values = {"number": f"2699010000{at:02}", "code": b"1", "alias": f"a{at}", "kind": "contact"}
            values |= {"state": "submitted", "naming": "hidden", "story": "x", "region": TIEXI}
            values |= {"created_at": now() - timedelta(hours=5), "answered_at": now() - timedelta(hours=2)}
            session.add(Appeal(**values))
    assert "3 小时内" in (await phone.types("转人工"))[-1]
