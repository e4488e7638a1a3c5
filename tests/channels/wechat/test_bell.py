"""Whom WeChat lets us tell nothing is rung: with a link, without a word of what it is about, and not twice."""

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import func, select, update

from bot.services.notices import totals
from bot.store.models import Channel, Chat, Notice, NoticeCopy, WeChatAccount, now
from tests.notices.test_console import ring as start_notice
from tests.notices.test_console import write

STORY = "站点拖着三个月工资不给，老板叫王大锤"
TEMPLATE = "/cgi-bin/message/template/send"


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"wechat_bell_template": "tmpl-1"})


@pytest.fixture
async def person(app, rider):
    """The rider, who wrote long ago."""
    await rider.types("/start")
    await later(app, window_until=now() - timedelta(minutes=1))
    async with app.db.read() as session:
        return await session.scalar(select(WeChatAccount.person_id))


async def later(app, **values) -> None:
    async with app.db.begin() as session:
        await session.execute(update(WeChatAccount).values(**values))


async def says(app, person: int, text: str) -> None:
    await app.channels[Channel.WEB].api.call("sendMessage", {"chat_id": person, "text": text})


async def test_a_shut_window_rings_once_in_ten_minutes_and_says_nothing(app, weixin, rider, person):
    await says(app, person, STORY)
    await says(app, person, "还有一条")
    await app.wechat.bell.sweep()
    await app.wechat.bell.sweep()
    [rung] = weixin.rung
    assert rung["url"].endswith("/wechat/enter")
    assert {each["value"] for each in rung["data"].values()} >= {"有新消息，点开看看"}
    assert not any(word in orjson.dumps(rung).decode() for word in ("工资", "王大锤", "还有一条"))
    await says(app, person, "又一条")
    await app.wechat.bell.sweep()
    assert len(weixin.rung) == 1
    await later(app, rung_at=now() - timedelta(minutes=11))
    await app.wechat.bell.sweep()
    assert len({each["client_msg_id"] for each in weixin.rung}) == 2
    await later(app, rung_at=now() - timedelta(minutes=11))
    await app.wechat.bell.sweep()
    assert len(weixin.rung) == 2  # Nothing new.
    assert weixin.sent == []
    assert "又一条" in await rider.types("/help")


async def test_an_open_window_and_ones_own_lines_do_not_ring(app, weixin, rider, person):
    await rider.types("公租房能申请吗")
    await app.wechat.bell.sweep()
    await later(app, window_until=now() - timedelta(minutes=1))
    await app.wechat.bell.sweep()
    assert TEMPLATE not in weixin.calls


async def test_a_busy_wechat_is_asked_again_and_a_refusal_is_not(app, weixin, person):
    weixin.faults[TEMPLATE] = [{"errcode": -1, "errmsg": "system error"}]
    await says(app, person, "一")
    await app.wechat.bell.sweep()
    assert weixin.rung == []
    await later(app, rung_at=now() - timedelta(minutes=10))
    await app.wechat.bell.sweep()
    assert len(weixin.rung) == 1
    weixin.faults[TEMPLATE] = [{"errcode": 43004, "errmsg": "require subscribe"}]
    await says(app, person, "二")
    for _ in range(2):
        await later(app, rung_at=now() - timedelta(minutes=11))
        await app.wechat.bell.sweep()
    assert len(weixin.rung) == 1


async def test_a_notice_counts_whom_the_bell_rang(app, weixin, person, organiser, approver):
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(region="2101"))
    path = await write(organiser)
    await organiser.submits(f"{path}/submit")
    await approver.gets(path)
    await approver.submits(f"{path}/approve", count=1)
    await start_notice(app)
    await app.wechat.bell.sweep()
    [rung] = weixin.rung
    assert "体检" not in orjson.dumps(rung).decode()
    assert "已提醒 1 人" in (await organiser.gets(path)).words
    async with app.db.begin() as session:
        number = await session.scalar(select(Notice.id))
        assert await session.scalar(select(func.count()).where(NoticeCopy.reminded_at.is_not(None))) == 1
        await totals.forget(session, NoticeCopy.notice_id == number)
        assert (await totals.outcome(session, number)).reminded == 1
