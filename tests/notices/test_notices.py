"""A notice reaches everybody it is for, at most once, at the allowed pace, after a second person agreed to it."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from datetime import time as clock

import pytest
import time_machine
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from bot.channels.telegram.transport import BotApi
from bot.errors import Rejected
from bot.services import timer_handlers
from bot.services.chats import message_preview
from bot.services.core.lifecycle import SYSTEM, Actor, IllegalStep, Role
from bot.services.core.working_days import ZONE
from bot.services.notices import approvals, audience, corrections, notices, platforms
from bot.services.notices import start as notice_start
from bot.services.notices import totals as notice_totals
from bot.services.notices.audience import Audience
from bot.services.notices.states import NOTICE, NoticeState
from bot.services.privacy import erasure, retention
from bot.services.staff.permissions import SamePerson
from bot.store.models import (
    AllowedStep,
    Channel,
    Chat,
    ChatTag,
    CopyState,
    Notice,
    NoticeCopy,
    NoticeKind,
    Outbox,
    now,
)
from bot.store.vault import new_key
from tests.support.fake_bot_api import SILENCE, TOKEN, Crowd, Town, lane, refusal
from tests.support.web_driver import opened


@pytest.fixture
async def town(database_url, knowledge):
    db = opened(database_url, new_key())
    yield await Town(db, knowledge).settle()
    await db.close()


@pytest.fixture
async def crowd():
    crowd = await Crowd().start()
    yield crowd
    await crowd.stop()


@pytest.fixture
async def bulk(town, crowd):
    """A lane that sends as fast as it can."""
    api = BotApi(crowd.api, "", TOKEN)
    await api.open()
    bulk = lane(town.db, api, town.services, 1000.0)
    bulk.start()
    yield bulk
    await bulk.stop()
    await api.close()


async def begin(town, number: int) -> None:
    """Its timer rings."""
    async with town.db.begin() as session:
        rows = await session.scalars(select(Outbox).order_by(Outbox.id))
        payload = next(row.payload for row in reversed(rows.all()) if row.payload.get("notice") == number)
        await timer_handlers.ring(session, town.services, payload)


async def until(town, number: int, *states: NoticeState) -> Notice:
    """The notice, once it is in one of these states."""
    async with asyncio.timeout(20):
        while (notice := await town.now(number)).state not in states:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return notice


async def sent(town, **more) -> Notice:
    notice = await town.agreed(**more)
    await begin(town, notice.id)
    return await until(town, notice.id, NoticeState.COMPLETED, NoticeState.SOME_FAILED)


async def tally(town, number: int) -> dict[str, int]:
    async with town.db.read() as session:
        return dict(await notice_totals.tally(session, number))


async def rejected(key: str, work) -> None:
    with pytest.raises(Rejected) as refused:
        await work
    assert refused.value.key == key


# Writing.


def test_length_is_counted_as_telegram_counts():
    assert message_preview.length(message_preview.written("**好** 😀 <b> & https://x.cn")) == len("好 ") + 2 + len(
        " <b> & https://x.cn"
    )


async def test_what_is_too_long_is_refused_before_telegram_does(town):
    await town.people(1)
    await rejected("notice.text", town.submitted(text="好" * 4097))
    await rejected("notice.long", town.submitted(text="😀" * 2040))  # UTF-16: two units each, and the frame


async def test_stars_of_bold_words_take_no_room_and_an_emoji_takes_two(town):
    await town.people(1)
    await town.submitted(text="**好**" * 1000)  # 5000 characters as typed
    await town.submitted(title="😀" * 30, unit="🏠" * 30)
    await rejected("notice.title", town.submitted(title="😀" * 31))
    await rejected("notice.unit", town.submitted(unit="好" + "🏠" * 30))
    await rejected("notice.text", town.submitted(text="**" + "😀" * 2049 + "**"))


@pytest.mark.parametrize("button", [("领取", "http://x.cn"), ("", "https://x.cn"), ("领取", "javascript:1")])
async def test_buttons_lead_to_safe_places_only(town, button):
    await rejected("notice.button", town.submitted(buttons=[button]))


# The audience.


async def test_the_count_says_who_is_left_out_and_why(town):
    await town.people(6)
    await town.people(2, first=20, blocked_at=now())
    await town.people(3, first=30, service_notices=False)
    await town.people(1, first=40, started_at=None)
    await town.people(1, first=50, region="5101")
    async with town.db.read() as session:
        counted = await audience.count(session, Audience(regions=("21",)), NoticeKind.SERVICE)
        urgent = await audience.count(session, Audience(regions=("21",)), NoticeKind.EMERGENCY)
        activity = await audience.count(session, Audience(), NoticeKind.ACTIVITY)
    assert (counted.reached, counted.left_out) == (6, {"blocked": 2, "opted_out": 3, "unstarted": 1})
    assert (urgent.reached, urgent.left_out) == (9, {"blocked": 2, "unstarted": 1})
    assert activity.reached == 0  # Nobody has asked for these.


async def test_the_count_says_who_sleeps_when_it_begins_and_who_would_sleep_through_it(town):
    """It begins at nine in the evening by China's clock and is over at six in the morning."""
    town.services = replace(town.services, quiet=(clock(22), clock(8)))
    await town.people(3)
    await town.people(2, first=10, quiet="20-4")
    await town.people(4, first=20, quiet="20-7")
    begins = datetime.combine(now().astimezone(ZONE).date() + timedelta(days=1), clock(21), ZONE)
    plan = {"start_at": begins, "valid_until": begins + timedelta(hours=9)}
    notice = await town.submitted(**plan)
    assert notice.count == 5  # What the second person types.
    async with town.db.read() as session:
        counted = await notices.count(session, town.services, notice)
        assert (counted.reached, counted.asleep, counted.left_out) == (5, 2, {"quiet": 4})
        notice.kind = NoticeKind.EMERGENCY
        counted = await notices.count(session, town.services, notice)
        assert (counted.reached, counted.asleep, counted.left_out) == (9, 0, {})


