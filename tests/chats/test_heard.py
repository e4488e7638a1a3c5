"""A voice note is turned into words where an operator wants it, and counts only when its author says that they said so."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bot.errors import Refused, TryLater
from bot.queue import jobs
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.core.lifecycle import Actor, Role
from bot.store.models import Agency, Appeal, AppealStep, Attachment, Chat, Outbox, now
from tests.support import weixin as stand_in
from tests.support.appeals import filed
from tests.support.speech import Ear
from tests.support.weixin import Follower, Weixin

WORDS = "站长拖着十月的工资不给，一共四千三"
WEBM, AMR = b"\x1aE\xdf\xa3" + bytes(400), b"#!AMR\n" + bytes(200)
OGG, MP4 = b"OggS" + bytes(100), b"\0\0\0\x18ftypM4A " + bytes(100)


@pytest.fixture
async def ear():
    async with Ear() as ear:
        yield ear


@pytest.fixture
async def weixin():
    async with Weixin() as weixin:
        yield weixin


@pytest.fixture
def settings(settings, ear, weixin):
    wanted = {"speech_url": ear.url, "speech_key": "a-key", **stand_in.settings(weixin)}
    return type(settings)(**settings.model_dump() | wanted, _env_file=None)


async def begins(phone) -> None:
    await phone.types("/start", "我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("欠薪")


async def said(app) -> list[str]:
    async with app.db.read() as session:
        return [*await session.scalars(select(AppealStep.text).order_by(AppealStep.id))]


async def test_what_was_heard_is_the_story_once_its_author_says_so(app, phone, ear):
    ear.says(f" {WORDS}\n")
    await begins(phone)
    heard = await phone.sends_voice(WEBM)
    assert "语音留言" in heard[0]
    assert heard[-1] == f"我听到的是下面这些，对吗？\n{WORDS}"
    assert ear.heard == [("audio/webm", "voice.webm", WEBM)]
    assert "录音照样留着" in (await phone.presses("不对"))[-1]
    async with app.db.read() as session:
        assert WORDS not in str(await session.scalar(select(Chat.answers)))
    ear.says(WORDS)
    await phone.presses("改一项")
    await phone.presses("事情")
    await phone.sends_voice(WEBM)
    assert WORDS in (await phone.presses("对，就这么写"))[-1]
    await phone.presses("提交")
    await app.settled()
    async with app.db.read() as session:
        assert await session.scalar(select(Appeal.story)) == WORDS
        kinds = await session.execute(select(Attachment.kind, Attachment.state))
        assert {*kinds} == {("voice", "ready")}  # both sounds are there


async def test_words_confirmed_after_the_appeal_was_filed_stand_with_it(app, phone, ear):
    ear.says(WORDS)
    await begins(phone)
    await phone.sends_voice(WEBM)
    await phone.presses("提交")
    async with app.db.read() as session:
        number = await session.scalar(select(Appeal.number))
    assert number in "".join(await phone.presses("对，就这么写"))
    assert WORDS in await said(app)


async def test_words_of_a_later_voice_are_not_put_to_an_appeal_of_long_before(app, phone, ear):
    ear.says("高温津贴一个月多少钱")
    await begins(phone)
    await phone.sends_voice(WEBM)
    await phone.presses("提交")
    async with app.db.begin() as session:
        await session.execute(update(Appeal).values(created_at=now() - timedelta(hours=2)))
    assert "高温津贴有多少" in "".join(await phone.presses("对，就这么写"))
    assert "高温津贴一个月多少钱" not in await said(app)


async def test_an_ear_that_is_slow_broken_or_talks_nonsense_loses_nothing(app, phone, ear):
    app.speech.patience, ear.delay = 0.2, 5.0
    ear.says(WORDS)
    await begins(phone)
    assert "语音留言" in (await phone.sends_voice(WEBM))[-1]
    ear.delay = 0.0
    for answer in (503, 400, b"<html>", b"[]", b'{"text": 7}', "", "…。", "啊" * 1001, b'{"text": "' + b"a" * 70_000):
        ear.says(answer)
        with pytest.raises((Refused, TryLater)):
            await app.speech.words(OGG)
    ear.says(WORDS)
    async with app.db.begin() as session:  # The pause before another try is over.
        late = update(Outbox).where(Outbox.kind == jobs.HEAR.kind)
        await session.execute(late.values(due_at=now()))
    await app.settled()
    assert "对吗" in (await phone.hears())[-1]
    await phone.presses("提交")
    async with app.db.read() as session:
        assert await session.scalar(select(Appeal.story)) != WORDS  # Nobody said that it was right.
        assert await session.scalar(select(func.count()).select_from(Attachment)) == 1


async def test_each_kind_of_sound_goes_as_it_is_and_nothing_else_does(app, ear):
    ear.says(WORDS)
    for sound in (OGG, AMR, MP4):
        assert await app.speech.words(sound) == WORDS
    kinds = [("audio/ogg", "voice.ogg"), ("audio/amr", "voice.amr"), ("audio/mp4", "voice.m4a")]
    assert [each[:2] for each in ear.heard] == kinds
    with pytest.raises(Refused):
        await app.speech.words(b"GIF89a")
    assert len(ear.heard) == 3


async def test_a_voice_for_a_case_and_one_out_of_the_blue_bring_their_words_along(app, phone, ear):
    ear.says("上个月的工资条我没有，站长不发")
    await phone.types("/start")
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat.id))
    number = await filed(app, AppealState.IN_PROGRESS, chat=chat)
    async with app.db.begin() as session:
        agency = await session.scalar(select(Agency.id).where(Agency.code == "labour"))
        wanted = AppealMove(AppealState.PENDING_INFO, Actor(Role.HANDLER, 902, agency), text="请把工资条拍一张发过来")
        await appeal_transitions.move(session, app.services, number, wanted)
    await app.settled()
    await phone.sends_voice(OGG)
    assert "上个月的工资条我没有，站长不发" not in await said(app)
    await phone.presses("对，就这么写")
    assert "上个月的工资条我没有，站长不发" in await said(app)
    ear.says("他们还扣了我的押金")
    await phone.sends_voice(OGG)
    await phone.presses("对，就这么写")
    await phone.presses(number)
    assert "他们还扣了我的押金" in await said(app)


async def test_in_wechat_it_is_asked_by_number(app, ear, weixin):
    ear.says(WORDS)
    rider = Follower(weixin, f"http://127.0.0.1:{app.port}", "oRider-0000000000000000000001")
    for text in ("/appeal", "1"):
        await rider.types(text)
    weixin.media["v1"] = "voice/amr", AMR
    await rider.sends("voice", MediaId="v1", Format="amr")
    async with asyncio.timeout(20):
        while not any("我听到的是" in text for _, text in weixin.sent) and "我听到的是" not in rider.said:
            await app.settled()
            await app.wechat.courier.sweep()
    rider.said = next((text for _, text in weixin.sent if "我听到的是" in text), rider.said)
    assert ear.heard == [("audio/amr", "voice.amr", AMR)]
    assert WORDS in await rider.taps("对，就这么写")
