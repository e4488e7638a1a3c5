"""Who came: the code on the screen of the room, ticks of the organiser, and what follows for who did not."""

from datetime import timedelta

import aiohttp
import pytest
import time_machine
from sqlalchemy import func, select

from bot.services.bookings import attendance
from bot.services.bookings.attendance import CheckedIn
from bot.services.bookings.states import SeatState, SittingState
from bot.services.core.lifecycle import Actor, Role
from bot.services.points import ledger
from bot.store.base import as_of
from bot.store.models import Chat, PointsEntry, Seat, Sitting, now
from tests.support.bookings import books, rings, seats_at, sitting_made, sitting_of, somebody, takes

ORGANISER = Actor(Role.ORGANISER, 1)


async def code_of(app, sitting: int, moment) -> str:
    async with app.db.read() as session:
        with as_of(moment):
            return attendance.code(session, await session.get_one(Sitting, sitting))


async def scans(app, chat_id: int, token: str, moment) -> CheckedIn:
    async with app.db.begin() as session:
        with as_of(moment):
            return (await attendance.check_in(session, await session.get_one(Chat, chat_id), token))[0]


async def over(app, *, came: bool, person: int, days: float, **more: object) -> Seat:
    """A sitting that somebody booked, which begins in so many days and ends with or without them."""
    sitting = await sitting_made(app, hours=24 * days, **more)
    seat = await takes(app, person, sitting)
    row = await sitting_of(app, sitting)
    await rings(app, "sitting", "close", twice=False)
    if came:
        assert await scans(app, person, await code_of(app, sitting, row.start_at), row.start_at) is CheckedIn.IN
    await rings(app, "sitting", "finish")
    return next(each for each in await seats_at(app, sitting) if each.id == seat.id)


async def test_the_code_on_the_screen_a_minute_ago_does_not_check_anybody_in_sent_to_a_friend_at_home_it_asks_for_the_room(
    app, phone, organiser
):
    start = now() + timedelta(hours=3)
    sitting = await sitting_made(app, start=start)
    await books(phone)
    page = await organiser.gets(f"/console/sittings/{sitting}/screen")
    assert "<svg" in page
    assert page.headers["Refresh"] == "15"
    with time_machine.travel(start):
        token = await code_of(app, sitting, start)
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{phone.url}/q/{token}") as answer:
                assert answer.status == 200
                assert f"/chat#here={token}" in await answer.text()
            async with http.get(
                f"{phone.url}/q/{await code_of(app, sitting, start - timedelta(seconds=61))}"
            ) as answer:
                assert answer.status == 410
                assert "屏幕上" in await answer.text()
        old = await code_of(app, sitting, start - timedelta(seconds=61))
        assert "屏幕上" in "".join(await phone.types(f"/here {old}"))
        assert "签到好了" in "".join(await phone.types(f"/here {token}"))
        assert "签过到" in (await phone.types(f"/here {token}"))[-1]
    friend = await somebody(app, 1)
    assert await scans(app, friend, token, start + timedelta(seconds=61)) is CheckedIn.STALE
    assert await scans(app, friend, token, start) is CheckedIn.NO_SEAT
    assert [each.state for each in await seats_at(app, sitting)] == [SeatState.ATTENDED]


async def test_who_is_too_early_or_half_an_hour_late_is_not_checked_in_by_a_code(app):
    start = now() + timedelta(hours=30)
    sitting, person = await sitting_made(app, start=start), await somebody(app, 1)
    await takes(app, person, sitting)
    for minutes, became in ((-61, CheckedIn.EARLY), (31, CheckedIn.LATE), (0, CheckedIn.IN)):
        moment = start + timedelta(minutes=minutes)
        assert await scans(app, person, await code_of(app, sitting, moment), moment) is became


async def test_who_did_not_come_twice_in_ninety_days_stands_in_line_for_thirty_until_the_organiser_lifts_it(app):
    person = await somebody(app, 1)
    first = await over(app, came=False, person=person, days=2)
    second = await over(app, came=False, person=person, days=37)
    assert [first.state, second.state] == [SeatState.ABSENT, SeatState.ABSENT]
    with as_of(now() + timedelta(days=80)):
        async with app.db.read() as session:
            assert not await attendance.is_barred(session, person)
    with as_of(now() + timedelta(days=42)):
        sitting = await sitting_made(app, capacity=1)
        waiting = await takes(app, person, sitting)
        assert (waiting.state, (await sitting_of(app, sitting)).taken) == (SeatState.WAITING, 0)
        assert (await takes(app, person, sitting)).state == SeatState.WAITING  # Pressing again is no way around it.
        assert await rings(app, "sitting", "remind24") >= 1
        assert [each.state for each in await seats_at(app, sitting)] == [SeatState.OFFERED]
        async with app.db.begin() as session:
            number, excused = second.sitting_id, SeatState.CANCELLED
            await attendance.tick(session, app.services, number, second.number, excused, ORGANISER)
        free = await sitting_made(app, capacity=1, hours=90, title="电动车保养课二")
        assert (await takes(app, person, free)).state == SeatState.BOOKED


async def test_who_came_is_thanked_with_the_points_of_the_offering_once_and_says_how_it_was_without_a_name(app):
    person = await somebody(app, 1)
    seat = await over(app, came=True, person=person, days=1, points=5)
    assert (await sitting_of(app, seat.sitting_id)).state == SittingState.DONE
    async with app.db.begin() as session:
        chat = await session.get_one(Chat, person)
        assert (await ledger.account_of(session, person)).available == 5
        assert await attendance.rate(session, chat, seat.number, "good")
        assert not await attendance.rate(session, chat, seat.number, "poor")
        assert await attendance.ratings(session, seat.sitting_id) == {"good": 1}
        await attendance.tick(session, app.services, seat.sitting_id, seat.number, SeatState.ABSENT, ORGANISER)
        assert (await ledger.account_of(session, person)).available == 0
        assert await session.scalar(select(func.count()).select_from(PointsEntry)) == 2


async def test_the_organiser_ticks_who_was_there_and_corrects_it_afterwards(app, phone, organiser):
    sitting = await sitting_made(app)
    await books(phone)
    [seat] = await seats_at(app, sitting)
    path = f"/console/sittings/{sitting}"
    await organiser.gets(path)
    assert "来了 1 人" in " ".join(
        (await organiser.submits(f"{path}/tick", step="attend", seat=seat.number)).words.split()
    )
    await organiser.gets(path)
    await organiser.submits(f"{path}/tick", step="excuse", seat=seat.number, status=409)
    await organiser.submits(f"{path}/tick", step="miss", seat=seat.number)
    await organiser.gets(path)
    await organiser.submits(f"{path}/tick", step="excuse", seat=seat.number)
    assert [each.state for each in await seats_at(app, sitting)] == [SeatState.CANCELLED]


@pytest.mark.parametrize("change", ["0", "s", "-"])
async def test_no_altered_code_is_taken(app, change):
    start = now() + timedelta(hours=3)
    sitting, person = await sitting_made(app, start=start), await somebody(app, 1)
    await takes(app, person, sitting)
    token = await code_of(app, sitting, start)
    for at in range(len(token)):
        altered = token[:at] + change + token[at + 1 :]
        if altered != token:
            assert await scans(app, person, altered, start) in (CheckedIn.STALE, CheckedIn.NO_SEAT)
