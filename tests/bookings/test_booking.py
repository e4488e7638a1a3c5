"""🎓 培训与活动 on the phone: a seat in two taps, a line that moves by itself, reminders, and what else there is."""

import asyncio
from datetime import datetime, timedelta

import aiohttp
import pytest
import time_machine
from sqlalchemy import func, select, update

from bot.errors import Rejected
from bot.messaging.callbacks import ShowSitting
from bot.services.bookings import booking, calendar_file, offerings, seats, sittings
from bot.services.bookings.sittings import SittingEntry
from bot.services.bookings.states import SeatState, SittingState
from bot.services.core.lifecycle import Actor, Role
from bot.services.core.working_days import ZONE
from bot.services.privacy import data_export, erasure, retention
from bot.store.base import as_of
from bot.store.models import Channel, Chat, Identity, Offering, Outbox, Seat, SeatStep, Sitting, now
from tests.chats.test_callbacks import presses_made_up
from tests.support.bookings import ENTRY, TITLE, books, rings, seats_at, sitting_made, sitting_of, somebody, takes

CROWD = 200


async def gives_back(app, seat: Seat, chat_id: int) -> None:
    async with app.db.begin() as session:
        chat = await session.get_one(Chat, chat_id)
        await booking.cancel(session, app.services, chat, seat.number)


async def told(app, words: str) -> int:
    """How many messages with these words wait to be sent, or were."""
    async with app.db.read() as session:
        rows = await session.scalars(select(Outbox).where(Outbox.kind == Channel.WEB))
        return sum(words in str((each.payload or {}).get("text", "")) for each in rows)


async def test_a_rider_books_in_two_taps_hears_of_it_24_h_and_2_h_before_frees_the_seat_with_one_tap_and_the_first_in_line_has_it(
    app, phones
):
    rider, second, third = [await phones() for _ in range(3)]
    start = now() + timedelta(hours=48)
    sitting = await sitting_made(app, capacity=1, start=start)
    assert "报上了" in await books(rider)
    assert "候补第 1 位" in await books(second)
    assert "候补第 2 位" in await books(third)
    for hours, words in ((24, "明天这会儿"), (2, "还有 2 小时")):
        with time_machine.travel(start - timedelta(hours=hours)):
            await rider.hears()
            assert (
                sum(
                    words in each
                    for each in await rider.hears(settle=False) + [m["text"] for m in await rider.messages()]
                )
                == 1
            )
            if hours == 24:
                assert "退掉了" in (await rider.presses("来不了"))[-1]
                assert "轮到您" in (await second.hears())[-1]
                assert not [each for each in await third.hears() if "轮到您" in each]
                assert "报上了" in (await second.presses("要，我来"))[-1]
                rider = second
    states = [each.state for each in await seats_at(app, sitting)]
    assert states == [SeatState.CANCELLED, SeatState.BOOKED, SeatState.CANCELLED]  # The line ended with the booking.


async def test_two_hundred_people_want_the_last_seat_one_has_it_the_others_know_their_place(app):
    sitting = await sitting_made(app, capacity=1)
    people = [await somebody(app, number) for number in range(CROWD)]
    found = await asyncio.gather(*(takes(app, each, sitting) for each in people))
    assert [each.state for each in found].count(SeatState.BOOKED) == 1
    assert sorted(each.line for each in found) == list(range(CROWD))
    row = await sitting_of(app, sitting)
    assert (row.taken, row.line) == (1, CROWD - 1)
    async with app.db.read() as session:
        waiting = [each for each in found if each.state == SeatState.WAITING]
        places = {each.line: await seats.ahead(session, each) for each in waiting[:5]}
    assert all(line == place for line, place in places.items())


async def test_fifty_seats_that_nobody_answers_go_on_in_order_without_a_person_in_the_loop(app):
    sitting = await sitting_made(app, capacity=1, hours=24 * 9)
    people = [await somebody(app, number) for number in range(51)]
    first, *waiting = [await takes(app, each, sitting) for each in people]
    await gives_back(app, first, people[0])
    for seat in waiting:
        async with app.db.read() as session:
            held = list(await session.scalars(select(Seat.number).where(Seat.state == SeatState.OFFERED)))
        assert held == [seat.number]
        await rings(app, "seat", "lapse", twice=False)
    assert (await sitting_of(app, sitting)).taken == 1  # The first is asked a second time, and the last.


