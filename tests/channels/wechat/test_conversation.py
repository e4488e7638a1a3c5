"""Somebody in WeChat has the whole conversation: taps and numbers press, what they send arrives, the page is theirs too."""

import asyncio
import io
import re
import time
from dataclasses import replace

import aiohttp
import pytest
from PIL import Image
from sqlalchemy import event, func, select, update

from bot.channels.wechat import answering, checks, settings_of
from bot.commands import doctor
from bot.services.privacy import data_export, erasure
from bot.store.models import (
    Appeal,
    Chat,
    WebMessage,
    WebPerson,
    WebUpdate,
    WeChatAccount,
    WeChatCallback,
    WeChatLetter,
)
from tests.support import weixin as stand_in
from tests.support.phone import Phone
from tests.support.web_driver import eventually
from tests.support.weixin import BROKEN, Follower, labels


async def count(app, model) -> int:
    async with app.db.read() as session:
        return await session.scalar(select(func.count()).select_from(model))


def jpeg(size=(64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, "JPEG")
    return out.getvalue()


async def opens_page(app, weixin, openid: str, *, snapshot: bool = False, phone: Phone | None = None) -> Phone:
    """Open the page inside WeChat: out to it, and back with its code."""
    phone = phone or await Phone(app).__aenter__()
    async with phone.http.get(f"{phone.url}/wechat/enter", allow_redirects=False) as response:
        away = response.headers["Location"]
    assert away.startswith(f"{weixin.origin}/connect/oauth2/authorize?appid={stand_in.APP_ID}&redirect_uri=")
    assert away.endswith("#wechat_redirect")
    state = re.search(r"state=([A-Za-z0-9]{1,128})#", away)[1]
    code = weixin.code(openid, snapshot=snapshot)
    async with phone.http.get(f"{phone.url}/chat/wechat", params={"code": code, "state": state}) as response:
        assert (response.status, response.url.path) == (200, "/chat")
    return phone


async def test_a_question_is_answered_at_once_and_the_same_attempt_again_the_same(app, weixin, rider):
    hello = await rider.event("subscribe")
    assert "您好" in hello
    first = await rider.types("入职要押金可以吗")
    assert "押金" in first
    assert len(first.encode()) <= 2048
    fields = {"MsgType": "text", "Content": "入职要押金可以吗", "MsgId": str(rider.numbers)}
    before = await count(app, WebMessage)
    assert await rider.posts(fields) == first
    assert await count(app, WebMessage) == before


async def test_an_appeal_goes_by_taps_and_numbers_and_stands_on_the_page(app, weixin, rider):
    await rider.event("subscribe")
    await rider.types("/appeal")
    kinds = [each for each in labels(rider.said) if re.match(r"\d+ ", each)]
    assert kinds[0].startswith("1 ")
    assert any(not re.match(r"\d", each) for each in labels(rider.said))  # a way out has no number
    await rider.types("１")
    await rider.types("平台扣了我三百块，说我超时，其实是商家出餐慢")
    receipt = await rider.taps("提交")
    async with app.db.read() as session:
        number = await session.scalar(select(Appeal.number))
    assert number
    assert number in receipt
    page = await opens_page(app, weixin, rider.openid)
    assert any(number in str(each.get("text")) for each in await page.messages())
    assert await count(app, WeChatAccount) == 1
    await page.__aexit__(None, None, None)


async def test_a_number_means_what_it_meant_when_it_was_first_sent(app, rider):
    await rider.types("/appeal")
    await rider.types("1")
    asked, before = rider.said, await count(app, WebMessage)
    fields = {"MsgType": "text", "Content": "1", "MsgId": str(rider.numbers)}
    assert await rider.posts(fields) == asked
    async with app.db.begin() as session:  # As when the first attempt died before its answer was written down.
        await session.execute(update(WeChatCallback).values(letter_id=None))
    assert await rider.posts(fields) != BROKEN
    assert await count(app, WebMessage) == before


async def test_attempts_that_come_together_act_once(app, rider):
    await rider.types("/appeal")
    before = await count(app, WebMessage)
    fields = {"MsgType": "text", "Content": "1", "MsgId": "77001"}
    answers = {*await asyncio.gather(*(rider.posts(fields, tries=1) for _ in range(6)))} - {""}
    assert len(answers) == 1
    assert await count(app, WebMessage) <= before + 2
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(WeChatCallback)) == 2


