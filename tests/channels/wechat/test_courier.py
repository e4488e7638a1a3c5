"""What comes later than an answer is told in WeChat as long as WeChat lets us, and never more than it lets us."""

import asyncio
from datetime import timedelta

from sqlalchemy import func, select, update

from bot.channels.wechat import menu
from bot.commands import wechat as command
from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import Role
from bot.store.models import Channel, Chat, WeChatAccount, WeChatLetter, now
from tests.support.appeals import case_of, filed
from tests.support.desk import Desk
from tests.support.web_driver import eventually


async def account(app):
    async with app.db.read() as session:
        return await session.scalar(select(WeChatAccount))


async def says(app, text: str) -> None:
    """The bot says something by itself, once it is written down that WeChat has what was said before."""
    await app.wechat.answering.gone.settled()
    person = (await account(app)).person_id
    await app.channels[Channel.WEB].api.call("sendMessage", {"chat_id": person, "text": text})


async def shuts(app, **values) -> None:
    async with app.db.begin() as session:
        await session.execute(update(WeChatAccount).values(**values))


async def sweeps(app) -> None:
    await app.wechat.courier.sweep()


async def test_progress_of_a_case_comes_into_wechat_once(app, weixin, rider):
    await rider.types("/start")
    async with app.db.read() as session:
        chat = await session.scalar(select(func.max(Chat.id)))
    number = await filed(app, AppealState.ASSIGNED, chat=chat)
    async with Desk(app, Role.HANDLER, agency="labour", second=True) as desk:
        path = f"/console/appeals/{number}"
        await desk.gets(path)
        await desk.submits(f"{path}/begin", version=(await case_of(app, number)).version)
        await desk.settled()
    await eventually(lambda: told(weixin))
    await sweeps(app)
    [(openid, text)] = weixin.sent
    assert openid == rider.openid
    assert "有人在办" in text
    assert (await account(app)).left == weixin.left[rider.openid][0] == 4


async def told(weixin, count: int = 1) -> bool:
    return len(weixin.sent) >= count


async def told_by(app, weixin, count: int = 1) -> bool:
    await sweeps(app)
    return await told(weixin, count)


async def test_no_more_is_sent_than_wechat_allows_however_many_send(app, weixin, rider):
    await rider.types("/start")
    number = (await account(app)).id

    async def one(at: int) -> None:
        await says(app, f"第 {at} 条")
        await app.wechat.courier.tell(number)

    await asyncio.gather(*(one(at) for at in range(50)))
    for _ in range(10):
        await sweeps(app)
    assert 1 <= len(weixin.sent) <= 5
    assert weixin.refused == []
    assert sum(text.count("第 ") for _, text in weixin.sent) <= 50
    left = weixin.left[rider.openid][0]
    assert left == (await account(app)).left == 5 - len(weixin.sent)


async def test_what_could_not_be_told_comes_with_the_next_answer(app, weixin, rider):
    await rider.types("/start")
    await shuts(app, window_until=now() - timedelta(hours=1))
    await says(app, "有人在办了")
    await sweeps(app)
    assert "/cgi-bin/message/custom/send" not in weixin.calls
    assert "有人在办了" in await rider.types("/help")
    await sweeps(app)
    assert weixin.sent == []


async def test_a_window_that_wechat_has_shut_is_shut_whatever_we_believed(app, weixin, rider):
    await rider.types("/start")
    for at, code in enumerate((45015, 45047)):
        weixin.faults["/cgi-bin/message/custom/send"] = [{"errcode": code, "errmsg": "out of limit"}]
        await says(app, f"进展 {at}")
        await eventually(lambda: is_shut(app))
        assert weixin.sent == []
        assert f"进展 {at}" in await rider.types("/help")  # It comes with the next answer.
    await sweeps(app)
    assert weixin.sent == []


async def is_shut(app) -> bool:
    return (await account(app)).left == 0


async def test_a_dead_token_and_a_busy_wechat_lose_nothing(app, weixin, rider):
    await rider.types("/start")
    await says(app, "一")
    await eventually(lambda: told(weixin))
    weixin.kill_token()
    weixin.faults["/cgi-bin/message/custom/send"] = []
    await says(app, "二")
    await eventually(lambda: told(weixin, 2))
    weixin.faults["/cgi-bin/message/custom/send"] = [{"errcode": -1, "errmsg": "system error"}]
    await says(app, "三")
    await eventually(lambda: told_by(app, weixin, 3))
    assert [text for _, text in weixin.sent] == ["一", "二", "三"]
    assert weixin.refused == [40001]


async def test_a_text_that_was_claimed_and_not_sent_is_sent_by_whoever_lives(app, weixin, rider):
    await rider.types("/start")
    await app.wechat.courier.stop()
    await says(app, "有人在办了")
    async with app.db.connect() as connection:
        claim = await app.wechat.courier._claim(connection, (await account(app)).id)
    assert claim is not None
    await sweeps(app)
    assert weixin.sent == []  # Somebody has it.
    async with app.db.begin() as session:
        await session.execute(update(WeChatLetter).values(due_at=now()))
    await sweeps(app)
    assert [text for _, text in weixin.sent] == ["有人在办了"]
    assert (await account(app)).left == 3


async def is_given(app) -> bool:
    async with app.db.read() as session:
        return await session.scalar(select(WeChatLetter.sent_at)) is not None


async def test_an_answer_that_wechat_did_not_take_is_sent(app, weixin, rider):
    said = await rider.types("/start")
    await eventually(lambda: is_given(app))  # Written down after the answer has left.
    async with app.db.begin() as session:
        await session.execute(update(WeChatLetter).values(sent_at=None, due_at=now()))
    await eventually(lambda: told_by(app, weixin))
    assert weixin.sent == [(rider.openid, said)]


async def test_the_accounts_menu_has_what_wechat_takes_and_each_key_is_answered(app, weixin, rider, settings, capsys):
    assert await command.put_menu(settings) == 0
    assert "menu" in capsys.readouterr().out
    buttons = [below for each in weixin.menu["button"] for below in each["sub_button"]]
    assert buttons
    assert {each["type"] for each in buttons} == {"click", "view", "location_select"}
    for each in buttons:
        if each["type"] == "click":
            assert await rider.event("CLICK", EventKey=each["key"]) != "", each
    assert (
        menu.made("https://a.example/wechat/enter")["button"][-1]["sub_button"][-1]["url"]
        == "https://a.example/wechat/enter"
    )
