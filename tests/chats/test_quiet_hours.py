"""Whose hours: a person's own hold for everything about their case, and staff sees what waits for them."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import ZONE
from bot.store.models import Appeal, Chat
from tests.support.appeals import case_of, filed
from tests.support.desk import Desk

HOUR = timedelta(hours=1)


def asleep() -> tuple[str, str]:
    """Quiet hours that began an hour ago, and when they are over."""
    here = datetime.now(ZONE)
    end = here + 2 * HOUR
    return f"{(here - HOUR).hour}-{end.hour}", f"{end:%H}:00"


@pytest.fixture
def settings(settings):
    """It is night for whoever chose no hours of their own."""
    return settings.model_copy(update={"quiet_hours": asleep()[0]})


@pytest.fixture
async def handler(app):
    async with Desk(app, Role.HANDLER, agency="labour", second=True) as desk:
        yield desk


async def begun(desk, number: str, verb: str = "begin", **fields):
    """The handler takes a step; the page that says what became of it."""
    path = f"/console/appeals/{number}"
    await desk.gets(path)
    version = (await case_of(desk.app, number)).version
    return await desk.submits(f"{path}/{verb}", version=version, **fields)


async def author(app, phone, state=AppealState.ASSIGNED) -> str:
    await phone.types("/start")
    async with app.db.read() as session:
        chat = await session.scalar(select(Chat.id))
    return await filed(app, state, chat=chat)


async def chooses(app, hours: str) -> None:
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(quiet=hours, version=Chat.version + 1))


async def test_a_night_rider_hears_of_their_case_at_once(app, phone, handler):
    number = await author(app, phone)
    await phone.types("/notices")
    await phone.presses("随时都行")
    page = await begun(handler, number)
    await handler.settled()
    assert "有人在办了" in (await phone.hears())[-1]
    assert "当事人收到了" not in page.words  # not before it did
    assert "✓ 已送达" in (await handler.gets(f"/console/appeals/{number}")).words


async def test_who_sleeps_by_day_is_told_when_they_wake_and_staff_reads_when(app, phone, handler):
    number = await author(app, phone)
    hours, end = asleep()
    await chooses(app, hours)
    await phone.hears()
    page = await begun(handler, number)
    await handler.settled()
    assert await phone.hears() == []
    assert f"等到 {end} 再告诉" in page.words.replace("明天 ", "")
    assert "已送达" not in page.words


async def test_what_somebody_says_before_they_were_asked_is_no_answer(app, phone, handler):
    number = await author(app, phone, AppealState.IN_PROGRESS)
    await chooses(app, asleep()[0])
    await begun(handler, number, "ask", text="请问是哪个站点？打全名。")
    await phone.types("冬天电动车续航掉得快怎么办")
    async with app.db.read() as session:
        assert await session.scalar(select(Appeal.state)) == AppealState.PENDING_INFO
    await chooses(app, "0-0")
    await begun(handler, number, "log", note="看看他回没回")
    assert "补到" not in "".join(await phone.hears())


async def test_who_has_shut_us_out_is_not_said_to_have_been_told(app, phone, handler):
    number = await author(app, phone)
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat))
        chat.blocked_at = chat.created_at
    page = await begun(handler, number)
    await handler.settled()
    assert "没发消息" in page.words
    assert "已送达" not in (await handler.gets(f"/console/appeals/{number}")).words
