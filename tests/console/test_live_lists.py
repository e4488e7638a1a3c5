"""Lists keep themselves up to date under somebody's hands: ticks, focus and place survive what colleagues do."""

import pytest
from playwright.async_api import expect

from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import Role
from bot.services.hazards import hazards
from bot.services.hazards.hazards import HazardDraft
from tests.console.test_screens import sits
from tests.support.appeals import does, filed
from tests.support.browser import needed
from tests.support.desk import Desk

pytestmark = needed


@pytest.fixture
async def desks(app):
    async with Desk(app, Role.ADMIN) as mine, Desk(app, Role.ADMIN, name="管理员赵") as other:
        yield mine, other


def box(page, number):
    return page.get_by_label(f"勾选 {number}")


async def test_ticks_stay_when_a_colleague_moves_another_case_and_when_a_ticked_one_changes(app, browser, desks):
    mine, other = desks
    first, second, third = [await filed(app) for _ in range(3)]
    page, trouble = await sits(app, browser, mine)
    await page.goto(f"{mine.url}/console/appeals")
    await box(page, first).check()
    await box(page, second).check()
    row = await page.locator(f'[data-row="{first}"]').element_handle()
    async with page.expect_response(lambda answer: "x-topic" in answer.request.headers) as answered:
        await does(other, third, "assign", agency="community")
    told = await (await answered.value).text()
    await expect(page.locator(f'[data-row="{third}"]')).to_contain_text("已派单")
    assert [f'data-row="{number}" data-same' in told for number in (first, second, third)] == [True, True, False]
    assert "主菜单" not in told  # Only what changed travels.
    assert 'id="kind"' not in told
    await does(other, second, "assign", agency="labour")
    await expect(page.locator(f'[data-row="{second}"]')).to_contain_text("已派单")
    await expect(box(page, first)).to_be_checked()
    await expect(box(page, second)).to_be_checked()
    await expect(box(page, second)).to_be_focused()
    assert await row.evaluate("node => node.isConnected")  # What did not change was not touched.
    assert trouble == []


async def test_of_hazards_only_the_row_that_changed_travels(app, browser, desks):
    mine, other = desks
    async with app.db.begin() as session:
        drafts = [
            HazardDraft("road", f"第 {number} 个井盖翘了", point=(41.79 + number / 50, 123.43)) for number in range(3)
        ]
        numbers = [(await hazards.submit(session, app.services, None, each)).number for each in drafts]
    page, trouble = await sits(app, browser, mine)
    await page.goto(f"{mine.url}/console/hazards")
    row = await page.locator(f'[data-row="{numbers[0]}"]').element_handle()
    before = await page.locator(f'[data-row="{numbers[2]}"]').inner_text()
    await other.gets(f"/console/hazards/{numbers[2]}")
    async with page.expect_response(lambda answer: "x-topic" in answer.request.headers) as answered:
        await other.submits(f"/console/hazards/{numbers[2]}/reassign", agency="community", text="派错了，换一家")
    told = await (await answered.value).text()
    assert [f'data-row="{number}" data-same' in told for number in numbers] == [True, True, False]
    assert 'id="kind"' not in told  # The filter does not travel.
    await expect(page.locator(f'[data-row="{numbers[2]}"]')).not_to_have_text(before)
    assert await row.evaluate("node => node.isConnected")  # What did not change was not touched.
    assert trouble == []


async def test_a_ticked_case_that_leaves_the_group_is_missed_aloud(app, browser, desks):
    mine, other = desks
    first, second = [await filed(app) for _ in range(2)]
    page, trouble = await sits(app, browser, mine)
    await page.goto(f"{mine.url}/console/appeals?view=dispatch")
    await box(page, first).check()
    await box(page, second).check()
    await does(other, second, "assign", agency="labour")
    await expect(page.locator("#gone")).to_contain_text("1 行刚被别人办了")
    await expect(box(page, first)).to_be_checked()
    await expect(box(page, second)).to_have_count(0)
    assert trouble == []


async def test_a_new_case_comes_in_at_its_place_and_the_page_stays_where_it_was(app, browser, desks):
    mine, _ = desks
    numbers = [await filed(app) for _ in range(30)]
    page, _ = await sits(app, browser, mine)
    await page.set_viewport_size({"width": 1280, "height": 500})
    await page.goto(f"{mine.url}/console/appeals")
    await box(page, numbers[-1]).check()
    place = await page.evaluate("scrollY")
    assert place > 500
    new = await filed(app)
    await expect(page.locator(f'[data-row="{new}"]')).to_have_count(1)
    assert abs(await page.evaluate("scrollY") - place) < 100
    await expect(box(page, numbers[-1])).to_be_checked()


async def test_a_letter_opens_a_form_and_never_closes_one(app, browser, desks):
    mine, _ = desks
    number = await filed(app, AppealState.IN_PROGRESS)
    page, _ = await sits(app, browser, mine)
    await page.goto(f"{mine.url}/console/appeals/{number}")
    for key, field in (("v", "#answer-text"), ("r", "#reassign-agency"), ("v", "#answer-text")):
        await page.keyboard.press(key)
        await expect(page.locator(field)).to_be_focused()
        await page.evaluate("document.activeElement.blur()")
    await expect(page.locator("#do-answer")).to_have_attribute("open", "")