async def test_tags_of_one_kind_are_alternatives_and_of_two_kinds_both_asked_for(town):
    await town.people(3)
    async with town.db.begin() as session:
        ids = (await session.scalars(select(Chat.id).order_by(Chat.id))).all()
        tags = [(0, "platform:a"), (0, "role:volunteer"), (1, "platform:b"), (2, "role:volunteer")]
        session.add_all([ChatTag(chat_id=ids[at], tag=tag) for at, tag in tags])
    async with town.db.read() as session:
        either = await audience.count(session, Audience(tags=("platform:a", "platform:b")), NoticeKind.SERVICE)
        both = ("platform:a", "platform:b", "role:volunteer")
        assert either.reached == 2
        assert (await audience.count(session, Audience(tags=both), NoticeKind.SERVICE)).reached == 1


@pytest.mark.parametrize(
    ("wanted", "key"),
    [
        (Audience(regions=("5101",)), "notice.district"),
        (Audience(), "notice.district"),
        (Audience(regions=("2101",), tags=("党员",)), "notice.party"),
    ],
)
async def test_an_audience_stays_within_the_authors_district_and_never_asks_for_the_party(wanted, key):
    with pytest.raises(Rejected) as refused:
        wanted.check(["2101"])
    assert refused.value.key == key


# The second person.


async def test_nobody_approves_their_own_notice(town):
    await town.people(1)
    notice = await town.submitted()
    async with town.db.begin() as session:
        notice = await notices.get(session, notice.id)
        with pytest.raises(SamePerson):
            await approvals.approve(session, notice, town.author, notice.count)


