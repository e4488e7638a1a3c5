"""Buttons: each verb is made somewhere and answered once, and those on old messages keep their meaning."""

import re
from collections import Counter

import pytest
from sqlalchemy import select
from telegram.ext import CallbackQueryHandler

from bot.messaging.callbacks import CALLBACKS, UnknownPress
from bot.store.models import WebMessage
from handlers import HANDLERS
from tests.support.project import ROOT

# As they stand under messages on people's phones.
WIRE = """
ac:210100000017 al an ao:210100000017 aq ar:210100000017:poor aw:210100000017 ax:210100000017
c c:3 c:3:1 d:wages-unpaid f:appeal:story:!cancel f:appeal::!on f:appeal:preview:!edit:story f:voice:text:for go:hazard
hl hn ho:210100000017 home:later hq hv:210100000017:yes hx:210100000017
n notices notices:service:off notices:activity:flip notices:quiet: notices:quiet:8-16 notices:platform
notices:platform:none p:wages-unpaid pb:water:3 pc:12 pd pf pn pr:water pv pw py
set:place set:job set:job:rider sf:=driver.p.24:41.7937,123.3968:210106 sn:sy:0017 sp::41.7937,123.3968: sr:closed:sy:0017
v:0:wages-unpaid v:0:wages-unpaid:wrong v:1:wages-unpaid vi vj vk vl vn vo vp vq:safety:2 vr vt vv:3 vw vx vx:yes
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
