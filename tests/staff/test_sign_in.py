"""Signing in: links by chat, Mini Apps, the second factor, sessions, and what holds for every answer."""

import json
import re
import time
from datetime import timedelta
from urllib.parse import parse_qs

import aiohttp
import pyotp
import pytest
from sqlalchemy import func, select, update

from bot.channels.web import mini_app
from bot.queue import jobs
from bot.services.core.lifecycle import Role
from bot.services.staff import accounts, sign_in
from bot.services.staff.permissions import RIGHTS
from bot.store.models import Chat, Outbox, SignInLink, Staff, StaffSession, now
from tests.support.desk import BY, OURS, Desk, hidden

SECRET = re.compile(r'class="secret"[^>]*>([A-Z2-7 ]+)<')
LINK = re.compile(r"https?://\S+?/console/enter/([\w-]{43})")


@pytest.fixture
async def desk(app):
    """Whoever needs no second factor, signed in."""
    async with Desk(app, Role.COUNTER) as desk:
        yield desk


@pytest.fixture
async def linked(desk, phone):
    """The same, whose chat is linked by the digits that the console shows."""
    page = await desk.submits("/console/chat")
    [said] = await phone.types(re.search(r"/staff \d{6}", page)[0])
    assert said.startswith(f"绑好了，{desk.name}")
    return desk


async def asks(desk, phone, username=None, **fields) -> str:
    """Ask for a link in a browser where nobody is signed in; returns its token as the chat shows it."""
    await phone.hears()
    desk.http.cookie_jar.clear(lambda each: each.key == "nuanxin_console")
    page = await desk.submits("/console/login", username=username or desk.username, **fields)
    assert page.path == "/console/sent"
    said = await phone.hears()
    return LINK.search(said[-1])[1] if said else ""


async def test_a_link_asked_for_comes_by_chat_and_signs_in_by_one_press(linked, phone):
    token = await asks(linked, phone)
    page = await linked.gets(f"/console/enter/{token}")
    assert "点一下就进去" in page
    assert (await linked.submits(f"/console/enter/{token}")).path == "/console"


async def test_looking_at_a_link_uses_nothing_up(linked, phone, app):
    token = await asks(linked, phone)
    for _ in range(3):
        await linked.gets(f"/console/enter/{token}")
    async with app.db.read() as session:
        used = await session.scalar(select(SignInLink.used_at).where(SignInLink.token == sign_in.hashed(token)))
    assert used is None


async def test_a_link_works_once(linked, phone):
    token = await asks(linked, phone)
    await linked.submits(f"/console/enter/{token}")
    linked.http.cookie_jar.clear(lambda each: each.key == "nuanxin_console")
    assert "重新要一个" in await linked.submits(f"/console/enter/{token}", status=410)


async def test_a_link_is_over_after_fifteen_minutes(linked, phone, app):
    token = await asks(linked, phone)
    async with app.db.begin() as session:
        link = await session.scalar(select(SignInLink).where(SignInLink.token == sign_in.hashed(token)))
        assert abs(link.expires_at - link.created_at - timedelta(minutes=15)) < timedelta(seconds=1)
        link.expires_at = now()
    assert "过期" in await linked.gets(f"/console/enter/{token}", status=410)
    assert "过期" in await linked.submits(f"/console/enter/{token}", status=410)


async def test_a_link_is_good_only_in_the_browser_that_asked(linked, phone, app):
    token = await asks(linked, phone)
    async with (
        aiohttp.ClientSession() as thief,
        thief.post(f"{linked.url}/console/enter/{token}", headers=OURS) as answer,
    ):
        assert answer.status == 410
        assert "换回原来的浏览器" in await answer.text()
    assert (await linked.submits(f"/console/enter/{token}")).path == "/console"


async def test_no_token_stands_in_the_database_and_the_message_shows_no_preview(linked, phone, app):
    token = await asks(linked, phone)
    async with app.db.read() as session:
        assert token.encode() not in b"".join((await session.scalars(select(SignInLink.token))).all())
        sent = await session.scalars(select(Outbox.payload).where(Outbox.state == "sent"))
        assert token not in str(sent.all())
    call = next(each for each in reversed(app.web_chat.calls) if token in str(each.parameters))
    assert call.parameters["link_preview_options"] == {"is_disabled": True}