async def test_a_place_is_moved_from_wechats_map_and_answered_with_stations(app, rider):
    said = await rider.sends("location", Location_X="41.805700", Location_Y="123.431500", Scale="15", Label="沈阳")
    assert re.search(r"米|公里", said)
    assert "navigation?to=" in said
    assert len(said.encode()) <= 2048
    async with app.db.read() as session:
        bodies = await session.scalars(select(WebMessage.body).where(WebMessage.mine))
        [place] = [each["location"] for each in bodies if "location" in each]
    assert 0.0005 < abs(place["longitude"] - 123.4315) < 0.01
    assert await rider.sends("location", Location_X="nan", Location_Y="9e99") != ""


async def test_a_photo_and_a_voice_are_fetched_at_once_and_once(app, weixin, rider):
    weixin.media["m1"] = "image/jpeg", jpeg()
    assert await rider.sends("image", MediaId="m1", PicUrl="http://127.0.0.1:1/never") != BROKEN
    fields = {"MsgType": "image", "MediaId": "m1", "MsgId": str(rider.numbers)}
    await rider.posts(fields)
    async with app.db.read() as session:
        bodies = [*await session.scalars(select(WebMessage.body).where(WebMessage.mine))]
    assert [("photo" in each) for each in bodies] == [True]
    assert weixin.calls.count("/cgi-bin/media/get") == 1
    weixin.media["v1"] = "voice/amr", b"#!AMR\n" + bytes(200)
    await rider.sends("voice", MediaId="v1", Format="amr")
    async with app.db.read() as session:
        bodies = [
            *await session.scalars(select(WebMessage.body).where(WebMessage.mine).order_by(WebMessage.message_id))
        ]
    assert bodies[-1]["voice"]["mime_type"] == "audio/amr"
    assert "没收到" in await rider.sends("image", MediaId="gone")
    assert "看不了" in await rider.sends("video", MediaId="x")


async def test_a_token_that_died_is_asked_for_once_more(app, weixin, rider):
    weixin.media["m1"] = "image/jpeg", jpeg()
    await rider.sends("image", MediaId="m1")
    weixin.kill_token()
    assert "没收到" not in await rider.sends("image", MediaId="m1")
    assert weixin.calls.count("/cgi-bin/stable_token") == 2


async def test_whoever_unfollows_is_forgotten_and_comes_back_as_somebody_new(app, rider):
    await rider.types("/start")
    async with app.db.read() as session:
        person = await session.scalar(select(WeChatAccount.person_id))
    assert await rider.event("unsubscribe") == ""
    await rider.event("unsubscribe")
    await app.settled()
    assert [await count(app, each) for each in (WeChatAccount, WeChatCallback, WeChatLetter, WebMessage)] == [0] * 4
    async with app.db.read() as session:
        assert (await session.scalar(select(Chat.forget_at))) is not None
        assert await session.scalar(select(WebPerson.id).where(WebPerson.deleted_at.is_not(None))) == person
    await rider.types("/start")
    async with app.db.read() as session:
        assert await session.scalar(select(WeChatAccount.person_id)) != person


async def test_whoever_is_erased_is_forgotten_in_wechat_too(app, rider):
    await rider.types("/start")
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat))
        assert (await data_export.of(session, chat))["chat"]["in_wechat"]
        await erasure.erase(session, app.services, chat)
    assert await count(app, WeChatAccount) == 0
    assert "您好" in await rider.types("/start")


