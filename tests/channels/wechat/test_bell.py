"""Whom WeChat lets us tell nothing is rung: with a link, without a word of what it is about, and not twice."""

import re
from datetime import timedelta

import aiohttp
import orjson
import pytest
from sqlalchemy import func, select, update

from bot.channels.wechat.consent import signed
from bot.commands import wechat as command
from bot.services.notices import totals
from bot.store.models import Channel, Chat, Notice, NoticeCopy, WeChatAccount, now
from tests.notices.test_console import ring as start_notice
from tests.notices.test_console import write
from tests.support import weixin as stand_in
from tests.support.web_driver import eventually

STORY = "站点拖着三个月工资不给，老板叫王大锤"
TEMPLATE = "/cgi-bin/message/template/send"


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"wechat_bell_template": "tmpl-1", "wechat_notice_template": "tmpl-2"})


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


async def given_notice(app, organiser, approver) -> str:
    """A service notice for everybody here, sent; where its page is."""
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(region="2101"))
    path = await write(organiser)
    await organiser.submits(f"{path}/submit")
    await approver.gets(path)
    await approver.submits(f"{path}/approve", count=1)
    await start_notice(app)
    return path


async def rings(app) -> None:
    """Ring whoever is to be rung; the bell that rings by itself may be about to."""
    await app.wechat.bell.sweep()
    await eventually(lambda: settled(app))


async def settled(app) -> bool:
    return await outcome(app) != "underway"


async def outcome(app) -> str:
    async with app.db.read() as session:
        return await session.scalar(select(WeChatAccount.outcome))


async def test_a_notice_rings_only_whom_allowed_it_and_counts_them(app, weixin, rider, person, organiser, approver):
    path = await given_notice(app, organiser, approver)
    await rings(app)
    assert weixin.rung == []
    assert await outcome(app) == "unwanted"
    await rider.allows("another")
    await rider.allows("tmpl-2")
    await later(app, rung=0)
    await rings(app)
    [rung] = weixin.rung
    assert (rung["template_id"], rung["page"][-13:]) == ("tmpl-2", "/wechat/enter")
    assert "体检" not in orjson.dumps(rung).decode()
    assert await outcome(app) == "sent"
    assert "已提醒 1 人" in (await organiser.gets(path)).words
    async with app.db.begin() as session:
        number = await session.scalar(select(Notice.id))
        assert await session.scalar(select(func.count()).where(NoticeCopy.reminded_at.is_not(None))) == 1
        await session.execute(update(NoticeCopy).values(reminded_at=NoticeCopy.reminded_at + 1))
    finished = "<SubscribeMsgSentEvent><List><MsgID>{}</MsgID><ErrorCode>{}</ErrorCode></List></SubscribeMsgSentEvent>"
    await rider.tells("subscribe_msg_sent_event", finished.format(77, 43100))
    assert "已提醒 1 人" in (await organiser.gets(path)).words  # another ring's
    await rider.tells("subscribe_msg_sent_event", finished.format(1, 43100))
    assert await outcome(app) == "failed"
    assert "已提醒" not in (await organiser.gets(path)).words
    async with app.db.begin() as session:
        await session.execute(update(NoticeCopy).values(reminded_at=1))
        await totals.forget(session, NoticeCopy.notice_id == number)
        assert (await totals.outcome(session, number)).reminded == 1


async def test_consent_that_is_used_up_or_taken_back_rings_no_more(app, weixin, rider, person, organiser, approver):
    await given_notice(app, organiser, approver)
    await rider.allows("tmpl-2")
    weixin.allowed.clear()  # As when it was used elsewhere.
    await rings(app)
    assert (weixin.refused, await outcome(app)) == ([43101], "unwanted")
    await rider.allows("tmpl-2")
    await rider.allows("tmpl-2", "reject", "subscribe_msg_change_event")
    await later(app, rung=0, rung_at=None)
    await rings(app)
    assert (weixin.rung, weixin.refused) == ([], [43101])
    await rider.allows("tmpl-2")
    await later(app, rung=0)
    async with app.db.begin() as session:
        await session.execute(update(Notice).values(kind="activity"))
    await rings(app)
    assert weixin.rung == []


async def test_what_wechat_says_of_a_ring_is_written_down(app, weixin, rider, person):
    await says(app, person, STORY)
    await rings(app)
    await rider.tells("TEMPLATESENDJOBFINISH", "<MsgID>1</MsgID><Status><![CDATA[failed:user block]]></Status>")
    assert await outcome(app) == "blocked"
    await rider.tells("TEMPLATESENDJOBFINISH", "<MsgID>1</MsgID><Status><![CDATA[success]]></Status>")
    assert await outcome(app) == "blocked"


async def test_the_page_of_consent_is_signed_for_its_own_address(app, weixin, settings, capsys):
    sample = signed(stand_in.TICKET, "Wm3WZYTPz0wzccnW", 1414587457, "http://mp.weixin.qq.com?params=value")
    assert sample == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"  # of WeChat's own documents
    url = f"http://127.0.0.1:{app.port}/wechat/bell?from=%3Cscript%3E"
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        page, policy = await response.text(), response.headers["Content-Security-Policy"]
    config = orjson.loads(re.search(r"wx\.config\((.*)\)", page)[1])
    here = f"{app.settings.base_url}/wechat/bell?from=%3Cscript%3E"
    assert config["signature"] == signed(stand_in.TICKET, config["nonceStr"], config["timestamp"], here)
    assert 'template="tmpl-2"' in page
    nonce = re.search(r'nonce="([^"]+)"', page)[1]
    assert f"'nonce-{nonce}'" in policy
    assert "<script>" not in page
    assert await command.put_menu(settings) == 0
    assert weixin.menu["button"][0]["sub_button"][-1]["url"].endswith("/wechat/bell")