async def test_an_unknown_name_a_name_without_chat_and_a_known_one_are_answered_alike(linked, app, phone):
    async with Desk(app) as other:
        answers = []
        for name in (linked.username, other.username, "nobody.at.all"):
            other.http.cookie_jar.clear()
            sent = {"username": name}
            async with other.http.post(
                f"{other.url}/console/login", data=sent, headers=OURS, allow_redirects=False
            ) as answer:
                fixed = {
                    name: value
                    for name, value in answer.headers.items()
                    if name.lower() not in ("date", "x-request-id")
                }
                fixed["Set-Cookie"] = re.sub(r"=[\w-]{43};", "=...;", fixed["Set-Cookie"])
                fixed["Set-Cookie"] = re.sub(r"expires=[^;]+;", "", fixed["Set-Cookie"])
                answers.append((answer.status, fixed, await answer.text()))
            async with app.db.read() as session:
                assert await session.scalar(select(func.count()).where(Outbox.kind == jobs.SIGN_IN.kind)) == len(
                    answers
                )
        assert answers[0] == answers[1] == answers[2]
        await app.settled()
        assert len([each for each in await phone.messages() if LINK.search(str(each.get("text")))]) == 1


async def test_the_sixth_request_for_a_name_has_to_wait(desk):
    desk.http.cookie_jar.clear()
    for _ in range(5):
        await desk.submits("/console/login", username="somebody")
    page = await desk.submits("/console/login", username="somebody", status=429)
    assert "5 分钟" in page.words
    assert int(page.headers["Retry-After"]) <= 300


async def test_the_page_one_wanted_comes_after_signing_in_and_no_other_site(linked, phone):
    token = await asks(linked, phone, next="/console/sessions")
    assert (await linked.submits(f"/console/enter/{token}")).path == "/console/sessions"
    for elsewhere in ("https://evil.example/", "//evil.example", "/console/\\evil.example", "/console//evil"):
        token = await asks(linked, phone, next=elsewhere)
        assert (await linked.submits(f"/console/enter/{token}")).path == "/console"


async def test_a_long_address_is_still_wanted_after_a_link_and_a_code(app, phone):
    """Such as the filter of a list, which stands in the address of what was opened from it."""
    wanted = "/console/appeals?" + "&".join(f"x{number}=%E5%B7%A5%E8%B5%84" for number in range(80))
    async with Desk(app, Role.ADMIN) as admin:
        await phone.types(re.search(r"/staff \d{6}", await admin.submits("/console/chat"))[0])
        admin.http.cookie_jar.clear()
        door = await admin.gets(wanted)
        assert door.path.startswith("/console/login?next=")
        token = await asks(admin, phone, next=hidden(door, "/console/login")["next"])
        question = await admin.submits(f"/console/enter/{token}")
        assert question.path.startswith("/console/second?next=")
        wrong = await admin.submits("/console/second", code="000000", status=422)
        assert hidden(wrong, "/console/second")["next"] == wanted
        await rewinds(app, admin)
        assert (await admin.submits("/console/second", code=pyotp.TOTP(admin.secret).now())).path == wanted


@pytest.mark.parametrize("longer", ["/console/appeals?q=" + "x" * 4_000, "/console/appeals?q=" + "%E5" * 2_000])
async def test_an_address_that_no_other_could_hold_is_forgotten_and_the_door_still_opens(desk, longer):
    desk.http.cookie_jar.clear()
    assert (await desk.gets(longer)).path == "/console/login"


async def test_wrong_digits_link_no_chat_and_the_sixth_attempt_waits(desk, phone):
    await desk.submits("/console/chat")
    for _ in range(5):
        assert "不对" in (await phone.types("/staff 000000"))[-1]
    assert "分钟" in (await phone.types("/staff 000000"))[-1]


async def test_a_chat_that_was_linked_is_told_when_it_is_no_longer_which_takes_a_fresh_code(app, phone):
    async with Desk(app, Role.ADMIN) as admin:
        await phone.types(re.search(r"/staff \d{6}", await admin.submits("/console/chat"))[0])
        async with app.db.begin() as session:
            await session.execute(update(StaffSession).values(elevated_until=None))
        for path in ("/console/chat", "/console/chat/unlink"):
            assert "再确认一次" in await admin.submits(path, status=401)
        assert await phone.hears() == []
        await rewinds(app, admin)
        await admin.submits("/console/chat/unlink", _code=pyotp.TOTP(admin.secret).now())
        assert "不再发到这里" in (await phone.hears())[-1]


