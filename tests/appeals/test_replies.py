"""An office keeps texts of its own to begin from, by kind, and nobody else's cases offer them."""

import re

import pytest

from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import Role
from tests.support.appeals import filed
from tests.support.desk import Desk

PATH = "/console/settings/replies"
TEXT = "我们问过【站点】，欠您的【金额】元已经打到卡上，请查收。"
WROTE = {"use": "answer", "kind": "wages", "district": "沈阳市", "label": "铁西：钱到账", "text": TEXT}


async def offers(handler, number: str) -> list[str]:
    page = await handler.gets(f"/console/appeals/{number}")
    return re.findall(r'data-insert="propose-text" data-text="([^"]+)"', page)


async def test_a_reply_is_written_offered_for_its_kind_changed_and_dropped(app, admin, handler):
    wages = await filed(app, AppealState.IN_PROGRESS)
    other = await filed(app, AppealState.IN_PROGRESS, kind="station", agency="labour")
    await admin.gets(PATH)
    page = await admin.submits(PATH, **WROTE)
    assert "存下了" in page.words
    assert (await offers(handler, wages))[0] == TEXT
    assert TEXT not in await offers(handler, other)
    number = re.search(r"\?reply=(\d+)", page)[1]
    page = await admin.gets(f"{PATH}?reply={number}")
    assert TEXT in page
    await admin.submits(PATH, **{**WROTE, "kind": "", "text": TEXT + "谢谢。"})
    assert TEXT + "谢谢。" in await offers(handler, other)
    await admin.gets(PATH)
    await admin.submits(f"{PATH}/drop", reply=number)
    assert TEXT + "谢谢。" not in await offers(handler, wages)


async def test_a_text_with_an_open_slot_is_not_sent(app, admin, handler):
    number = await filed(app, AppealState.IN_PROGRESS)
    await admin.submits(PATH, **WROTE)
    page = await handler.gets(f"/console/appeals/{number}")
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    page = await handler.submits(f"/console/appeals/{number}/propose", version=version, text=TEXT, status=422)
    assert "【" in page.words


async def test_a_notice_begins_from_a_template_of_its_district(app, admin, handler):
    notice = {
        **WROTE,
        "use": "notice",
        "kind": "service",
        "label": "开站",
        "text": "【驿站】今天开门，茶水管够，欢迎来歇脚。",
    }
    page = await admin.submits(PATH, **{**notice, "kind": "wages"}, status=422)
    assert "不是用在那里的" in page.words
    page = await admin.submits(PATH, **notice)
    number = re.search(r"\?reply=(\d+)", page)[1]
    wages = await filed(app, AppealState.IN_PROGRESS)
    assert notice["text"] not in await handler.gets(f"/console/appeals/{wages}")
    async with Desk(app, Role.ORGANISER) as organiser, Desk(app, Role.ORGANISER, district="2102") as far:
        assert f'data-text="{notice["text"]}"' in await organiser.gets("/console/notices/new")
        page = await organiser.gets(f"/console/notices/new?t={number}")
        assert f">{notice['text']}</textarea>" in page
        assert notice["text"] not in await far.gets(f"/console/notices/new?t={number}")


async def test_another_districts_replies_are_neither_offered_nor_shown(app, admin, handler):
    async with Desk(app, Role.ADMIN, district="2102") as far:
        await far.submits(PATH, **{**WROTE, "district": "大连市"})
        assert TEXT in await far.gets(PATH)
    assert TEXT not in await admin.gets(PATH)
    assert TEXT not in await offers(handler, await filed(app, AppealState.IN_PROGRESS))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"label": ""}, "起个名字"), ({"text": "短"}, "至少"), ({"use": "x"}, "用在哪里"), ({"district": "大连市"}, "区")],
)
async def test_what_is_missing_is_said_and_nothing_typed_is_lost(admin, wrong, says):
    await admin.gets(PATH)
    page = await admin.submits(PATH, **{**WROTE, **wrong}, status=None)
    assert page.status in (403, 422)
    assert says in page.words
    if "text" not in wrong and page.status == 422:
        assert TEXT in page
