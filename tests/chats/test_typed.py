"""Whole lines typed in place of a button; what is said in a group to others is left to them."""

import json
import secrets

import aiohttp
import pytest
from sqlalchemy import select

from bot.channels.telegram.webhook import SECRET_HEADER
from bot.store.models import Chat
from tests.appeals.test_filing import files
from tests.support.project import ROOT

GROUP = -1001234567890


async def wants(app) -> tuple[bool, bool]:
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat))
        return chat.service_notices, chat.activity_notices


@pytest.mark.parametrize(
    "line",
    [
        "TD",
        "T",
        "td。",
        "ＴＤ",
        "退订",
        "STOP",
        "取消订阅",
        "别再给我发通知了",
        "请不要再给我发短信了！",
        "不想收到你们的通知",
        "拒收",
    ],
)
async def test_words_that_mean_stop_end_all_notices_and_show_the_way_back(app, phone, line):
    await phone.types("/start")
    assert "通知都不发了" in (await phone.types(line))[0]
    assert await wants(app) == (False, False)
    await phone.presses("想恢复")
    await phone.presses("政策服务")
    assert await wants(app) == (True, False)


@pytest.mark.parametrize(
    "line", ["取消订单没有通知怎么办", "站长不给我发工资", "怎么退押金", "没有收到通知书咋办", "T恤丢了谁赔"]
)
async def test_a_line_that_tells_of_something_ends_nothing(app, phone, line):
    await phone.types("/start", line)
    assert await wants(app) == (True, False)


STARTS = [row.split("\t") for row in (ROOT / "tests/data/typed_starts.tsv").read_text("utf-8").splitlines()]


def test_lines_that_ask_for_a_way_are_told_from_questions(knowledge):
    action = knowledge.words.typed.action
    assert len(STARTS) >= 300
    assert [(line, action(line)) for wanted, line in STARTS if action(line) != wanted] == []
    rows = (ROOT / "tests/data/questions.jsonl").read_text("utf-8").splitlines()
    asked = [json.loads(row)["q"] for row in rows] + [
        said for each in knowledge.policies.values() for said in each.phrasings
    ]
    calm = (ROOT / "tests/data/calm.txt").read_text("utf-8").splitlines()
    others = (ROOT / "knowledge/strangers.txt").read_text("utf-8").splitlines()
    assert [line for line in (*asked, *calm, *others) if action(line)] == []


async def test_what_is_asked_for_in_words_begins_and_in_a_form_such_a_line_is_an_answer(phone):
    assert "您要做什么" in (await phone.types("我要投诉站长"))[0]
    assert "眼下没有能报名的" in (await phone.types("培训与活动"))[0]
    assert "送单路上" in (await phone.types("我想报名当志愿者"))[0]
    assert "我的积分" in (await phone.types("我的积分有多少"))[0]
    assert "路面" in (await phone.types("我要报隐患"))[0]
    assert "在哪" in (await phone.types("我要投诉我们站长"))[-1]


async def test_ones_cases_and_people_are_asked_for_in_words(phone):
    assert "还没" in (await phone.types("我的诉求"))[0]
    number = await files(phone)
    assert number in (await phone.types("查进度"))[0]
    assert "12345" in (await phone.types("转人工"))[0]
    assert "我要反映" in "".join(await phone.buttons())
    assert "您的设置" in (await phone.types("设置"))[0]


async def test_a_form_is_left_in_words_and_keeps_what_was_written(phone):
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("欠薪")
    assert "留一天" in (await phone.types("取消"))[-1]
    assert "核对于" in (await phone.types("入职要押金可以吗"))[0]
    await phone.types("算了")
    assert "说说怎么回事" in (await phone.presses("接着写"))[-1]
    await phone.types("不写了")
    await phone.presses("清掉")
    assert "没有写到一半" in (await phone.types("取消"))[0]


async def test_a_form_with_nothing_in_it_is_left_at_once(phone):
    await phone.types("找驿站")
    assert (await phone.types("取消"))[0] == "好，不写了。"


async def test_a_question_that_need_not_be_answered_is_passed_in_words(phone):
    await phone.types("随手拍")
    assert "在哪" in (await phone.types("没有照片"))[-1]


@pytest.fixture
def group(app):
    """What the bot answers to an update of a group: the reply in its response, if any."""

    async def hear(text: str, *, entity: bool = True, edited: bool = False) -> dict | None:
        length = len(text.split()[0])
        message = {
            "message_id": secrets.randbelow(10**6),
            "date": 1760000000,
            "chat": {"id": GROUP, "type": "supergroup", "title": "骑手群"},
            "from": {"id": 7, "first_name": "王", "is_bot": False},
            "text": text,
            **({"entities": [{"type": "bot_command", "offset": 0, "length": length}]} if entity else {}),
            **({"edit_date": 1760000001} if edited else {}),
        }
        update = {"update_id": secrets.randbelow(10**9), ("edited_message" if edited else "message"): message}
        url = f"http://127.0.0.1:{app.port}/channel/web"
        headers = {SECRET_HEADER: app._secret}
        async with aiohttp.ClientSession() as http, http.post(url, json=update, headers=headers) as response:
            return (await response.json()) if await response.read() else None

    return hear


async def test_a_group_is_answered_only_where_a_command_of_ours_is_said(app, group):
    ours = app.channels["web"].receiver.bot.username
    for text in ("/start", "/help 你好", f"/start@{ours}", f"/HELP@{ours.upper()}"):
        assert "私聊" in (await group(text))["text"], text
    for text in ("/start@weather_bot", "/weather", "/roll 20", f"/weather@{ours}"):
        assert await group(text) is None, text
    assert await group("/start", entity=False) is None
    assert await group("/ 大家好", entity=False) is None
    assert await group("/start", edited=True) is None
