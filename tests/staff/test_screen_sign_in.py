"""Signing a computer in by a code on its screen, which the linked chat sends, and a number, which it picks."""

import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import func, select, update

from bot.services.core.lifecycle import Role
from bot.services.staff import accounts, chat_links, screen_sign_in, sessions
from bot.services.staff.permissions import Grant
from bot.services.staff.screen_sign_in import Picked
from bot.services.staff.sign_in import ASKED, OFFICE
from bot.store.models import Audit, Chat, ScreenSignIn, Staff, StaffRole, StaffSession, now
from tests.support.desk import BY, Desk
from tests.support.phone import Phone

CODE = re.compile(r"/staff (\w{4} \w{4})<")
NUMBER = re.compile(r'class="match[^"]*" aria-label="(\d\d)"')
CHROME = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/120 Safari/537", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def desk(app):
    async with Desk(app, Role.COUNTER) as desk:
        yield desk


async def links(desk, phone) -> None:
    await phone.types(re.search(r"/staff \d{6}", await desk.submits("/console/chat"))[0])


async def shows_code(desk, **fields) -> tuple[str, str]:
    """Ask for a code in a browser where nobody is signed in; returns code and number as the screen has them."""
    desk.http.cookie_jar.clear(lambda each: each.key == "nuanxin_console")
    page = await desk.submits("/console/screen", headers=CHROME, **fields)
    return CODE.search(page)[1], NUMBER.search(page)[1]


async def picks(desk, phone) -> str:
    """The computer shows a code, the linked chat sends it and taps the computer's number; the code."""
    code, number = await shows_code(desk)
    await phone.types(f"/staff {code}")
    await phone.presses(number)
    return code


async def test_a_browser_that_asks_for_a_code_after_a_link_is_known_as_long_as_the_link_is_good(desk):
    desk.http.cookie_jar.clear()
    browsers = []
    for path, fields in (("/console/login", {"username": desk.username}), ("/console/screen", {})):
        await desk.submits(path, **fields)
        browsers += [each for each in desk.http.cookie_jar if each.key == "nuanxin_console_ask"]
    assert len({each.value for each in browsers}) == 1
    assert all(int(each["max-age"]) >= ASKED.total_seconds() for each in browsers)


async def test_a_code_sent_by_the_linked_chat_and_the_right_number_let_the_computer_in_once(desk, phone, app):
    await links(desk, phone)
    code, number = await shows_code(desk, next="/console/sessions")
    assert (await desk.gets("/console/screen/state")) == "shown"
    asked = (await phone.types(f"/staff {code}"))[-1]
    assert "Chrome · Windows" in asked
    assert "127.0.0.*" in asked
    assert (await desk.gets("/console/screen/state")) == "sent"
    labels = await phone.buttons()
    assert number in labels
    assert len(labels) == 4
    assert "对上了" in (await phone.presses(number))[-1]
    assert (await desk.gets("/console/screen/state")) == "approved"
    assert (await desk.submits("/console/screen/enter")).path == "/console/sessions"
    desk.http.cookie_jar.clear(lambda each: each.key == "nuanxin_console")
    assert (await desk.submits("/console/screen/enter")).path == "/console/screen"
    async with app.db.read() as session:
        rows = (await session.scalars(select(Audit).where(Audit.action == "sign_in.screen").order_by(Audit.id))).all()
        begun = await session.scalar(select(Audit).where(Audit.action == "session.begin").order_by(Audit.id.desc()))
    assert [(each.staff_id, each.denied) for each in rows] == [(desk.id, False)]
    assert begun.detail["how"] == "screen"


async def test_a_scanned_link_into_telegram_asks_for_the_number_too(desk, phone):
    await links(desk, phone)
    code, number = await shows_code(desk)
    await phone.types(f"/start staff_{code.replace(' ', '')}")
    assert number in await phone.buttons()


@pytest.mark.parametrize("pick", ["wrong", "不是我"])
async def test_a_wrong_number_or_not_me_voids_the_code_and_is_written_down(desk, phone, app, pick):
    await links(desk, phone)
    code, number = await shows_code(desk)
    await phone.types(f"/staff {code}")
    label = next(each for each in await phone.buttons() if each.isdecimal() and each != number)
    await phone.presses(label if pick == "wrong" else pick)
    page = await desk.submits("/console/screen/enter")
    assert "没有登录" in page.words
    assert "过期" in (await phone.types(f"/staff {code}"))[-1]
    async with app.db.read() as session:
        denied = await session.scalar(
            select(func.count()).where(Audit.action.startswith("sign_in.screen_"), Audit.denied)
        )
    assert denied == 1


async def test_nobody_goes_in_by_a_code_of_another_browser(app, desk, phone):
    await links(desk, phone)
    await picks(desk, phone)
    async with Desk(app, Role.COUNTER) as other:
        other.http.cookie_jar.clear()
        assert (await other.submits("/console/screen/enter")).path == "/console/screen"
        assert "码过期了" in (await other.gets("/console/screen")).words


async def test_the_chat_of_somebody_else_cannot_pick_the_number(app, desk, phone):
    await links(desk, phone)
    code, number = await shows_code(desk)
    await phone.types(f"/staff {code}")
    async with app.db.read() as session:
        row = await session.scalar(select(ScreenSignIn))
    async with Desk(app, Role.REVIEWER) as colleague, Phone(app) as theirs:
        await theirs.opens()
        await links(colleague, theirs)
        assert "过期" in (await theirs.types(f"/staff {code}"))[-1]  # It is spoken for.
        async with app.db.begin() as session:
            person = await session.get(Staff, colleague.id)
            chat = await session.get(Chat, person.chat_id)
            assert await screen_sign_in.pick(session, chat, int(number), row.id) is Picked.OVER
    assert (await desk.gets("/console/screen/state")) == "sent"