async def test_a_second_factor_is_set_up_only_with_the_digits_that_came_to_the_linked_chat(linked, phone, app):
    await linked.submits("/console/chat", status=409)  # another chat needs a code, and a code a second factor
    page = await linked.gets("/console/enrol")
    secret = SECRET.search(page)[1].replace(" ", "")
    [said] = [each for each in await phone.hears() if "二次验证" in each]
    code = re.search(r"\b\d{6}\b", said)[0]
    other = f"{(int(code) + 1) % 10**6:06}"
    for wrong in ("", other):
        page = await linked.submits("/console/enrol", code=pyotp.TOTP(secret).now(), chat_code=wrong, status=422)
        assert "聊天里的 6 位数字不对" in page.words
    page = await linked.submits("/console/enrol", code=pyotp.TOTP(secret).now(), chat_code=code)
    assert "恢复码" in page.words
    async with app.db.read() as session:
        assert await session.scalar(select(Staff.totp).where(Staff.id == linked.id)) is not None


OPENS_NAMES = [role for role, rights in RIGHTS.items() if any(each.endswith(".unmask") for each in rights)]


@pytest.mark.parametrize("role", OPENS_NAMES)
async def test_whoever_may_open_a_name_gets_nowhere_without_a_second_factor(app, role):
    async with Desk(app, role, second=False) as desk:
        for path in ("/console", "/console/chat", "/console/sessions"):
            assert (await desk.gets(path)).path == "/console/enrol"


async def test_who_has_no_chat_links_one_before_a_second_factor_is_set_up(app, phone):
    async with Desk(app, Role.HANDLER, second=False) as handler:
        page = await handler.gets("/console/enrol")
        assert '<a href="/chat" target="_blank" rel="noopener">聊天页</a>里的机器人' in page
        assert "先绑定聊天" in page.words
        assert not SECRET.search(page)
        await handler.gets("/console/enrol/picture.svg", status=404)
        assert "先绑定聊天" in (await handler.submits("/console/enrol", code="123456", chat_code="123456")).words
        assert "恢复码" in (await handler.enrols(phone)).words
        assert (await handler.gets("/console/appeals")).path == "/console/appeals"


async def test_a_chat_that_shut_the_bot_out_confirms_nothing(linked, app):
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(blocked_at=now()))
    page = await linked.gets("/console/enrol")
    assert "先绑定聊天" in page.words
    assert not SECRET.search(page)


async def test_a_mini_app_signs_in_whose_chat_it_is_and_no_signature_is_good_twice(linked, phone):
    data = await opens_app(phone)
    linked.http.cookie_jar.clear()
    await linked.submits("/console/webapp", init_data=data.replace("first_name", "last_name"), status=403)
    assert (await linked.submits("/console/webapp", init_data=data)).path == "/console"
    linked.http.cookie_jar.clear()
    first, *others = data.split("&")
    again = (data, "&".join([*others, first]), data.replace("user=", "%75ser="), f"{data}&")
    for same in again:  # in another order, in other writing
        await linked.submits("/console/webapp", init_data=same, status=403)


async def test_a_mini_app_of_a_stranger_signs_nobody_in(desk, phone):
    await phone.types("/start")
    desk.http.cookie_jar.clear()
    for data in (await opens_app(phone), "", "hash=", "a=b&hash=" + "0" * 64, "%zz", "user=1&user=2&hash=1"):
        assert "没能认出您" in await desk.submits("/console/webapp", init_data=data, status=403)


async def test_what_a_mini_app_brings_is_good_for_ten_minutes_only(linked, phone, app):
    query = parse_qs(await opens_app(phone))
    number, token = json.loads(query["user"][0])["id"], app.web_chat.shared.bots.token
    linked.http.cookie_jar.clear()
    for minutes in (11, -2):
        old = mini_app.init_data(token, number, "谁", time.time() - minutes * 60)
        await linked.submits("/console/webapp", init_data=old, status=403)
    fresh = mini_app.init_data(token, number, "谁", time.time() - 9 * 60)
    assert (await linked.submits("/console/webapp", init_data=fresh)).path == "/console"


async def opens_app(phone) -> str:
    """The initData that the chat puts behind the address of the app."""
    query = {"path": "/console/webapp"}
    async with phone.http.get(f"{phone.url}/chat/app", params=query, allow_redirects=False) as answer:
        place, _, behind = answer.headers["Location"].partition("#")
    assert place == "/console/webapp"
    return parse_qs(behind)["tgWebAppData"][0]


