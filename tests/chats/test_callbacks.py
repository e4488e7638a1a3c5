"""Buttons: each verb is made somewhere and answered once, and those on old messages keep their meaning."""

import re
from collections import Counter

import pytest
from sqlalchemy import select
from telegram.ext import CallbackQueryHandler

from bot.messaging.callbacks import CALLBACKS, UnknownPress
from bot.store.models import Chat, WebMessage
from handlers import HANDLERS
from tests.support.project import ROOT

# As they stand under messages on people's phones.
WIRE = """
ac:210100000017 al an ao:210100000017 aq ar:210100000017:poor at:210100000017 aw:210100000017 ax:210100000017
bb:7 bl bl:5 bm br:B261130048372:good bs:7 bx:B261130048372
ea ec ef en ep eq:7:code er:7 et:7 et:7:manner ew ex ex:yes
c c:3 c:3:1 cm:7 cs:1 co cr:7 cr:7:wrong cy:210100000017 d:wages-unpaid f:appeal:story:!cancel f:appeal::!on f:appeal:preview:!edit:story f:voice:text:for go:hazard
he:yes he:no:210100000017 hl hn ho:210100000017 home:later hq hv:210100000017:yes hx:210100000017 ls:7:0 ls:7:42
n notices notices:service:off notices:activity:flip notices:quiet: notices:quiet:8-16 notices:platform
notices:platform:none p:wages-unpaid pb:water:3 pb:water:3:2 pc:12 pd pf pn pr:water ps pv pw py
set:place set:job set:job:rider sf:=driver.p.24:41.7937,123.3968:210106 sn:sy:0017 sp::41.7937,123.3968: sr:closed:sy:0017
tx:210100000017 uu:appeal:210100000017 uu:draft:appeal v:0:wages-unpaid v:0:wages-unpaid:wrong v:1:wages-unpaid vi vj vk vl vn vo vp vq:safety:2 vr vt vv:3 vw vx vx:yes
""".split()
NONSENSE = ["ao", "ar:210100000017:best", "c:-2", "c:²", "hv:210100000017", "pb:water:", "pc:99999999999", "v:2:wages"]


def _source() -> str:
    paths = [path for folder in ("bot", "handlers", "knowledge") for path in (ROOT / folder).rglob("*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths if path.parent.name != "messaging")


@pytest.mark.parametrize("data", WIRE)
def test_a_button_of_an_old_message_is_read_and_written_as_it_was(data):
    assert str(CALLBACKS[data.split(":")[0]].read(data)) == data


def test_every_verb_stands_among_the_buttons_of_old_messages():
    assert {data.split(":")[0] for data in WIRE} == set(CALLBACKS)


@pytest.mark.parametrize("data", NONSENSE)
def test_what_no_button_ever_said_is_not_read(data):
    with pytest.raises(UnknownPress):
        CALLBACKS[data.split(":")[0]].read(data)


async def test_a_press_that_says_nothing_is_answered_as_a_stale_one(app, phone):
    await phone.types("/settings")
    message = (await phone.messages())[-1]["id"]
    async with app.db.begin() as session:
        row = await session.scalar(select(WebMessage).where(WebMessage.message_id == message))
        forged = [[{"text": "好了", "callback_data": "hv:210100000017:maybe"}]]
        row.body = {**row.body, "reply_markup": {"inline_keyboard": forged}}
    assert await phone.presses_data(message, "hv:210100000017:maybe")
    assert await phone.toasts() == ["这个按钮过时了，点菜单重来。"]


def test_every_verb_is_answered_by_one_handler():
    patterns = [each.pattern.pattern for each in HANDLERS if isinstance(each, CallbackQueryHandler) and each.pattern]
    answered = Counter(re.match(r"[\w:]+(?=\()", pattern)[0].rstrip("(") for pattern in patterns)
    assert {verb for verb in answered if ":" not in verb} == set(CALLBACKS)
    assert set(answered.values()) == {1}


def test_every_verb_is_made_into_a_button_somewhere():
    source = re.sub(r"\b(?:pressed|asked)\((\w+),", "", _source())
    assert [each.__name__ for each in CALLBACKS.values() if f"{each.__name__}(" not in source] == []


def test_buttons_are_made_of_the_list_of_verbs_only():
    assert not re.search(r"\bPress\(|[\"']press[\"']: *f?[\"']", _source())


async def presses_made_up(app, phone, data: str) -> list[str]:
    """A press that no button of ours ever said, as a client of somebody's own sends it; what answers it as a toast."""
    message = [each for each in await phone.messages() if not each["mine"]][-1]["id"]
    async with app.db.begin() as session:
        row = await session.scalar(select(WebMessage).where(WebMessage.message_id == message))
        row.body = {**row.body, "reply_markup": {"inline_keyboard": [[{"text": "好了", "callback_data": data}]]}}
    await phone.presses_data(message, data)
    return await phone.toasts()


@pytest.mark.parametrize(
    "value", ["!skip", "!enough", "!ok", "!edit", "!edit:story", "!held", "!drop", "nonsense", "contact", "~x"]
)
async def test_no_made_up_press_answers_or_passes_a_question(app, phone, value):
    """Neither one with buttons, nor one for a photo, whose answer would be a file that is none."""
    for begin, form in (("/appeal", "appeal"), ("随手拍", "report")):
        await phone.types(begin)
        async with app.db.read() as session:
            before = await session.scalar(select(Chat))
        if (form, value) == ("report", "!skip"):
            continue  # It may begin with words as well.
        assert await presses_made_up(app, phone, f"f:{form}:{before.step}:{value}") == ["这个按钮过时了，点菜单重来。"]
        async with app.db.read() as session:
            chat = await session.scalar(select(Chat))
        assert (chat.flow, chat.step, chat.answers) == (form, before.step, before.answers)
        await phone.types("取消")