async def test_whoever_ever_wrote_on_it_does_not_approve_it(town):
    """Not the first author once somebody else has edited it, not the editor, and no correction of it either."""
    await town.people(1)
    notice = await town.submitted()
    async with town.db.begin() as session:
        notice = await notices.get(session, notice.id)
        await notices.edit(
            session, town.services, notice, Actor(Role.ORGANISER, town.second.id), town.draft(text="别的")
        )
        await notices.submit(session, town.services, notice, town.author)
        for writer in (town.author, town.second):
            with pytest.raises(SamePerson):
                await approvals.approve(session, notice, Actor(Role.APPROVER, writer.id), notice.count)
        for writer in (town.author, town.second):
            with pytest.raises(DBAPIError, match="own notice"):
                async with session.begin_nested():
                    await approvals._note(session, notice, writer, "", approved=True)
        assert await approvals.approve(session, notice, town.third, notice.count)
    async with town.db.begin() as session:
        notice = await notices.get(session, notice.id, lock=True)
        notices.move(notice, NoticeState.FREEZING, SYSTEM)
        notice.started_at = now()
        fixed = await corrections.correct(session, town.services, notice, town.third, "体检", "周日上午")
        assert await notices.writers(session, fixed.id) == {each.id for each in (town.author, town.second, town.third)}


async def test_the_database_itself_counts_two_for_an_emergency(town):
    await town.people(1)
    notice = await town.submitted(kind=NoticeKind.EMERGENCY)
    async with town.db.begin() as session:
        await approvals.approve(session, await notices.get(session, notice.id), town.second, 1)
    with pytest.raises(DBAPIError, match="nobody agreed"):
        async with town.db.begin() as session:
            await session.execute(update(Notice).where(Notice.id == notice.id).values(state="scheduled"))


async def test_the_database_itself_refuses_a_notice_nobody_agreed_to(town):
    await town.people(1)
    notice = await town.submitted()
    with pytest.raises(DBAPIError, match="nobody agreed"):
        async with town.db.begin() as session:
            await session.execute(update(Notice).where(Notice.id == notice.id).values(state="scheduled"))
    with pytest.raises(DBAPIError, match="illegal step"):
        async with town.db.begin() as session:
            await session.execute(update(Notice).where(Notice.id == notice.id).values(state="sending"))


async def test_the_database_knows_the_same_steps(town):
    async with town.db.read() as session:
        rows = await session.scalars(select(AllowedStep).where(AllowedStep.kind == "notice"))
        assert {(row.source, row.target) for row in rows} == set(NOTICE.steps)


async def test_the_approver_types_how_many_it_reaches(town):
    await town.people(3)
    notice = await town.submitted()
    async with town.db.begin() as session:
        notice = await notices.get(session, notice.id)
        await rejected("notice.count", approvals.approve(session, notice, town.second, 4))
        assert await approvals.approve(session, notice, town.second, 3)
        assert notice.state == NoticeState.SCHEDULED


async def test_an_edit_voids_what_was_agreed_to(town):
    await town.people(1)
    notice = await town.agreed()
    async with town.db.begin() as session:
        notice = await notices.get(session, notice.id)
        await notices.edit(session, town.services, notice, town.author, town.draft(text="别的"))
        assert notice.state == NoticeState.DRAFT
        await notices.submit(session, town.services, notice, town.author)
        assert not await approvals.given(session, notice)
    await begin(town, notice.id)
    assert (await town.now(notice.id)).state == NoticeState.PENDING


async def test_an_emergency_needs_two(town):
    await town.people(1)
    notice = await town.submitted(kind=NoticeKind.EMERGENCY)
    async with town.db.begin() as session:
        notice = await notices.get(session, notice.id)
        assert not await approvals.approve(session, notice, town.second, 1)
        await rejected("notice.agreed_already", approvals.approve(session, notice, town.second, 1))
        assert await approvals.approve(session, notice, town.third, 1)


async def test_an_approval_is_good_for_a_day(town):
    await town.people(1)
    notice = await town.submitted(start_at=now() + timedelta(hours=30))
    async with town.db.begin() as session:
        notice = await notices.get(session, notice.id)
        await rejected("notice.early", approvals.approve(session, notice, town.second, 1))