async def test_an_administrator_gives_a_code_after_the_link_and_no_code_is_good_twice(app):
    async with Desk(app, Role.ADMIN) as admin:
        await rewinds(app, admin)
        token = await invited(app, admin)
        assert (await admin.submits(f"/console/enter/{token}")).path == "/console/second"
        assert (await admin.gets("/console/people")).path == "/console/second?next=/console/people"
        await admin.submits("/console/second", code="000000", status=422)
        code = pyotp.TOTP(admin.secret).now()
        assert (await admin.submits("/console/second", code=code)).path == "/console/people"
        token = await invited(app, admin)
        await admin.submits(f"/console/enter/{token}")
        await admin.submits("/console/second", code=code, status=422)


async def test_a_recovery_code_stands_in_for_the_phone_once(app, phone):
    async with Desk(app, Role.AUDITOR, district="", second=False) as auditor:
        codes = re.findall(r"<code>(\w{5}-\w{5})</code>", await auditor.enrols(phone))
        assert len(codes) == 10
        for expected in ("/console", "/console/second"):
            await auditor.submits(f"/console/enter/{await invited(app, auditor)}")
            given = codes[0].lower().replace("-", " ")
            page = await auditor.submits("/console/second", code=given, status=None)
            assert page.path == expected
        page = await auditor.submits("/console/second", code=codes[1])
        assert "恢复码还剩 8 个" in page.words


async def test_the_sixth_wrong_code_waits_even_when_it_is_right(app):
    async with Desk(app, Role.ADMIN) as admin:
        await rewinds(app, admin)
        await admin.submits(f"/console/enter/{await invited(app, admin)}")
        for _ in range(5):
            await admin.submits("/console/second", code="000000", status=422)
        right = pyotp.TOTP(admin.secret).now()
        assert "5 分钟" in (await admin.submits("/console/second", code=right, status=422)).words


async def test_a_link_alone_does_not_replace_a_second_factor(app):
    async with Desk(app, Role.ADMIN) as admin:
        await admin.submits(f"/console/enter/{await invited(app, admin)}")
        await admin.gets("/console/enrol", status=403)
        await admin.submits("/console/enrol", code="123456", status=403)


async def test_a_role_is_changed_only_after_a_fresh_code_and_what_was_chosen_is_kept(app):
    async with Desk(app, Role.ADMIN) as admin, Desk(app, None) as colleague:
        await rewinds(app, admin)
        async with app.db.begin() as session:
            await session.execute(update(StaffSession).values(elevated_until=None))
        path = f"/console/people/{colleague.id}/give"
        page = await admin.submits(path, role="organiser", district="2101", status=401)
        assert "再确认一次" in page
        page = await admin.submits(path, _code="000000", status=422)
        page = await admin.submits(path, _code=pyotp.TOTP(admin.secret).now())
        assert "组织员" in page.words
        await admin.submits(path, role="reviewer", district="2101")  # fresh for five minutes


async def test_a_page_kept_typed_through_an_expired_session(desk, app):
    async with Desk(app, Role.ADMIN) as admin:
        async with app.db.begin() as session:
            await session.execute(update(StaffSession).values(seen_at=now() - timedelta(minutes=31)))
        name = "一位名字很长的新同事，写了半天，可不能因为过期就丢掉了"
        page = await admin.submits("/console/people", name=name, status=401)
        assert name in page
        assert "重新提交" in page


@pytest.mark.parametrize(
    ("column", "age", "alive"),
    [
        ("seen_at", timedelta(minutes=29), True),
        ("seen_at", timedelta(minutes=30, seconds=1), False),
        ("created_at", timedelta(hours=7, minutes=59), True),
        ("created_at", timedelta(hours=8, seconds=1), False),
    ],
)
async def test_a_session_ends_when_it_is_idle_or_old(desk, app, column, age, alive):
    async with app.db.begin() as session:
        await session.execute(update(StaffSession).values({column: now() - age}))
    assert ((await desk.gets("/console")).path == "/console") == alive


async def test_what_a_page_asks_by_itself_keeps_no_session_alive(desk, app):
    async with app.db.begin() as session:
        await session.execute(update(StaffSession).values(seen_at=now() - timedelta(minutes=20)))
    async with desk.http.get(f"{desk.url}/console", headers={"X-Background": "1"}) as answer:
        assert answer.status == 200
    assert await age_of_session(app) > timedelta(minutes=19)
    await desk.gets("/console")
    assert await age_of_session(app) < timedelta(minutes=1)


async def age_of_session(app) -> timedelta:
    async with app.db.read() as session:
        return now() - await session.scalar(select(StaffSession.seen_at))


