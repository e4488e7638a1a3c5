"""Which office an appeal goes to follows from what it is about and what its author does; its deadline says whose it is."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from bot.services.calendar.time_limits import Rules
from bot.store.models import Agency, Appeal

STORY = "平台改了派单规则，单价掉了一半，问客服只回一句系统判定"


@pytest.mark.parametrize(
    ("job", "office"),
    [
        ("外卖骑手", "市场监督管理部门"),
        ("快递员", "邮政管理部门"),
        ("网约车司机", "交通运输部门"),
        ("货车司机", "交通运输部门"),
        ("网络主播", "市场监督管理部门"),
        ("", "社会工作部门（新就业群体服务专班）"),
    ],
)
async def test_what_a_platform_did_goes_to_the_office_of_the_trade(phone, app, job, office):
    if job:
        await phone.types("/settings")
        await phone.presses("换工种")
        await phone.presses(job)
    receipt = await files(phone)
    assert f"由谁办：{office}" in receipt
    async with app.db.read() as session:
        name = await session.scalar(select(Agency.name).join(Appeal, Appeal.agency_id == Agency.id))
    assert name == office


@pytest.mark.parametrize(("city", "said"), [("成都", "四川省12345热线运行管理办法"), ("沈阳", "本地自己的承诺")])
async def test_the_receipt_says_whose_deadline_it_is(phone, city, said):
    await phone.types("/settings")
    await phone.presses("换地方")
    await phone.types(city)
    await phone.presses("跳过")
    assert re.search(rf"\d{{4}}-\d\d-\d\d 前给您回话（{said}", await files(phone))


def test_every_limit_names_a_decree_or_calls_itself_our_own_promise(knowledge):
    kinds = (*knowledge.appeals.kinds.values(), *knowledge.hazards.kinds.values())
    assert {kind.source for kind in kinds} == {"本地自己的承诺"}
    decreed = [kind for kind in knowledge.appeals.kinds.values() if not kind.light]  # a word to a contact is no case
    limits = [Rules().limit(kind, "5101", date(2026, 11, 30)) for kind in decreed]
    assert all("办法" in limit.source for limit in limits)


def test_nothing_but_a_word_to_a_contact_is_answered_without_a_reviewer(knowledge):
    assert {code for code, kind in knowledge.appeals.kinds.items() if kind.light} == {"contact"}


def test_every_desk_has_an_office(knowledge):
    appeals, hazards = knowledge.appeals, knowledge.hazards
    filed = [
        kind for kind in appeals.kinds.values() if not kind.light
    ]  # A word to a contact goes to the contact's unit.
    wanted = {desk for kind in filed for desk in (kind.desk, *kind.by_job.values())}
    wanted |= {kind.desk for kind in hazards.kinds.values()}
    assert wanted <= {office.desk for office in (*appeals.offices, *hazards.offices)}


async def files(phone) -> str:
    await phone.types("我要反映")
    await phone.presses("写一份诉求")
    await phone.presses("平台规则")
    await phone.types(STORY)
    [receipt] = await phone.presses("提交")
    return receipt
