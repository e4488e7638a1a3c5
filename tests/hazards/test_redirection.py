"""A hazard that went to the wrong unit goes to another one; a fix found wanting comes back to whoever made it."""

import re

import pytest

from bot.services.core.lifecycle import Role
from bot.services.hazards import dispatch_rules
from bot.services.hazards.states import HazardState
from tests.hazards.test_reporting import case, picture, reports
from tests.support.desk import Desk

GAS = ("楼下燃气漏气，味道很大", "燃气泄漏")  # goes to the agency at once
WHY = "不是燃气管道，是路面井盖"
DONE = "换了阀门，测过不漏了"


@pytest.fixture
async def reviewer(app):
    async with Desk(app, Role.REVIEWER, name="审核员孙") as desk:
        yield desk


@pytest.fixture
async def handler(app):
    async with Desk(app, Role.HANDLER, agency="gas", name="承办员钱") as desk:
        yield desk


async def fixes(handler, number: str, seed: int, text: str = DONE) -> None:
    page = await handler.uploads(
        f"/console/hazards/{number}/resolve", "photo", picture(seed), "a.jpg", text=text, off_site="照片由抢修队传回"
    )
    assert page.status == 200, page.words


@pytest.mark.parametrize("begun", [False, True])
async def test_another_unit_takes_it_over_and_its_reporter_reads_why_once(app, phone, reviewer, handler, begun):
    number = await reports(phone, *GAS)
    if begun:
        await handler.submits(f"/console/hazards/{number}/begin")
    await phone.hears()
    await reviewer.gets(f"/console/hazards/{number}")
    due = (await case(app, number)).due_at
    page = await reviewer.submits(f"/console/hazards/{number}/reassign", agency="urban", text=WHY)
    assert "改派了" in page.words
    [said] = await phone.hears()
    assert WHY in said
    hazard = await case(app, number)
    assert (hazard.state, hazard.handler_id, hazard.due_at) == (HazardState.DISPATCHED, None, due)
    await handler.gets(f"/console/hazards/{number}", status=404)
    async with Desk(app, Role.HANDLER, agency="urban") as other:
        await other.submits(f"/console/hazards/{number}/begin")
    assert (await case(app, number)).state == HazardState.HANDLING


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"agency": "urban", "text": ""}, "写几个字"),
        ({"agency": "gas", "text": WHY}, "现在就是这个单位"),
        ({"agency": "", "text": WHY}, "请选一个"),
    ],
)
async def test_what_is_wrong_with_a_new_unit_is_said(app, phone, reviewer, handler, fields, says):
    number = await reports(phone, *GAS)
    await handler.submits(f"/console/hazards/{number}/begin")
    page = await reviewer.submits(f"/console/hazards/{number}/reassign", status=422, **fields)
    assert says in page.words
    assert (await case(app, number)).state == HazardState.HANDLING


async def test_the_rules_do_not_give_it_to_whoever_gave_it_back(app, phone, reviewer, handler):
    async with app.db.begin() as session:
        await dispatch_rules.put(session, "gas", "", "gas")
    number = await reports(phone, *GAS)
    await handler.submits(f"/console/hazards/{number}/return", text="不是我们的管道，是供热的")
    page = await reviewer.gets(f"/console/hazards/{number}")
    assert "（退回过）" in page.words
    assert "（按规则）" not in page.words
    page = await reviewer.submits(f"/console/hazards/{number}/dispatch", status=422, agency="")
    assert "请选一个" in page.words
    await reviewer.submits(f"/console/hazards/{number}/dispatch", agency="urban")
    assert (await case(app, number)).state == HazardState.DISPATCHED


async def test_a_fix_found_wanting_comes_back_with_its_text_and_why(app, phone, reviewer, handler):
    number = await reports(phone, *GAS)
    await handler.submits(f"/console/hazards/{number}/begin")
    await fixes(handler, number, 3)
    await reviewer.gets(f"/console/hazards/{number}")
    await reviewer.submits(f"/console/hazards/{number}/reopen", text="阀门还在漏，有气味")
    card = re.search(r'href="(/console/hazards\?view=again)".*?</a>', await handler.gets("/console"), re.DOTALL)
    assert ">1<" in re.sub(r"\s", "", card[0])
    assert number in await handler.gets(card[1])
    page = await handler.gets(f"/console/hazards/{number}")
    top = page.words.partition("情况")[0]
    assert "阀门还在漏，有气味" in top
    assert "审核员孙" in top
    await handler.submits(f"/console/hazards/{number}/begin")  # without being dispatched anew
    page = await handler.gets(f"/console/hazards/{number}")
    assert DONE in re.search(r'<textarea id="resolve-text".*?</textarea>', page, re.DOTALL)[0]
    await fixes(handler, number, 4, "阀门和接头都换了，测过不漏")
    assert number not in await handler.gets("/console/hazards?view=again")
    assert "退回重办：" not in (await handler.gets(f"/console/hazards/{number}")).words.partition("情况")[0]


async def test_a_fix_found_wanting_goes_to_another_unit_with_a_reason(app, phone, reviewer, handler):
    number = await reports(phone, *GAS)
    await handler.submits(f"/console/hazards/{number}/begin")
    await fixes(handler, number, 3)
    await phone.presses("👎 还没好")
    await phone.hears()
    page = await reviewer.gets(f"/console/hazards/{number}")
    assert "（上次处理的）" in page.words
    page = await reviewer.submits(f"/console/hazards/{number}/dispatch", status=422, agency="urban")
    assert "写几个字" in page.words
    await reviewer.submits(f"/console/hazards/{number}/dispatch", agency="urban", text=WHY)
    assert WHY in (await phone.hears())[-1]


async def test_a_note_stands_in_the_timeline_for_staff_only(app, phone, handler):
    number = await reports(phone, *GAS)
    await phone.hears()
    await handler.gets(f"/console/hazards/{number}")
    assert "写几个字" in (await handler.submits(f"/console/hazards/{number}/log", text="", status=422)).words
    page = await handler.submits(f"/console/hazards/{number}/log", text="抢修队八点到")
    assert "抢修队八点到 （内部）" in page.words
    assert await phone.hears() == []


async def test_more_time_is_given_once_by_somebody_else_and_its_reporter_reads_why(app, phone, reviewer, handler):
    number = await reports(phone, *GAS)
    await handler.submits(f"/console/hazards/{number}/begin")
    await phone.hears()
    assert f"{number}/extend" not in await handler.gets(f"/console/hazards/{number}")
    await handler.submits(f"/console/hazards/{number}/extend", days=2, text=WHY, status=403)
    before = (await case(app, number)).due_at
    await reviewer.gets(f"/console/hazards/{number}")
    why = WHY * 80  # The form counts to 1000 characters.
    page = await reviewer.submits(f"/console/hazards/{number}/extend", days=2, text=why)
    assert "延期了" in page.words
    [said] = await phone.hears()
    assert why in said
    assert (await case(app, number)).due_at > before
    assert f"{number}/extend" not in page
    again = await reviewer.submits(f"/console/hazards/{number}/extend", days=2, text=WHY, status=422)
    assert "已经延过一次" in again.words