async def test_one_sees_where_one_is_signed_in_and_ends_it(app, desk):
    async with Desk(app) as other:
        async with app.db.read() as session:
            numbers = dict((await session.execute(select(StaffSession.staff_id, StaffSession.id))).all())
        await other.submits("/console/sessions/end", session=numbers[desk.id])  # somebody else's: nothing ends
        assert (await desk.gets("/console")).path == "/console"
        await desk.submits("/console/sessions/end-all")
        assert (await desk.gets("/console")).path == "/console/login"
        assert (await other.gets("/console")).path == "/console"


async def test_who_is_shut_out_is_out_at_the_next_request(app, desk):
    async with Desk(app, Role.ADMIN) as admin:
        await admin.submits(f"/console/people/{desk.id}/active", active="0")
    assert (await desk.gets("/console")).path == "/console/login"


async def test_a_role_that_was_taken_is_gone_at_the_next_request(app):
    async with Desk(app, Role.ADMIN) as admin, Desk(app, Role.SYSTEM_ADMIN, district="") as system:
        await admin.gets("/console/people")
        page = await system.gets(f"/console/people/{admin.id}")
        role = re.search(r'name="role" value="(\d+)"', page)[1]
        await system.submits(f"/console/people/{admin.id}/take", role=role)
        await admin.gets("/console/people", status=403)


async def test_the_cookie_is_opaque_changes_at_sign_in_and_is_kept_from_scripts(desk, app):
    [cookie] = [each for each in desk.http.cookie_jar if each.key == "nuanxin_console"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/console"
    async with app.db.read() as session:
        assert cookie.value.encode() not in (await session.scalars(select(StaffSession.key))).all()
    await desk.submits(f"/console/enter/{await invited(app, desk)}")
    [renewed] = [each for each in desk.http.cookie_jar if each.key == "nuanxin_console"]
    assert renewed.value != cookie.value
    async with (
        aiohttp.ClientSession(cookies={"nuanxin_console": cookie.value}) as thief,
        thief.get(f"{desk.url}/console", allow_redirects=False) as answer,
    ):
        assert answer.status == 303  # the old cookie is worth nothing


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {"X-Nothing": "1"},
    ],
    ids=str,
)
async def test_another_site_cannot_post(desk, headers):
    page = await desk.submits("/console/sessions/end-all", headers=headers, status=403)
    assert "没有执行" in page
    assert (await desk.gets("/console")).path == "/console"


async def test_a_form_handed_in_twice_does_its_work_once(app):
    async with Desk(app, Role.ADMIN) as admin:
        await admin.gets("/console/people")
        sent = {"_key": "the-same", "name": "王芳", "username": "wang.fang", "role": "organiser", "district": "2101"}
        await admin.submits("/console/people", **sent)
        page = await admin.submits("/console/people", **sent)
        assert page.path.startswith("/console/people/")
        async with app.db.read() as session:
            assert await session.scalar(select(func.count()).where(Staff.username == "wang.fang")) == 1


async def test_every_answer_is_framed_by_nobody_kept_by_nobody_and_runs_no_script_of_others(desk):
    for path, status in (
        ("/console", 200),
        ("/console/login", 200),
        ("/console/nothing", 404),
        ("/console/audit", 403),
    ):
        headers = (await desk.gets(path, status=status)).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Frame-Options"] == "DENY"
        policy = dict(each.strip().partition(" ")[::2] for each in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert "Strict-Transport-Security" not in headers  # plain HTTP, on this machine


async def test_behind_a_proxy_with_https_cookies_are_secure_and_browsers_stay_with_it(desk, app):
    headers = {**OURS, "X-Forwarded-Proto": "https"}
    token = await invited(app, desk)
    async with desk.http.post(f"{desk.url}/console/enter/{token}", headers=headers, allow_redirects=False) as answer:
        assert "Secure" in answer.headers["Set-Cookie"]
        assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


async def test_no_page_holds_a_script_or_a_style_of_its_own(desk):
    for path in ("/console", "/console/login", "/console/sessions", "/console/chat", "/console/enrol"):
        page = await desk.gets(path)
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page), path
        assert not re.search(r'(?:src|href|action)="(?!/console|/chat"|#)', page), path


async def invited(app, desk) -> str:
    async with app.db.begin() as session:
        return await sign_in.invite(session, BY, await accounts.find(session, desk.username))


async def rewinds(app, desk) -> None:
    """As if the last code had been used a minute ago."""
    async with app.db.begin() as session:
        await session.execute(update(Staff).where(Staff.id == desk.id).values(totp_step=Staff.totp_step - 2))