async def test_an_approval_of_more_than_a_day_ago_counts_no_more(town):
    """Two have to agree; the first did so too long before the second, and is asked again."""
    await town.people(1)
    first = now()
    notice = await town.submitted(kind=NoticeKind.EMERGENCY, valid_until=first + timedelta(days=4))
    await agrees(town, notice, town.second, enough=False)
    with time_machine.travel(first + timedelta(hours=24, minutes=1)):
        await agrees(town, notice, town.third, enough=False)
    with time_machine.travel(first + timedelta(hours=48)):
        await agrees(town, notice, town.second, enough=True)


async def test_two_approvals_less_than_a_day_apart_are_enough(town):
    await town.people(1)
    first = now()
    notice = await town.submitted(kind=NoticeKind.EMERGENCY, valid_until=first + timedelta(days=4))
    await agrees(town, notice, town.second, enough=False)
    with time_machine.travel(first + timedelta(hours=23, minutes=59)):
        await agrees(town, notice, town.third, enough=True)


@pytest.mark.parametrize(("late", "state"), [(5, NoticeState.FREEZING), (15, NoticeState.LATE)])
async def test_a_notice_whose_approval_has_lapsed_by_its_start_asks_a_person(town, late, state):
    """Agreed to 23 hours and 50 minutes ahead; its timer rings so many minutes late."""
    await town.people(1)
    start = now() + timedelta(hours=23, minutes=50)
    notice = await town.agreed(start_at=start, valid_until=start + timedelta(days=2))
    with time_machine.travel(start + timedelta(minutes=late)):
        await begin(town, notice.id)
        assert (await town.now(notice.id)).state == state
        if state == NoticeState.LATE:
            async with town.db.begin() as session:
                found = await notices.get(session, notice.id, lock=True)
                await rejected("notice.agree_again", notice_start.begin_late(session, found, town.second))


async def agrees(town, notice: Notice, who, *, enough: bool) -> None:
    async with town.db.begin() as session:
        found = await notices.get(session, notice.id)
        assert await approvals.approve(session, found, who, 1) is enough


async def test_a_start_that_was_missed_asks_a_person(town, bulk, crowd):
    await town.people(1)
    notice = await town.agreed()
    payload = {"of": "notice", "notice": notice.id, "version": notice.version + 1}
    async with town.db.begin() as session:
        late = payload | {"at": (now() - timedelta(hours=1)).isoformat()}
        await timer_handlers.ring(session, town.services, late)
    assert (await town.now(notice.id)).state == NoticeState.LATE
    async with town.db.begin() as session:
        await notice_start.begin_late(session, await notices.get(session, notice.id, lock=True), town.second)
    await until(town, notice.id, NoticeState.COMPLETED)
    assert crowd.got() == {1: 1}


# Sending.


async def test_everybody_gets_it_once_and_the_words_are_those_agreed_to(town, bulk, crowd):
    await town.people(30)
    await town.people(1, first=90, service_notices=False)
    notice = await sent(town, buttons=[("报名", "https://x.cn/a")])
    assert crowd.got() == dict.fromkeys(range(1, 31), 1)
    said = crowd.said(7)[0]
    assert said.startswith("📢 <b>体检</b>\n\n<b>免费</b>体检，周六上午\n\n—— 沈阳市总工会")
    assert "演练" not in said
    assert await tally(town, notice.id) == {CopyState.SENT: 30, CopyState.SKIPPED: 1}
    assert notice.state == NoticeState.COMPLETED


async def test_a_drill_says_so_in_every_message(town, bulk, crowd):
    await town.people(2)
    await sent(town, drill=True)
    assert all("【演练】" in crowd.said(each)[0] for each in (1, 2))