async def test_the_page_inside_wechat_is_the_same_persons_and_nobody_elses(app, weixin, rider, phone):
    await rider.types("/start")
    page = await opens_page(app, weixin, rider.openid)
    assert [each["text"] for each in await page.messages() if each["mine"]] == ["/start"]
    await phone.types("/start", "公租房能申请吗")
    await opens_page(app, weixin, "oSecond-000000000000000000002", phone=phone)  # who was on the page already stays it
    assert len([each for each in await phone.messages() if each["mine"]]) == 2
    second = Follower(weixin, rider.url, "oSecond-000000000000000000002")
    assert "您好" in await second.types("/start")
    assert len([each for each in await phone.messages() if each["mine"]]) == 3
    looks = await opens_page(app, weixin, rider.openid, snapshot=True)
    assert await looks.messages() == []
    for each in (page, looks):
        await each.__aexit__(None, None, None)


async def test_nobody_is_led_into_anothers_conversation_by_a_link(app, weixin, rider, phones):
    await rider.types("/start")
    thief, victim = await phones(), await phones()
    async with thief.http.get(f"{thief.url}/wechat/enter", allow_redirects=False) as response:
        state = re.search(r"state=(\w+)#", response.headers["Location"])[1]
    calls = [{"code": weixin.code(rider.openid), "state": state}, {"code": weixin.code(rider.openid)}]
    for given in [*calls, {"code": weixin.code(rider.openid), "state": "9" * 42}, {"openid": rider.openid}]:
        async with victim.http.get(f"{victim.url}/wechat/enter", allow_redirects=False):
            pass  # They have a cookie of their own: the thief's state is none of theirs.
        async with victim.http.get(f"{victim.url}/chat/wechat", params=given) as response:
            assert response.status == 200
        assert await victim.messages() == []
    assert len(weixin.codes) == 3  # Nobody asked WeChat for them.


async def test_what_cannot_be_signed_is_refused_before_it_costs_anything(app, weixin, rider):
    plain = stand_in.xml({"FromUserName": rider.openid, "MsgType": "text", "Content": "hi", "MsgId": "1"})
    at = int(time.time())
    for instead in (
        {"signature": "0" * 40},
        {"msg_signature": "0" * 40},
        {"encrypt_type": "raw"},
        {"timestamp": "汉"},
        {"nonce": "x" * 4000},
    ):
        status, body = await stand_in.post(rider.url, plain, at, **instead)
        assert status in (400, 403), instead
        assert body == b""
    for late in (at - 3600, at + 3600):
        assert (await stand_in.post(rider.url, plain, late))[0] == 403
    bomb = (
        b'<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'
    )
    for body in (bomb, b"<xml/>", b"{}", b"\xff" * 100, stand_in.xml({"Encrypt": stand_in.encrypted(b"no xml")})):
        sealed = stand_in.ElementTree.fromstring(body).findtext("Encrypt") or "" if b"Encrypt" in body[:20] else ""
        assert (await stand_in.post_raw(rider.url, body, stand_in.query(at, sealed)))[0] == 400
    assert (await stand_in.post_raw(rider.url, b"x" * 70_000, stand_in.query(at)))[0] == 413
    assert await count(app, WeChatAccount) == await count(app, WebMessage) == 0


async def test_wechat_proves_the_address_and_the_host(app, weixin, rider, settings):
    folder = settings.var / "wechat"
    folder.mkdir()
    (folder / "MP_verify_abc.txt").write_bytes(b"abc")
    given = stand_in.query(int(time.time())) | {"echostr": "5891231231"}
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{rider.url}/wechat", params=given) as response:
            assert (response.status, await response.read()) == (200, b"5891231231")
            assert response.content_type == "text/plain"
        for wrong in (given | {"signature": "0" * 40}, given | {"echostr": "<b>"}, {}):
            async with http.get(f"{rider.url}/wechat", params=wrong) as response:
                assert response.status == 403
        for name, status in (("MP_verify_abc.txt", 200), ("MP_verify_b.txt", 404), ("MP_..%2fnuanxin.db", 404)):
            async with http.get(f"{rider.url}/{name}") as response:
                assert response.status == status, name


