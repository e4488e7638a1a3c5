"""A closed page rings: once for each piece of news, without a word of it, and only for who asked for it."""

import asyncio
import base64
import re
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select, update

from bot.app import Application
from bot.queue import jobs
from bot.services.appeals.states import AppealState
from bot.services.chats import rings
from bot.services.core.lifecycle import Role
from bot.services.privacy import retention
from bot.settings import Settings
from bot.store.models import Chat, Outbox, OutboxState, WebSubscription, now
from tests.chats.test_quiet_hours import asleep
from tests.conftest import hasten
from tests.notices.test_console import ring as start_notice
from tests.notices.test_console import write
from tests.support.appeals import STORY, case_of, filed
from tests.support.desk import Desk
from tests.support.phone import MARK, Phone
from tests.support.push_service import PushService, opened, vouched
from tests.support.web_driver import eventually

CONTACT = "mailto:it@example.gov.cn"


@pytest.fixture
async def service():
    async with PushService() as service:
        yield service


@pytest.fixture
def settings(settings, service):
    return settings.model_copy(update={"push_contact": CONTACT, "push_services": f"{service.origin} push.example.com"})


@pytest.fixture
async def handler(app):
    async with Desk(app, Role.HANDLER, agency="labour", second=True) as desk:
        yield desk


async def key_of(phone) -> str:
    async with phone.http.get(f"{phone.url}/chat") as response:
        return re.search(r'data-push="([^"]*)"', await response.text())[1]


async def posts(phone, path: str, body) -> tuple[int, dict]:
    async with phone.http.post(phone.url + path, json=body, headers=MARK) as response:
        return response.status, await response.json()


async def case(app, phone) -> str:
    """Somebody's own case, about which nothing is news yet."""
    await phone.types("/start")
    async with app.db.read() as session:
        chat = await session.scalar(select(func.max(Chat.id)))
    number = await filed(app, AppealState.ASSIGNED, chat=chat)
    await phone.hears()
    return number


async def allows(phone, browser) -> None:
    status, answer = await posts(phone, "/chat/push", browser.subscription)
    assert (status, answer) == (200, {"rings": True})


async def begins(handler, number: str) -> None:
    path = f"/console/appeals/{number}"
    await handler.gets(path)
    await handler.submits(f"{path}/begin", version=(await case_of(handler.app, number)).version)
    await handler.settled()


async def moments_pass(app) -> None:
    """The seconds in which an open page shows the message itself are over."""
    async with app.db.begin() as session:
        waiting = update(Outbox).where(Outbox.kind == jobs.RING.kind, Outbox.state == OutboxState.WAITING)
        await session.execute(waiting.values(due_at=now()))
    await app.settled()


async def rows(app) -> list[tuple[str, str]]:
    async with app.db.read() as session:
        found = select(Outbox.state, Outbox.why).where(Outbox.kind == jobs.RING.kind).order_by(Outbox.id)
        return [tuple(each) for each in await session.execute(found)]


async def kept(app) -> int:
    async with app.db.read() as session:
        return await session.scalar(select(func.count()).select_from(WebSubscription))


async def sent(app, organiser, approver) -> str:
    """A notice that has reached one person of 沈阳; its address."""
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(region="2101"))
    path = await write(organiser)
    await organiser.submits(f"{path}/submit")
    await approver.gets(path)
    await approver.submits(f"{path}/approve", count=1)
    await start_notice(app)
    await moments_pass(app)
    return path


async def test_progress_of_a_case_rings_a_closed_page_once_without_a_word_of_it(app, phone, handler, service):
    number, browser = await case(app, phone), service.browser()
    await allows(phone, browser)
    await begins(handler, number)
    assert service.came == []  # An open page would show it by itself.
    await moments_pass(app)
    await moments_pass(app)
    [(path, headers, body)] = service.came
    told = browser.opened(body)
    assert path == "/send/one"
    assert told == {"title": "暖新", "body": "有新消息，点开看看", "open": "/chat"}
    claims = vouched(headers["Authorization"], await key_of(phone))
    assert (claims["aud"], claims["sub"]) == (service.origin, CONTACT)
    assert (headers["TTL"], headers["Topic"], headers["Content-Encoding"]) == ("86400", "news", "aes128gcm")
    everything = f"{path} {headers} {told}"
    for secret in (number, STORY[:6], "欠薪", "有人在办", "王小明"):
        assert secret not in everything


