"""What somebody takes back or clears can be undone for a minute, whatever dies in it, and is done when it is over."""

from sqlalchemy import select

from bot.services.appeals.states import AppealState
from bot.services.chats import pending
from bot.services.core.lifecycle import SYSTEM
from bot.store.models import Appeal, Chat
from tests.appeals.test_filing import ADMIN, HANDLER, RESULT, REVIEWER, STORY, acts, files
from tests.chats.test_flow import homes
from tests.support.phone import Phone
from tests.support.second_thoughts import minute_over

__all__ = ["acts", "homes"]  # fixtures


async def state(app, number: str) -> str:
    async with app.db.read() as session:
        return str(await session.scalar(select(Appeal.state).where(Appeal.number == number)))


async def planned(app):
    async with app.db.read() as session:
        return pending.planned(await session.scalar(select(Chat.pending)))


async def withdraws(phone, number: str) -> None:
    await phone.types("/appeals")
    await phone.presses(number)
    await phone.presses("撤回")
    assert "一分钟后撤回" in (await phone.presses("真的撤回"))[-1]


async def test_a_case_that_is_taken_back_goes_on_when_they_think_again_and_is_over_when_they_do_not(phone, app):
    number = await files(phone)
    await withdraws(phone, number)
    assert "照常办" in (await phone.presses("撤销"))[-1]
    await minute_over(app)
    assert (await state(app, number), await phone.hears()) == ("submitted", [])

    await withdraws(phone, number)
    bubble = (await phone.messages())[-1]["id"]
    await phone.types("/appeals")
    await phone.presses(number)
    assert "↩️ 撤销" in await phone.buttons()  # wherever they look at it
    await minute_over(app)
    assert await state(app, number) == "withdrawn"
    assert f"{number} 撤回了" in (await phone.hears())[-1]
    await phone.presses_data(bubble, f"uu:appeal:{number}")
    assert await phone.toasts() == ["过了一分钟，撤销不了了。"]
    assert await planned(app) == {}


async def test_whoever_was_answered_within_the_minute_keeps_the_answer(phone, app, acts):
    number = await files(phone)
    await acts(number, AppealState.ACCEPTED, SYSTEM)
    await acts(number, AppealState.ASSIGNED, ADMIN, agency="labour")
    await acts(number, AppealState.IN_PROGRESS, HANDLER)
    await withdraws(phone, number)
    await acts(number, AppealState.ANSWERED, REVIEWER, text=RESULT)
    await minute_over(app)
    assert await state(app, number) == "answered"
    assert "撤不了：有答复了" in (await phone.hears())[-1]


async def test_a_minute_that_the_process_did_not_live_through_ends_in_the_next_one(homes):
    first = await homes()
    async with Phone(first) as phone:
        await phone.opens()
        kept, gone = await files(phone), await files(phone, "站点扣了我的押金一千块，一直不退给我")
        await withdraws(phone, kept)
        await phone.presses("撤销")
        await withdraws(phone, gone)
    await first.stop()
    second = await homes()
    await minute_over(second)
    assert [await state(second, number) for number in (kept, gone)] == ["submitted", "withdrawn"]


async def test_a_draft_that_was_cleared_is_found_again_also_behind_another_one(phone, app):
    async def begins(text: str) -> None:
        await phone.types("/appeal")
        await phone.presses("欠薪")
        await phone.types(text)
        await phone.presses("先不写了")
        assert "清掉了" in (await phone.presses("清掉"))[-1]

    await begins(STORY)
    assert "找回来了" in (await phone.presses("撤销"))[-1]
    assert STORY in (await phone.presses("接着写"))[-1]
    await phone.presses("先不写了")
    await phone.presses("清掉")
    bubble = (await phone.messages())[-1]["id"]
    await phone.types("/report")
    await phone.types("路口井盖翘起来了")
    await phone.presses_data(bubble, "uu:draft:appeal")
    await phone.types("/appeal")
    assert STORY in (await phone.presses("接着写"))[-1]


async def test_of_a_draft_that_stays_cleared_nothing_is_left(phone, app):
    await phone.types("/appeal")
    await phone.presses("欠薪")
    await phone.types(STORY)
    await phone.presses("先不写了")
    await phone.presses("清掉")
    assert STORY in str(await planned(app))
    await minute_over(app)
    assert await planned(app) == {}
    async with app.db.read() as session:
        assert await session.scalar(select(Chat.answers)) is None
