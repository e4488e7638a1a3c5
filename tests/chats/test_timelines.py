"""A case reads downwards: what is done and when, what it waits for, what comes after; in the person's own words."""

import re

from sqlalchemy import update

from bot.services.appeals.states import AppealState
from bot.services.hazards import transitions as hazard_transitions
from bot.services.hazards.states import HazardMove, HazardState
from bot.store.models import AppealStep
from tests.appeals.test_filing import files
from tests.hazards.test_reporting import REVIEWER, reports
from tests.support.appeals import STORY, filed
from tests.support.phone import Phone
from tests.support.second_thoughts import minute_over
from tests.support.volunteers import applied, chat_of

DONE = r"✅ \d\d-\d\d \d\d:\d\d　"


async def shown(phone: Phone, number: str) -> str:
    await phone.types("/appeals")
    return (await phone.presses(number))[-1]


async def test_a_case_says_what_was_written_what_is_done_what_it_waits_for_and_what_comes_after(app, phone):
    mine = await chat_of(phone)
    begun = await shown(phone, await filed(app, chat=mine))
    assert f"您写的：{STORY}" in begun
    assert re.search(rf"\n\n{DONE}您提的\n⏳ 等区里的人看\n▫️ .*给您回话\n▫️ 有了答复，您说办得怎么样$", begun)

    going = await shown(phone, await filed(app, AppealState.IN_PROGRESS, chat=mine))
    assert re.search(rf"{DONE}开始办\n⏳ .+正在办\n▫️ ", going)

    asked = await filed(app, AppealState.PENDING_INFO, chat=mine)
    async with app.db.begin() as session:
        gap = update(AppealStep).where(AppealStep.name == "ask").values(text="欠条还在吗？\n\n有照片也行")
        await session.execute(gap)
    waiting = await shown(phone, asked)
    assert re.search(rf"{DONE}问您：欠条还在吗？\n有照片也行\n⏳ 等您回话", waiting)
    assert "不算在期限里" in waiting


async def test_what_is_over_waits_for_nothing(phone, app):
    number = await files(phone)
    await shown(phone, number)
    await phone.presses("撤回")
    await phone.presses("真的撤回")
    await minute_over(app)
    over = await shown(phone, number)
    assert re.search(rf"{DONE}您撤回了$", over)


async def test_whoever_looks_up_by_code_reads_how_it_goes_and_not_what_was_written(phones):
    author, other = await phones(), await phones()
    await author.types("/appeal")
    await author.presses("欠薪")
    await author.types(STORY)
    [receipt] = await author.presses("提交")
    number, code = re.search(r"编号：(\d{12})\s+提取码：(\w{6})", receipt).groups()
    await other.types("我要反映")
    await other.presses("拿编号")
    await other.types(number)
    seen = (await other.types(code))[-1]
    assert "等区里的人看" in seen
    assert STORY not in seen


async def test_what_staff_wrote_is_text_and_no_markup(phone, app):
    number = await files(phone)
    async with app.db.begin() as session:
        await session.execute(update(AppealStep).values(name="answer", text="<b>&好</b>"))
    assert "答复：<b>&好</b>" in await shown(phone, number)


async def test_a_hazard_and_a_membership_are_read_the_same_way(phone, app):
    number = await reports(phone)
    async with app.db.begin() as session:
        looked = HazardMove(HazardState.VALIDATED, REVIEWER)
        await hazard_transitions.move(session, app.services, number, looked)
    await phone.types("随手拍")
    await phone.presses("我上报的")
    hazard = (await phone.presses(number))[-1]
    assert re.search(rf"情况：.+\n.+\n\n{DONE}您上报了\n{DONE}核对过了\n⏳ 在找该谁管\n▫️ ", hazard)

    await applied(phone)
    await phone.types("帮社区、攒积分")
    membership = (await phone.presses("进展"))[-1]
    assert re.search(rf"\n\n{DONE}您报名了\n⏳ 等区里的人看\n▫️ 通过了，学几分钟，发证上岗$", membership)