async def test_answers_to_what_somebody_does_themselves_do_not_ring(app, phone, service):
    await phone.types("/start")
    await allows(phone, service.browser())
    await phone.types("/appeal", "/help", "入职要押金可以吗")
    await moments_pass(app)
    assert await rows(app) == []


async def test_a_notice_somebody_agreed_to_rings_and_its_correction_does_not(app, phone, organiser, approver, service):
    await phone.types("/start")
    browser = service.browser()
    await allows(phone, browser)
    path = await sent(app, organiser, approver)
    [(_, _, body)] = service.came
    assert "体检" not in str(browser.opened(body))
    again = (await organiser.submits(f"{path}/correct", title="免费体检", text="改到周日上午")).path.partition("?")[0]
    await approver.gets(again)
    await approver.submits(f"{again}/approve", count=1)
    await start_notice(app)
    assert any("改到周日" in said for said in await phone.hears())
    await moments_pass(app)
    assert len(service.came) == 1


async def test_who_turned_notices_off_is_not_rung_for_them(app, phone, phones, organiser, approver, service):
    await phone.types("/start")
    await allows(phone, service.browser("off"))
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(service_notices=False))
    other = await phones()
    await other.types("/start")
    await allows(other, service.browser("on"))
    await sent(app, organiser, approver)
    assert [path for path, _, _ in service.came] == ["/send/on"]


async def test_a_ring_waits_until_the_quiet_hours_of_its_person_are_over(app, phone, handler, service):
    number = await case(app, phone)
    await allows(phone, service.browser())
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(quiet=asleep()[0]))
    await begins(handler, number)
    async with app.db.read() as session:
        kinds = Outbox.state == OutboxState.WAITING, Outbox.kind.in_(["web", jobs.RING.kind])
        found = (await session.execute(select(Outbox.kind, Outbox.due_at).where(*kinds))).all()
    waiting = {each.kind: each.due_at for each in found}
    assert waiting["web"] > now() + timedelta(minutes=1)
    assert waiting["ring"] - waiting["web"] == rings.HEAD
    assert service.came == []


async def listens(app) -> bool:
    return bool(app.web_chat.shared.wakeups.ids("conversation"))


async def polls(phone, after: int, **more):
    """The page's question that stays open until something happens."""
    async with phone.http.get(f"{phone.url}/chat/events", params={"after": after, **more}) as response:
        return await response.json()


@pytest.mark.parametrize(("more", "rung"), [({}, 0), ({"hidden": 1}, 1)], ids=["looked at", "in the background"])
async def test_a_page_that_is_looked_at_and_has_shown_the_news_is_not_rung(app, phone, handler, service, more, rung):
    number = await case(app, phone)
    await allows(phone, service.browser())
    event = (await polls(phone, 0))["event"]
    page = asyncio.create_task(polls(phone, event, **more))
    await begins(handler, number)
    page = asyncio.create_task(polls(phone, (await page)["event"], **more))
    await eventually(lambda: listens(app))
    await moments_pass(app)
    assert len(service.came) == rung
    page.cancel()


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_forgotten(app, phone, handler, service, status):
    number = await case(app, phone)
    await allows(phone, service.browser())
    service.status = status
    await begins(handler, number)
    await moments_pass(app)
    assert await kept(app) == 0
    assert await rows(app) == [(OutboxState.SENT, "")]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_service_that_is_busy_is_asked_again_and_holds_up_no_message(app, phone, handler, service, status):
    number = await case(app, phone)
    await allows(phone, service.browser())
    service.status = status
    await begins(handler, number)
    await moments_pass(app)
    assert [state for state, _ in await rows(app)] == [OutboxState.WAITING]
    assert "您好" in "".join(await phone.types("/start"))
    service.status = 201
    await moments_pass(app)
    assert [state for state, _ in await rows(app)] == [OutboxState.SENT]