async def test_who_changes_their_mind_after_the_start_is_left_alone(town, bulk, crowd):
    await town.people(40)
    notice = await town.agreed()
    bulk.rate_limiter.halt(60)
    await begin(town, notice.id)
    await until(town, notice.id, NoticeState.SENDING)
    async with town.db.begin() as session:
        await session.execute(update(Chat).values(service_notices=False))
    bulk.rate_limiter._resume = 0.0
    await until(town, notice.id, NoticeState.COMPLETED)
    assert await tally(town, notice.id) == {CopyState.SKIPPED: 40}
    assert not crowd.calls


async def test_who_took_their_platform_back_after_the_start_is_left_alone_even_in_an_emergency(town, bulk, crowd):
    await town.people(40)
    async with town.db.begin() as session:
        first, *rest = await session.scalars(select(Chat.id).order_by(Chat.id))
        for each in (first, *rest):
            await platforms.flip(session, each, "meituan")
    notice = await town.agreed(kind=NoticeKind.EMERGENCY, audience=Audience(tags=(platforms.tag("meituan"),)))
    bulk.rate_limiter.halt(60)
    await begin(town, notice.id)
    await until(town, notice.id, NoticeState.SENDING)
    async with town.db.begin() as session:
        await platforms.flip(session, first, "eleme")  # That they said another one changes nothing.
        for each in rest:
            await platforms.forget(session, each)
        await platforms.flip(session, first, "meituan")
    bulk.rate_limiter._resume = 0.0
    await until(town, notice.id, NoticeState.COMPLETED)
    assert not crowd.calls
    async with town.db.read() as session:
        assert (await notice_totals.outcome(session, notice.id)).reasons == [(CopyState.SKIPPED, "withdrawn", 40)]


async def test_each_refusal_is_what_it_is(town, bulk, crowd):
    answers = {
        1: refusal(403, "Forbidden: bot was blocked by the user"),
        2: refusal(400, "Bad Request: chat not found"),
        3: SILENCE,
    }
    crowd.refuse = lambda chat, _: answers.get(chat)
    await town.people(70)
    notice = await sent(town)
    assert notice.state == NoticeState.SOME_FAILED
    states = {CopyState.SENT: 67, CopyState.BLOCKED: 1, CopyState.FAILED: 1, CopyState.UNKNOWN: 1}
    assert await tally(town, notice.id) == states
    async with town.db.read() as session:
        shut = (await session.scalars(select(Chat).where(Chat.blocked_at.is_not(None)))).all()
    assert [chat.address for chat in shut] == [1]
    crowd.refuse = lambda chat, _: None
    async with town.db.begin() as session:
        again = await notices.get(session, notice.id, lock=True)
        assert await notices.again(session, again, town.author, CopyState.UNKNOWN) == 1
    await until(town, notice.id, NoticeState.SOME_FAILED)
    assert crowd.got()[3] == 2  # A person decided that.
    assert "可能发过" in crowd.said(3)[1]


async def test_an_emergency_of_which_nobody_knows_comes_again_once_and_says_so(town, bulk, crowd):
    crowd.refuse = lambda chat, _: SILENCE if chat == 1 else None
    await town.people(60)
    notice = await sent(town, kind=NoticeKind.EMERGENCY)
    assert crowd.got()[1] == 2
    assert ["可能发过" in said for said in crowd.said(1)] == [False, True]
    assert (await tally(town, notice.id))[CopyState.UNKNOWN] == 1


async def test_a_flood_refusal_silences_all_bulk_and_loses_nobody(town, bulk, crowd):
    flooded = []

    def once(chat, _):
        if flooded or chat != 5:
            return None
        flooded.append(chat)
        return refusal(429, "Too Many Requests: retry after 1", retry_after=1)

    crowd.refuse = once
    await town.people(20)
    await sent(town)
    assert crowd.got() == dict.fromkeys(range(1, 21), 1)
    async with town.db.read() as session:
        assert (await session.execute(text("SELECT resume_at FROM bulk_lanes"))).scalar() is not None


