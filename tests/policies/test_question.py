"""A worker asks in chat and is answered, with a source; or is told plainly that we do not know."""

import asyncio

import pytest
from sqlalchemy import func, select

from bot.store.models import Channel, Chat, Gap, Outbox, SeenUpdate, TopicCount


async def test_a_question_is_answered_with_its_source_and_date(phone):
    [answer] = await phone.types("站点拖着工资不给怎么要")
    assert "劳动保障监察条例" in answer
    assert "原文核对于 2026-11-28" in answer
    assert "看详细和出处" in await phone.buttons()


async def test_the_details_name_every_shown_source(phone, knowledge):
    await phone.types("站点拖着工资不给怎么要")
    [details] = await phone.presses("看详细")
    for source in knowledge.policies["unpaid-wages-steps"].shown_sources:
        assert source.title in details


async def test_a_question_leaves_no_trace_before_its_answer(phone, app):
    await phone.types("站点拖着工资不给怎么要")
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(SeenUpdate)) == 0
        assert await session.scalar(select(func.count()).select_from(Outbox).where(Outbox.kind == Channel.WEB)) == 0


async def test_what_people_ask_is_counted_afterwards_without_the_person(phone, app):
    await phone.types("站点拖着工资不给怎么要", "咋让我家猫别掉毛，电话 13812345678")
    await app.flush()
    async with app.db.read() as session:
        count = await session.scalar(select(TopicCount.asked).where(TopicCount.topic == "unpaid-wages-steps"))
        gap = await session.scalar(select(Gap.text))
    assert count == 1
    assert gap == "咋让我家猫别掉毛，电话 ***"


async def test_whoever_writes_the_notes_meanwhile_is_waited_for(phone, app):
    await phone.types("站点拖着工资不给怎么要")
    writing = asyncio.create_task(app.flush())
    await asyncio.sleep(0)  # It has begun.
    await app.flush()
    async with app.db.read() as session:
        assert await session.scalar(select(TopicCount.asked)) == 1
    await writing


async def test_a_verdict_is_counted_and_a_bad_one_asks_why(phone, app):
    await phone.types("站点拖着工资不给怎么要")
    await phone.presses("有用")
    assert (await phone.toasts())[-1] == "谢谢，记下了。"
    assert "哪里不行" in (await phone.presses("没用"))[0]
    await phone.presses("过时了")
    await app.flush()
    async with app.db.read() as session:
        row = await session.scalar(select(TopicCount))
    assert (row.useful, row.useless) == (1, 1)


async def test_small_talk_gets_a_human_sentence(phone):
    assert "有什么事直接说" in (await phone.types("你好"))[0]
    assert "路上慢点" in (await phone.types("谢谢"))[0]


async def test_whoever_does_not_know_says_so_and_offers_a_way_on(phone):
    [answer] = await phone.types("我家狗掉毛严重")
    assert "没把握" in answer
    assert "12345" in answer
    assert "📝 我要反映" in await phone.buttons()


async def test_the_workers_city_is_told_when_only_the_nation_has_a_rule(phone):
    await phone.types("/settings")
    await phone.presses("换地方")
    await phone.presses("沈阳")
    await phone.presses("铁西")
    [answer] = await phone.types("入职要押金可以吗")
    assert "这是全国的规定，沈阳另有规定的" in answer


async def test_a_persons_first_question_makes_no_row(phone, app):
    await phone.types("站点拖着工资不给怎么要")
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Chat)) == 0


@pytest.mark.parametrize("category", ["讨薪维权", "驿站"])
async def test_policies_can_be_browsed_in_two_taps(phone, knowledge, category):
    await phone.types("有事问我")
    await phone.presses(category)
    [label] = [each.label for each in knowledge.policies.values() if each.category == category][:1]
    [answer] = await phone.presses(label)
    assert "核对于" in answer
