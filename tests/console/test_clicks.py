"""How many clicks the everyday work of an office takes, and that a case comes to its end without a mouse."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select, update

from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import Role
from bot.services.hazards import hazards
from bot.services.hazards.hazards import HazardDraft
from bot.store.models import Chat, Shift, Volunteer, now
from tests.console.test_screens import sits
from tests.support.appeals import RESULT, case_of, filed
from tests.support.browser import needed
from tests.support.desk import Desk
from tests.support.things import volunteered

pytestmark = [needed, pytest.mark.long]


class Hand:
    """Somebody at a page, who counts every click; typing is no click."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    async def follows(self, name: str) -> None:
        await self.clicks_on(self.page.get_by_role("link", name=name, exact=True).first)

    async def presses(self, name: str) -> None:
        await self.clicks_on(self.page.locator("main").get_by_role("button", name=name, exact=True).first)

    async def agrees(self) -> None:
        """To the question before what is hard to undo."""
        await self.clicks_on(self.page.locator("#sure").get_by_role("button", name="确定"))

    async def clicks_on(self, what) -> None:
        self.clicks += 1
        await what.click()
        await self.page.wait_for_load_state()


async def hand_of(app, browser, desk, path: str) -> Hand:
    page, _ = await sits(app, browser, desk)
    await page.goto(f"{desk.url}{path}")
    return Hand(page)


async def test_a_case_is_dispatched_with_two_clicks_taken_and_answered_with_three_and_reviewed_with_two(app, browser):
    number = await filed(app)
    async with Desk(app, Role.ADMIN) as admin:
        hand = await hand_of(app, browser, admin, "/console/appeals?view=dispatch")
        await hand.follows(number)
        await hand.presses("派单")
        await expect(hand.page.get_by_role("status").first).to_be_visible()
        assert hand.clicks == 2
    async with Desk(app, Role.HANDLER, agency="labour") as handler:
        hand = await hand_of(app, browser, handler, "/console/appeals?view=begin")
        await hand.follows(number)
        await hand.presses("我来办")
        await hand.page.get_by_label("答复", exact=True).fill(RESULT)
        await hand.presses("交审核")
        assert hand.clicks == 3
    async with Desk(app, Role.REVIEWER) as reviewer:
        hand = await hand_of(app, browser, reviewer, "/console/appeals?view=review")
        await hand.follows(number)
        await hand.presses("发给当事人")
        assert hand.clicks == 2
    assert (await case_of(app, number)).state == AppealState.ANSWERED


async def test_a_hazard_is_checked_and_a_volunteer_approved_with_two_clicks(app, browser, phone):
    await phone.types("/start")
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat))  # A first report waits for somebody to look at it.
        draft = HazardDraft("road", "路口井盖翘起来了", point=(41.795, 123.433))
        number = (await hazards.submit(session, app.services, chat, draft)).number
    async with Desk(app, Role.REVIEWER) as reviewer:
        hand = await hand_of(app, browser, reviewer, "/console/hazards")
        await hand.follows(number)
        await hand.presses("核对无误")
        assert hand.clicks == 2
    applied = await volunteered(app, "2101")
    async with Desk(app, Role.ORGANISER) as organiser:
        hand = await hand_of(app, browser, organiser, "/console/volunteers")
        await hand.follows(applied)
        await hand.presses("批准，开始培训")
        await expect(hand.page.get_by_role("status").first).to_be_visible()
        assert hand.clicks == 2