async def test_too_many_failures_stop_it_until_somebody_looks(town, bulk, crowd):
    crowd.refuse = lambda chat, _: refusal(400, "Bad Request: something") if chat % 3 == 0 else None
    bulk.rate_limiter.rate = 200.0  # A thousand a second is more than a busy machine answers in time.
    await town.people(900)
    notice = await town.agreed()
    await begin(town, notice.id)
    stopped = await until(town, notice.id, NoticeState.FAULTY)
    assert "something" in stopped.why
    assert (await tally(town, notice.id))[CopyState.WAITING] > 0


async def test_it_says_what_most_failures_were_and_not_what_the_last_one_was(town, bulk, crowd):
    """Of seven people two are refused for one reason, and one for another."""
    odd = {0: "Bad Request: message is too long", 3: "Bad Request: something", 5: "Bad Request: something"}
    crowd.refuse = lambda chat, _: refusal(400, why) if (why := odd.get(chat % 7)) else None
    bulk.rate_limiter.rate = 200.0
    await town.people(700)
    notice = await town.agreed()
    await begin(town, notice.id)
    assert "something" in (await until(town, notice.id, NoticeState.FAULTY)).why


async def test_pause_resume_and_cancel(town, crowd, bulk):
    bulk.rate_limiter.rate, bulk.rate_limiter.slots = 50.0, 50
    await town.people(300)
    notice = await town.agreed()
    await begin(town, notice.id)
    async with asyncio.timeout(10):
        while len(crowd.calls) < 10:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await step(town, notice.id, NoticeState.PAUSED)
    await asyncio.sleep(0.5)
    before = len(crowd.calls)
    await asyncio.sleep(0.5)
    assert len(crowd.calls) == before
    assert CopyState.SENDING not in await tally(town, notice.id)
    await step(town, notice.id, NoticeState.FREEZING)
    async with asyncio.timeout(10):
        while len(crowd.calls) == before:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await step(town, notice.id, NoticeState.CANCELLED)
    async with asyncio.timeout(10):
        while (await town.now(notice.id)).finished_at is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    counts = await tally(town, notice.id)
    assert set(counts) == {CopyState.SENT, CopyState.SKIPPED}
    assert sum(counts.values()) == 300
    assert max(crowd.got().values()) == 1


async def step(town, number: int, target: NoticeState) -> None:
    async with town.db.begin() as session:
        notices.move(await notices.get(session, number, lock=True), target, town.second)


async def test_a_correction_edits_what_was_sent_and_a_recall_takes_it_back(town, bulk, crowd):
    await town.people(5)
    notice = await sent(town)
    async with town.db.begin() as session:
        original = await notices.get(session, notice.id)
        fixed = await corrections.correct(session, town.services, original, town.author, "体检", "周日上午")
        await notices.submit(session, town.services, fixed, town.author)
    await town.agree(fixed.id)
    await begin(town, fixed.id)
    await until(town, fixed.id, NoticeState.COMPLETED)
    assert crowd.got("editMessageText") == dict.fromkeys(range(1, 6), 1)
    async with town.db.begin() as session:
        back = await corrections.recall(session, await notices.get(session, notice.id), town.second)
    await begin(town, back.id)
    await until(town, back.id, NoticeState.COMPLETED)
    deleted = {call["message_id"] for _, name, _, call in crowd.calls if name == "deleteMessage"}
    async with town.db.read() as session:
        theirs = select(NoticeCopy.message_id).where(NoticeCopy.notice_id == notice.id)
        assert deleted == set(await session.scalars(theirs))


async def test_a_person_who_sleeps_by_day_gets_it_when_they_wake(town, bulk, crowd):
    local = now().astimezone(message_preview.ZONE)
    asleep = f"{local.hour}-{(local.hour + 2) % 24}"
    await town.people(1)
    await town.people(1, first=2, quiet=asleep)
    notice = await town.agreed()
    await begin(town, notice.id)
    await until(town, notice.id, NoticeState.QUIET)
    assert crowd.got() == {1: 1}
    async with town.db.begin() as session:
        waiting = await session.scalar(select(NoticeCopy).where(NoticeCopy.state == CopyState.WAITING))
        assert 3600 <= waiting.due - now().timestamp() <= 7200
        waiting.due = 0
        await session.execute(update(Chat).values(quiet=""))
    await until(town, notice.id, NoticeState.COMPLETED)
    assert crowd.got() == {1: 1, 2: 1}