@pytest.mark.parametrize(("hour", "until"), [(23, 9), (21, 9), (14, 16)])
async def test_a_seat_offered_at_23_is_held_until_nine_and_nobody_is_woken(app, hour, until):
    app._quiet = (datetime(2026, 1, 1, 22).time(), datetime(2026, 1, 1, 8).time())  # noqa: DTZ001 (hours only)
    sitting = await sitting_made(app, capacity=1, hours=24 * 5)
    one, other = await somebody(app, 1), await somebody(app, 2)
    seat, waiting = await takes(app, one, sitting), await takes(app, other, sitting)
    at = (now() + timedelta(days=1)).astimezone(ZONE).replace(hour=hour, minute=0, second=0, microsecond=0)
    with as_of(at):
        await gives_back(app, seat, one)
    async with app.db.read() as session:
        held = await session.scalar(select(Seat.hold_until).where(Seat.number == waiting.number))
        message = await session.scalar(select(Outbox.due_at).where(Outbox.chat_id == other, Outbox.kind == Channel.WEB))
    assert held.astimezone(ZONE).hour == until
    assert held > at
    assert message == at if hour < 22 else message.astimezone(ZONE).hour == 8


async def test_a_course_that_six_wanted_and_needs_eight_is_cancelled_at_its_cut_off_and_all_six_are_told_what_else_there_is(
    app,
):
    sitting = await sitting_made(app, capacity=20, least=8)
    for number in range(6):
        await takes(app, await somebody(app, number), sitting)
    assert await rings(app, "sitting", "close") == 1
    assert (await sitting_of(app, sitting)).state == SittingState.CANCELLED
    assert await told(app, "报名 6 人，不到开班要的 8 人") == 6
    assert {each.state for each in await seats_at(app, sitting)} == {SeatState.CANCELLED}
    enough = await sitting_made(app, capacity=20, least=1, title="急救课二班")
    await takes(app, await somebody(app, 9), enough)
    await rings(app, "sitting", "close")
    assert (await sitting_of(app, enough)).state == SittingState.CLOSED
    await rings(app, "sitting", "finish")
    assert (await sitting_of(app, enough)).state == SittingState.DONE


async def test_nobody_is_at_two_places_at_once_and_a_second_tap_changes_nothing(app, phone):
    start = now() + timedelta(hours=30)
    sitting = await sitting_made(app, start=start)
    await sitting_made(app, start=start + timedelta(hours=1), title="同一时间的讲座")
    await books(phone)
    assert "已经报了" in await books(phone, "同一时间的讲座")
    chat = (await seats_at(app, sitting))[0]
    async with app.db.read() as session:
        own = await session.scalar(select(Chat.id))
    assert (await takes(app, own, sitting)).number == chat.number
    assert len(await seats_at(app, sitting)) == 1
    assert (await sitting_of(app, sitting)).taken == 1
    await phone.types("培训与活动")
    await phone.presses("我报的")
    assert "您报上了" in (await phone.presses(TITLE))[-1]


async def test_what_nobody_has_approved_is_shown_to_nobody_who_makes_up_its_button(app, phone):
    start = now() + timedelta(hours=30)
    async with app.db.begin() as session:
        row = await offerings.write(session, None, ENTRY, 1)
        entry = SittingEntry(start, start + timedelta(hours=1), "", 8, 0)
        draft = await sittings.add(session, row, entry, Actor(Role.ORGANISER, 1))
    assert TITLE not in str(await phone.types("培训与活动"))
    assert await presses_made_up(app, phone, str(ShowSitting(draft.id))) == ["这个按钮过时了，点菜单重来。"]
    assert TITLE not in str(await phone.hears())