async def test_no_redirection_is_followed(app, phone, handler, service):
    number = await case(app, phone)
    await allows(phone, service.browser())
    async with PushService() as inside:
        service.elsewhere = f"{inside.origin}/secrets"
        await begins(handler, number)
        await moments_pass(app)
        assert inside.came == []
    assert (await rows(app))[0] == (OutboxState.REFUSED, "push service: 307")


ELSEWHERE = [
    "http://127.0.0.1:1/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/x",
    "http://push.example.com/x",
    "https://push.example.com:8443/x",
    "https://a@push.example.com/x",
    "https://push.example.com@10.0.0.1/x",
    "https://push.example.com.evil.example/x",
    "https://evilpush.example.com/x",
    "https://push.example.com\\@10.0.0.1/x",
    "file:///etc/passwd",
    "//push.example.com/x",
    "",
    5,
    None,
    "https://push.example.com/" + "x" * 2000,
]


async def test_a_stranger_names_no_address_but_a_push_services(app, phone, service):
    await phone.types("/start")
    for endpoint in ELSEWHERE:
        status, answer = await posts(phone, "/chat/push", service.browser().subscription | {"endpoint": endpoint})
        assert status in (400, 409), endpoint
        assert re.search("[一-鿿]", answer["error"])
    assert await kept(app) == 0


async def test_keys_that_are_none_are_refused(app, phone, service):
    await phone.types("/start")
    for keys in (None, {}, {"p256dh": "AAAA", "auth": "AAAA"}, {"p256dh": 5, "auth": []}, "x"):
        status, _ = await posts(phone, "/chat/push", service.browser().subscription | {"keys": keys})
        assert status in (400, 409), keys
    assert await kept(app) == 0


async def test_the_known_services_are_allowed_and_what_is_not_theirs_is_not(app, phone, service):
    await phone.types("/start")
    status, _ = await posts(
        phone, "/chat/push", service.browser().subscription | {"endpoint": "https://push.example.com/a"}
    )
    assert status == 200


async def test_one_person_has_a_handful_of_browsers_and_the_one_unused_longest_goes(app, phone, handler, service):
    number = await case(app, phone)
    for name in ("a", "b", "c", "d", "e", "f", "g"):
        await allows(phone, service.browser(name))
    await allows(phone, service.browser("c"))  # opened again, so that it is not the next to go
    await allows(phone, service.browser("h"))
    await posts(phone, "/chat/push", service.browser("e").subscription | {"renew": True})
    await allows(phone, service.browser("i"))
    await begins(handler, number)
    await moments_pass(app)
    assert sorted(path for path, _, _ in service.came) == [f"/send/{name}" for name in "ceghi"]


async def test_another_site_cannot_ask_and_neither_can_nobody(app, phone, phones, service):
    await phone.types("/start")
    async with phone.http.post(f"{phone.url}/chat/push", json=service.browser().subscription) as response:
        assert response.status == 403
    stranger = await phones()
    status, _ = await posts(stranger, "/chat/push", service.browser().subscription)  # has said nothing yet
    assert status == 410
    assert await kept(app) == 0


async def test_one_tap_turns_a_browser_off_and_one_turns_off_all(app, phone, phones, handler, service):
    number, other = await case(app, phone), await phones()
    first, second = service.browser("first"), service.browser("second")
    await allows(phone, first)
    await allows(phone, second)
    await posts(other, "/chat/push/stop", {"endpoint": first.endpoint})
    assert await kept(app) == 2  # Somebody else's is none of theirs.
    await posts(phone, "/chat/push/stop", {"endpoint": first.endpoint})
    await begins(handler, number)
    await moments_pass(app)
    assert [path for path, _, _ in service.came] == ["/send/second"]
    assert any("手机提醒：1 个浏览器" in each for each in await phone.types("/mydata"))
    await phone.presses("关掉手机提醒")
    assert await kept(app) == 0
    assert "关掉手机提醒" not in await phone.buttons()