async def test_two_activities_a_week_are_enough(town, bulk, crowd):
    await town.people(1, activity_notices=True)
    for _ in range(2):
        await sent(town, kind=NoticeKind.ACTIVITY)
    async with town.db.read() as session:
        counted = await audience.count(session, Audience(), NoticeKind.ACTIVITY)
    assert (counted.reached, counted.left_out) == (0, {"enough": 1})


async def test_an_illegal_step_names_the_legal_ones(town):
    await town.people(1)
    notice = await town.submitted()
    with pytest.raises(IllegalStep, match="draft"):
        notices.move(notice, NoticeState.SENDING, town.second)


async def test_both_channels_are_reached(app, phone, knowledge):
    """A worker on the web chat, from the notice to the button that ends its kind."""
    town = Town(app.db, knowledge)
    town.services = app.services
    await town.settle()
    await phone.types("/start")
    notice = await town.agreed()
    async with app.db.begin() as session:
        await session.execute(update(Outbox).where(Outbox.kind == "timer").values(due_at=now()))
    said = await phone.hears()
    assert any("体检" in each for each in said)
    assert (await town.now(notice.id)).state == NoticeState.COMPLETED
    await phone.presses("不再收这类通知")
    assert "不再发了" in (await phone.toasts())[0]
    async with app.db.read() as session:
        counted = await audience.count(session, Audience(channels=(Channel.WEB,)), NoticeKind.SERVICE)
    assert counted.left_out == {"opted_out": 1}
    shown = (await phone.types("/notices"))[-1]
    assert "政策和服务：不收" in shown
    await phone.presses("政策服务")
    await phone.presses("白天")
    assert "不打扰的时间：白天 8–16 点" in (await phone.messages())[-1]["text"]


async def test_the_counts_stay_when_the_copies_are_gone(town, bulk, crowd):
    """A year later, and for somebody who had everything erased, the page still says how many were reached."""
    crowd.refuse = lambda chat, _: refusal(403, "Forbidden: bot was blocked by the user") if chat == 2 else None
    await town.people(4)
    notice = await sent(town)
    before = await tally(town, notice.id)
    assert before == {CopyState.SENT: 3, CopyState.BLOCKED: 1}
    async with town.db.begin() as session:
        first = (await session.scalars(select(Chat).order_by(Chat.id))).first()
        await erasure.erase(session, town.services.silently(), first)
    assert await tally(town, notice.id) == before
    async with town.db.begin() as session:
        await session.execute(update(NoticeCopy).values(at=1))
        assert (await retention.run(session, town.services))["notice_copies"] == 3
    async with town.db.read() as session:
        assert not (await session.scalars(select(NoticeCopy))).all()
        assert await notice_totals.gone(session, notice.id) == 4
        assert (await notice_totals.outcome(session, notice.id)).reasons == [
            (CopyState.BLOCKED, "Forbidden: bot was blocked by the user", 1)
        ]
    assert await tally(town, notice.id) == before


async def test_whoever_is_erased_while_it_is_sent_is_counted_as_skipped(town, bulk, crowd):
    await town.people(2)
    bulk.rate_limiter.halt(60)
    notice = await town.agreed()
    await begin(town, notice.id)
    await until(town, notice.id, NoticeState.SENDING)
    async with town.db.begin() as session:
        first = (await session.scalars(select(Chat).order_by(Chat.id))).first()
        await erasure.erase(session, town.services.silently(), first)
    bulk.rate_limiter._resume = 0.0
    await until(town, notice.id, NoticeState.COMPLETED)
    assert await tally(town, notice.id) == {CopyState.SENT: 1, CopyState.SKIPPED: 1}