async def test_what_was_moved_is_told_and_an_old_timer_rings_in_vain(app, phone):
    start = now() + timedelta(hours=48)
    sitting = await sitting_made(app, capacity=1, start=start)
    await books(phone)
    later = start + timedelta(hours=72)
    async with app.db.begin() as session:
        entry = SittingEntry(later, later + timedelta(hours=1), "三楼", 2, 0)
        await sittings.change(session, app.services, sitting, entry)
    assert "三楼" in (await phone.hears())[-1]
    assert await rings(app, "sitting", "close") == 2
    assert (await sitting_of(app, sitting)).state == SittingState.CLOSED
    assert await told(app, "明天这会儿") == 0
    with pytest.raises(Rejected):
        await takes(app, await somebody(app, 1), sitting)


async def test_the_calendar_file_opens_without_a_cookie_and_no_other_token_does(app, phone):
    sitting = await sitting_of(app, await sitting_made(app, title="急救课，第一班"))
    assert "加到手机日历" in await books(phone, "急救课")
    async with app.db.read() as session:
        link = f"{phone.url}/q/{calendar_file.token(session, sitting)}"
    async with aiohttp.ClientSession() as http:
        async with http.get(link) as answer:
            text = await answer.text()
            assert (answer.status, answer.content_type) == (200, "text/calendar")
        assert "SUMMARY:急救课，第一班" in text
        assert "\r\nEND:VCALENDAR\r\n" in text
        assert not answer.cookies
        for token in (
            link[:-1] + ("0" if link[-1] != "0" else "1"),
            link.replace("/c", "/z"),
            f"{phone.url}/q/x",
        ):
            async with http.get(token) as answer:
                assert answer.status == 404


async def test_whoever_is_forgotten_frees_their_seat_and_is_in_no_row(app, phones):
    rider, other = await phones(), await phones()
    sitting = await sitting_made(app, capacity=1)
    await books(rider)
    await books(other)
    async with app.db.begin() as session:
        chat = await session.get_one(Chat, await session.scalar(select(func.min(Chat.id))))
        held = (await data_export.of(session, chat))["bookings"]
        assert [(each["title"], each["state"]) for each in held] == [(TITLE, "seat_booked")]
        await erasure.erase(session, app.services, chat)
    assert "轮到您" in (await other.hears())[-1]
    first = (await seats_at(app, sitting))[0]
    assert (first.state, first.owner) == (SeatState.CANCELLED, bytes(16))
    async with app.db.read() as session:
        assert await session.scalar(select(Identity.body).where(Identity.alias == first.alias)) is None


async def test_ninety_days_after_the_end_nobody_knows_who_sat_there_and_after_three_years_the_row_goes(app):
    sitting = await sitting_made(app)
    seat = await takes(app, await somebody(app, 1), sitting)
    for days, owner, rows in ((89, False, 1), (94, True, 1), (1_100, True, 0)):
        with as_of(now() + timedelta(days=days)):
            async with app.db.begin() as session:
                await retention.run(session, app.services)
        found = await seats_at(app, sitting)
        assert len(found) == rows
        assert all((each.owner == bytes(16)) == owner for each in found)
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(SeatStep).where(SeatStep.seat_id == seat.id)) == 0


async def test_no_step_is_taken_that_the_table_does_not_know(app):
    sitting = await sitting_made(app)
    await takes(app, await somebody(app, 1), sitting)
    for model, state in ((Seat, "offered"), (Sitting, "done"), (Offering, "draft")):
        with pytest.raises(Exception, match=r"illegal step|held"):
            async with app.db.begin() as session:
                await session.execute(update(model).values(state=state))


async def test_who_cancels_a_sitting_says_why_and_everybody_reads_it(app, phone):
    sitting = await sitting_made(app)
    await books(phone)
    async with app.db.begin() as session:
        with pytest.raises(Rejected):
            await sittings.cancel(session, app.services, sitting, Actor(Role.ORGANISER, 1), "忙")
        await sittings.cancel(session, app.services, sitting, Actor(Role.ORGANISER, 1), "老师病了")
    assert "老师病了" in (await phone.hears())[-1]
    assert "眼下没有" in (await phone.presses("看别的"))[-1]