async def test_doctor_says_what_is_wrong_with_the_account_and_where_to_mend_it(weixin, settings, tmp_path, capsys):
    ours, folder = settings_of(settings), tmp_path / "wechat"

    async def said(known=ours, base="https://nuanxin.example.gov.cn") -> list[tuple[bool | None, str]]:
        return [each async for each in checks.findings(known, base, folder)]

    folder.mkdir()
    (folder / "MP_verify_abc.txt").write_bytes(b"abc")
    assert [well for well, _ in await said()] == [True, True, True, True]
    (folder / "MP_verify_abc.txt").unlink()
    assert (await said())[-1][0] is None
    assert (await said(base="http://127.0.0.1:1"))[-2][0] is False
    weixin.date = "Sun, 01 Nov 2026 00:00:00 GMT"
    assert "NTP" in next(line for well, line in await said() if not well)
    weixin.faults["/cgi-bin/stable_token"] = [{"errcode": 40164, "errmsg": "invalid ip 203.0.113.9, not in whitelist"}]
    well, line = (await said())[0]
    assert not well
    assert "203.0.113.9" in line
    assert "IP白名单" in line
    well, line = (await said(replace(ours, app_secret="f" * 32)))[0]
    assert not well
    assert "NUANXIN_WECHAT_APP_SECRET" in line
    assert "reachable" in (await said(replace(ours, api_url="http://127.0.0.1:1")))[0][1]
    assert await doctor.examine(settings) == 1
    assert "WeChat takes our AppID" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong", [{"token": "a" * 32}, {"token": ""}, {"aes_key": "x" * 42}, {"app_secret": "汉" * 32}]
)
def test_an_account_without_good_secrets_does_not_start(settings, wrong):
    given = settings.model_dump() | {f"wechat_{name}": value for name, value in wrong.items()}
    with pytest.raises(ValueError, match=f"NUANXIN_WECHAT_{next(iter(wrong)).upper()}"):
        type(settings)(**given, _env_file=None)


async def test_a_late_answer_keeps_wechat_waiting_no_longer_than_it_waits(app, rider, monkeypatch):
    await rider.types("/start")
    app.wechat.door.patience = 0.3
    async with app.db.begin() as session:  # Something of theirs that the bot has not heard: the answer is not whole.
        row = (await session.scalars(select(WebUpdate))).first()
        assert row is None
    app.web_chat.delivery._stopping = True
    started = time.monotonic()
    assert await rider.types("公租房能申请吗") == ""
    assert time.monotonic() - started < stand_in.PATIENCE
    app.web_chat.delivery._stopping = False


async def test_whoever_waits_is_woken_and_does_not_ask_again_and_again(app, rider, monkeypatch):
    """Every look of a hundred who wait takes from the bot what it needs to answer them."""
    asked: list[str] = []
    await rider.types("/start")
    event.listen(app.db.reader.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    app.wechat.door.patience = 1.5
    app.web_chat.delivery._stopping = True
    assert await rider.types("公租房能申请吗") == ""
    looks = [each for each in asked if "count" in each and "web_updates" in each]
    assert 1 <= len(looks) <= 3
    app.web_chat.delivery._stopping = False
    await app.settled()
    app.wechat.door.patience = 60.0
    for name in ("QUIET", "LOOK"):
        monkeypatch.setattr(answering, name, 60.0)
    fields = {"MsgType": "text", "Content": "公租房能申请吗", "MsgId": "4712"}
    assert "公租房" in await rider.posts(fields, tries=1)


async def test_an_answer_that_was_written_down_and_not_given_is_not_lost(app, rider):
    """Killed between the commit and the answer: the next attempt gets the very same one."""
    said = await rider.types("/start")
    await eventually(lambda: was_given(app))
    async with app.db.begin() as session:
        await session.execute(update(WeChatLetter).values(sent_at=None))
    fields = {"MsgType": "text", "Content": "/start", "MsgId": str(rider.numbers)}
    assert await rider.posts(fields) == said
    await eventually(lambda: was_given(app))
    assert answering.PATIENCE < stand_in.PATIENCE


async def was_given(app) -> bool:
    async with app.db.read() as session:
        return await session.scalar(select(WeChatLetter.sent_at)) is not None