async def stops(phone, browser) -> None:
    await posts(phone, "/chat/stop", {"stopped": True})


async def turns_it_off(phone, browser) -> None:
    await posts(phone, "/chat/push/stop", {"endpoint": browser.endpoint})


async def turns_all_off(phone, browser) -> None:
    await phone.types("/mydata")
    await phone.presses("关掉手机提醒")


@pytest.mark.parametrize("does", [stops, turns_it_off, turns_all_off])
async def test_what_was_queued_for_somebody_who_stops_or_turned_it_off_rings_nobody(app, phone, handler, service, does):
    number, browser = await case(app, phone), service.browser()
    await allows(phone, browser)
    await begins(handler, number)
    await does(phone, browser)
    await moments_pass(app)
    assert service.came == []


async def renews(phone, browser) -> bool:
    """What a page that was allowed to ring asks whenever it is opened."""
    status, answer = await posts(phone, "/chat/push", browser.subscription | {"renew": True})
    assert status == 200
    return answer["rings"]


async def test_a_browser_that_was_turned_off_elsewhere_stays_off(app, phone, phones, service):
    await phone.types("/start")
    browser, other = service.browser(), await phones()
    await other.types("/start")
    await allows(phone, browser)
    assert await renews(phone, browser)
    assert not await renews(other, browser)  # Whoever else writes from this browser has not asked for it.
    await turns_all_off(phone, browser)
    assert not await renews(phone, browser)
    await allows(phone, browser)
    await posts(phone, "/chat/delete", {"sure": True})
    await phone.opens()
    assert not await renews(phone, browser)
    await phone.types("/start")
    assert not await renews(phone, browser)
    assert await kept(app) == 0


async def test_browsers_go_with_the_person(app, phone, phones, service):
    await phone.types("/start")
    await allows(phone, service.browser("a"))
    await posts(phone, "/chat/delete", {"sure": True})
    assert await kept(app) == 0
    other = await phones()
    await other.types("/start")
    await allows(other, service.browser("b"))
    await other.types("/forget")
    await other.presses("删除")
    async with app.db.begin() as session:
        await session.execute(update(Outbox).where(Outbox.subject == "erasure").values(due_at=now()))
    await app.settled()
    assert await kept(app) == 0


async def test_a_browser_nobody_opens_any_more_is_forgotten_in_time(app, phone, service):
    await phone.types("/start")
    await allows(phone, service.browser())
    async with app.db.begin() as session:
        await session.execute(update(WebSubscription).values(renewed_at=now() - timedelta(days=181)))
    async with app.db.begin() as session:
        await retention.run(session, app.services)
    assert await kept(app) == 0


async def test_without_a_contact_the_page_offers_nothing_and_takes_nothing(database_url, tmp_path, knowledge, service):
    settings = Settings(var=tmp_path, database_url=database_url, port=0, search="lexical", _env_file=None)
    app = Application(settings, knowledge, demo=True)
    hasten(app)
    await app.start()
    async with Phone(app) as phone:
        await phone.opens()
        assert await key_of(phone) == ""
        await phone.types("/start")
        status, answer = await posts(phone, "/chat/push", service.browser().subscription)
        assert (status, answer["why"]) == (409, "no_push")
    await app.stop()


def test_what_browsers_open_here_is_opened_as_the_standard_has_it():
    """RFC 8291, appendix A: its message, its keys, its words."""
    key = ec.derive_private_key(int.from_bytes(_raw("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")), ec.SECP256R1())
    body = (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert opened(_raw(body), key, _raw("BTBZMqHH6r4Tts7J_aSIgg")) == b"When I grow up, I want to be a watermelon"


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