async def test_a_chat_without_an_account_hears_what_to_do_and_the_sixth_code_waits(desk, phone):
    code, _ = await shows_code(desk)
    for _ in range(5):
        assert "绑定聊天" in (await phone.types(f"/staff {code}"))[-1]
    assert "分钟" in (await phone.types(f"/staff {code}"))[-1]


async def passes(app, *, seconds: int) -> None:
    """Let a code be older by so much."""
    async with app.db.begin() as session:
        row = await session.scalar(select(ScreenSignIn))
        row.expires_at -= timedelta(seconds=seconds)


async def test_two_minutes_later_a_code_lets_nobody_in(desk, phone, app):
    await links(desk, phone)
    code = await picks(desk, phone)
    await passes(app, seconds=100)
    assert (await desk.gets("/console/screen/state")) == "approved"
    await passes(app, seconds=20)
    assert "码过期了" in (await desk.submits("/console/screen/enter")).words
    assert "过期" in (await phone.types(f"/staff {code}"))[-1]


async def ends_all(app, desk) -> None:
    async with app.db.begin() as session:
        await sessions.end(session, desk.id, BY)


async def unlinks(app, desk) -> None:
    async with app.db.begin() as session:
        await chat_links.unlink(session, await session.get(Staff, desk.id), BY, app.knowledge.texts)


async def leaves_and_comes_back(app, desk) -> None:
    for active in (False, True):
        async with app.db.begin() as session:
            await accounts.set_active(session, None, BY, await session.get(Staff, desk.id), active=active)


@pytest.mark.parametrize("happens", [ends_all, unlinks, leaves_and_comes_back])
async def test_a_code_that_was_picked_lets_nobody_in_once_sessions_the_chat_or_the_person_are_shut_out(
    desk, phone, app, happens
):
    await links(desk, phone)
    await picks(desk, phone)
    await happens(app, desk)
    assert (await desk.submits("/console/screen/enter")).path == "/console/screen"
    assert (await desk.gets("/console/redeem")).path.startswith("/console/login")


async def test_a_session_of_a_shift_ends_like_any_other(desk, phone, app):
    await links(desk, phone)
    await picks(desk, phone)
    await desk.submits("/console/screen/enter")
    await ages(app, hours=11)
    await ends_all(app, desk)
    assert (await desk.gets("/console/redeem")).path.startswith("/console/login")


async def test_a_session_of_somebody_who_was_more_than_a_counter_does_not_come_back_when_they_are_one(app, phone):
    async with Desk(app, Role.ORGANISER) as desk:
        await links(desk, phone)
        await picks(desk, phone)
        await desk.submits("/console/screen/enter")
        await ages(app, hours=1)
        async with app.db.begin() as session:
            await session.execute(update(StaffRole).where(StaffRole.staff_id == desk.id).values(role=Role.COUNTER))
            assert await sessions.live(session, desk.id) == []
        assert (await desk.gets("/console/redeem")).path.startswith("/console/login")


async def test_many_codes_from_one_address_have_to_wait(desk):
    desk.http.cookie_jar.clear()
    for _ in range(OFFICE):
        await desk.submits("/console/screen")
    page = await desk.submits("/console/screen", status=429)
    assert int(page.headers["Retry-After"]) <= 300


async def test_whoever_has_a_second_factor_still_gives_a_code_of_it(app, phone):
    async with Desk(app, Role.ADMIN) as admin:
        await links(admin, phone)
        await picks(admin, phone)
        assert (await admin.submits("/console/screen/enter")).path == "/console/second"
        async with app.db.begin() as session:
            await session.execute(update(Staff).where(Staff.id == admin.id).values(totp_step=0))
        await admin.submits("/console/second", code=pyotp.TOTP(admin.secret).now())
        assert (await admin.gets("/console/people")).path == "/console/people"


async def test_a_counter_who_scanned_stays_in_for_the_shift_unless_they_become_more_than_that(desk, phone, app):
    await links(desk, phone)
    await picks(desk, phone)
    await desk.submits("/console/screen/enter")
    await ages(app, hours=11)
    assert (await desk.gets("/console/redeem")).path == "/console/redeem"
    await ages(app, hours=11)
    async with app.db.begin() as session:
        person = await accounts.find(session, desk.username)
        await accounts.give(session, None, BY, person, Grant(Role.ORGANISER, "2101"))
    assert (await desk.gets("/console/redeem")).path.startswith("/console/login")


async def test_a_shift_ends_and_a_link_begins_none(desk, app):
    await ages(app, hours=1)
    assert (await desk.gets("/console/redeem")).path.startswith("/console/login")
    async with app.db.begin() as session:
        await session.execute(update(StaffSession).values(shift=True))
    assert (await desk.gets("/console/redeem")).path == "/console/redeem"
    await ages(app, hours=13)
    assert (await desk.gets("/console/redeem")).path.startswith("/console/login")


async def ages(app, *, hours: int) -> None:
    async with app.db.begin() as session:
        at = now() - timedelta(hours=hours)
        await session.execute(update(StaffSession).values(created_at=at, seen_at=at))


async def test_looking_at_the_page_leaves_nothing_behind_and_has_no_picture(desk, app):
    desk.http.cookie_jar.clear()
    await desk.gets("/console/screen")
    await desk.gets("/console/screen/picture.svg?in=web", status=404)
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(ScreenSignIn)) == 0
    await desk.submits("/console/screen")
    assert "<svg" in await desk.gets("/console/screen/picture.svg?in=web")
    await desk.gets("/console/screen/picture.svg?in=telegram", status=404)