async def test_a_notice_is_written_with_three_clicks_and_approved_with_two(app, browser, phone):
    await phone.types("/start")
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(region="2101"))
    async with Desk(app, Role.ORGANISER) as organiser, Desk(app, Role.APPROVER) as approver:
        hand = await hand_of(app, browser, organiser, "/console/notices")
        await hand.follows("写一条通知")
        await hand.page.get_by_label("标题").fill("明天有雨")
        await hand.page.get_by_label("正文").fill("明天下午有大雨，路滑，请慢一点。")
        await hand.page.locator("#unit").fill("市总工会")
        await hand.page.get_by_label("有效到哪天").fill(f"{now() + timedelta(days=2):%Y-%m-%d}")
        await hand.presses("存下，看预览和人数")
        await hand.presses("交给审批员")
        await expect(hand.page.locator("#agree")).to_be_visible()
        assert hand.clicks == 3
        hand = await hand_of(app, browser, approver, "/console/notices")
        await hand.follows("明天有雨")
        count = re.search(r"提交时是 (\d+) 人", await hand.page.locator("main").inner_text())[1]
        await hand.page.get_by_label("发给多少人").fill(count)
        await hand.presses("批准")
        await expect(hand.page.get_by_role("status").first).to_be_visible()
        assert hand.clicks == 2


async def test_fifty_cases_are_dispatched_with_three_clicks_and_fifty_hours_counted_with_two(app, browser):
    numbers = [await filed(app) for _ in range(50)]
    async with Desk(app, Role.ADMIN) as admin:
        hand = await hand_of(app, browser, admin, "/console/appeals?view=dispatch")
        await hand.clicks_on(hand.page.get_by_role("link", name="这个筛选的全部一起办"))
        await hand.presses("派单 50 件")
        await hand.agrees()
        await expect(hand.page.locator("h1")).to_contain_text("办好了 50 件")
        assert hand.clicks == 3
    assert {(await case_of(app, each)).state for each in numbers} == {AppealState.ASSIGNED}
    member = await volunteered(app, "2101")
    async with app.db.begin() as session:
        whose = await session.scalar(select(Volunteer.id).where(Volunteer.number == member))
        for day in range(50):
            at = now() - timedelta(days=day + 1)
            session.add(Shift(volunteer_id=whose, started_at=at, ended_at=at + timedelta(hours=1), state="ended"))
    async with Desk(app, Role.ORGANISER) as organiser:
        hand = await hand_of(app, browser, organiser, "/console/volunteers")
        await hand.presses("勾选的都计入")
        await hand.agrees()
        await expect(hand.page.get_by_role("status").first).to_contain_text("计入了")
        assert hand.clicks == 2
    async with app.db.read() as session:
        assert set(await session.scalars(select(Shift.state))) == {"approved"}


async def by_keys(page: Page, name: str) -> None:
    """Go on with Tab to the button of this name, and press it."""
    for _ in range(40):
        if (
            await page.evaluate("document.activeElement.nodeName + document.activeElement.textContent")
            == f"BUTTON{name}"
        ):
            await page.keyboard.press("Enter")
            await page.wait_for_load_state()
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not come to {name}")


async def opened_by_keys(app, browser, desk, number: str) -> Page:
    """The case, from home, by g, q and j."""
    page, _ = await sits(app, browser, desk)
    await page.goto(f"{desk.url}/console")
    await page.keyboard.press("g")
    await page.keyboard.press("q")
    await page.wait_for_url("**/console/appeals")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/{number}?*")
    return page


async def test_a_case_comes_from_its_author_to_its_answer_by_keyboard_alone(app, browser):
    number = await filed(app)
    async with Desk(app, Role.ADMIN) as admin:
        page = await opened_by_keys(app, browser, admin, number)
        await page.keyboard.press("d")
        await by_keys(page, "派单")
        await expect(page.get_by_role("status").first).to_be_visible()
    async with Desk(app, Role.HANDLER, agency="labour") as handler:
        page = await opened_by_keys(app, browser, handler, number)
        await page.keyboard.press("b")
        await by_keys(page, "我来办")
        await expect(page.get_by_label("答复", exact=True)).to_be_visible()
        await page.keyboard.press("w")
        await page.keyboard.type(RESULT)
        await by_keys(page, "交审核")
        await expect(page.get_by_role("status").first).to_be_visible()
    async with Desk(app, Role.REVIEWER) as reviewer:
        page = await opened_by_keys(app, browser, reviewer, number)
        await page.keyboard.press("v")
        await by_keys(page, "发给当事人")
        await expect(page.get_by_role("status").first).to_be_visible()
    assert (await case_of(app, number)).state == AppealState.ANSWERED
