"""The screen belongs to the answer: what a rider sees at 360 x 740 without scrolling, and what one tap does."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import needed
from tests.support.web_page import DESK, PHONE, TALL, begins, bubbles, says

SEEN = """text => {
    const stage = document.getElementById("stage").getBoundingClientRect();
    const walker = document.createTreeWalker(document.getElementById("log"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const at = walker.currentNode.textContent.indexOf(text);
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(walker.currentNode, at);
        range.setEnd(walker.currentNode, at + text.length);
        const box = range.getBoundingClientRect();
        const part = walker.currentNode.parentElement.closest("p, .said").getBoundingClientRect();
        if (box.top >= stage.top && box.bottom <= Math.min(stage.bottom, part.bottom + 1)) return true;
    }
    return false;
}"""

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needed]


@pytest.fixture(params=[PHONE, TALL, DESK], ids=["360", "390", "1280"])
def size(request):
    return request.param


async def sees(page: Page, text: str) -> bool:
    return bool(await page.evaluate(SEEN, text))


@pytest.mark.parametrize(
    ("width", "height"),
    [(360, 740), (360, 460), (390, 844)],
    ids=["whole screen", "above the phone's keyboard", "a longer phone"],
)
async def test_title_first_lines_next_step_and_source_are_seen_without_scrolling(stage, width, height):
    page = await stage.opens(size=PHONE)
    await begins(page)
    await page.set_viewport_size({"width": width, "height": height})
    await says(page, "入职要押金可以吗")
    card = bubbles(page, "入职要押金、要扣身份证，可以吗？")
    await expect(card).to_be_visible()
    for words in ("入职要押金、要扣身份证，可以吗？", "不可以。", "下一步", "别交钱", "劳动合同法 第九条"):
        assert await sees(page, words), words

    if (width, height) != (390, 844):  # There all of it is seen.
        await page.get_by_role("button", name="展开全文").click()
    await expect(card.locator(".source")).to_contain_text("原文核对于 2026-11-02")
    heights = await card.locator("p").evaluate_all("all => all.map(each => each.scrollHeight - each.clientHeight)")
    assert max(heights) < 8  # The ground of a number may reach over the last line; a hidden line would be 20 px.


async def test_a_card_that_is_a_little_too_high_is_shortened_at_its_sources_only(stage):
    page = await stage.opens(size={"width": 360, "height": 1400})
    await begins(page)
    await says(page, "入职要押金可以吗")
    card = bubbles(page, "入职要押金、要扣身份证，可以吗？")
    await expect(card).to_be_visible()
    await expect(page.get_by_role("button", name="展开全文")).to_have_count(0)
    room, high = (
        await page.evaluate("document.getElementById('stage').clientHeight"),
        await card.evaluate("each => each.offsetHeight"),
    )
    await page.set_viewport_size({"width": 360, "height": 1400 - room + high + 20})
    await says(page, "入职要押金可以吗")
    await expect(card).to_have_count(2)
    await expect(page.get_by_role("button", name="展开全文")).to_have_count(1)
    hidden = await card.last.locator("p:not(.source)").evaluate_all(
        "all => all.map(each => each.scrollHeight - each.clientHeight)"
    )
    assert max(hidden) < 8
    await page.reload()
    await expect(page.get_by_role("button", name="展开全文")).to_have_count(2)


async def test_what_fits_the_moment_stands_above_the_composer(stage):
    page = await stage.opens(size={"width": 360, "height": 600})  # where the buttons of an answer are out of sight
    await begins(page)
    await says(page, "入职要押金可以吗")
    chips = page.locator("#chips")
    await expect(chips.get_by_role("button", name="👍 有用")).to_be_in_viewport()
    await expect(chips.get_by_role("button", name="换个问法")).to_be_in_viewport()
    await expect(chips.get_by_role("button", name="我要反映")).to_be_attached()
    await chips.get_by_role("button", name="👍 有用").click()
    await expect(page.locator(".toast")).to_have_text("谢谢，记下了")
    await chips.get_by_role("button", name="换个问法").click()

    await expect(page.locator("#input")).to_have_value("入职要押金可以吗")


async def test_an_emergency_number_is_a_large_button_to_call(stage):
    page = await stage.opens(size=PHONE)
    await begins(page)
    await says(page, "店里着火了")
    for number, name in (("119", "消防救援"), ("120", "医疗急救")):
        call = page.get_by_role("link", name=f"{number} {name}")
        await expect(call).to_be_in_viewport()
        await expect(call).to_have_attribute("href", f"tel:{number}")
        box = await call.bounding_box()
        assert box is not None
        assert box["height"] >= 56
    await expect(bubbles(page, "先打 119").get_by_role("link", name="119", exact=True)).to_have_attribute(
        "href", "tel:119"
    )


async def test_the_name_of_an_emergency_number_stands_beside_it_in_two_lines_at_most(stage, size):
    page = await stage.opens(size=size)
    await begins(page)
    await says(page, "想死")
    calls = page.locator("#log .call")
    await expect(calls).to_have_count(3)
    await expect(page.get_by_role("link", name="12356 全国统一心理援助热线")).to_be_in_viewport()
    heights = await calls.evaluate_all("all => all.map(each => each.getBoundingClientRect().height)")
    assert max(heights) <= 64


async def test_a_station_is_a_card_with_its_own_ways_and_filters_take_one_row(stage):
    page = await stage.opens(size=PHONE)
    await begins(page)
    await says(page, "三好街附近")
    cards = page.locator(".station")
    await expect(cards).to_have_count(2)
    await expect(cards.nth(1)).to_contain_text("2. 铁西爱心驿站")
    await expect(cards.nth(1)).to_contain_text("1.2 公里 · 西 · 24 小时")
    await expect(cards.nth(0).locator(".tag")).to_have_text(["🔌 手机充电", "🍱 热饭"])
    way = cards.nth(1).get_by_role("link", name="🧭 导航")
    await expect(way).to_have_attribute("href", "https://uri.amap.com/marker?position=2")
    await expect(bubbles(page, "离您最近、现在开着的驿站")).not_to_contain_text("铁西")
    filters = page.get_by_role("group", name="有什么")
    box = await filters.bounding_box()
    assert box is not None
    assert box["height"] < 60
    await expect(filters).to_be_in_viewport()
    await filters.get_by_role("button", name="充电").click()

    await expect(page.locator(".toast")).to_have_text("谢谢，记下了")


async def test_a_case_is_steps_done_now_and_next(stage, size):
    page = await stage.opens(size=size)
    await begins(page)
    await says(page, "我的诉求")
    steps = bubbles(page, "您写的：站点拖了我十月工资四千三").get_by_role("listitem")
    await expect(steps).to_have_count(6)
    await expect(steps.nth(0)).to_have_text("办过：11-28 09:12您提的")
    await expect(steps.nth(1)).to_contain_text("欠条还在吗？有照片也行")
    await expect(steps.nth(3)).to_have_text("现在：铁西区劳动监察大队正在办")
    await expect(steps.nth(5)).to_have_text("接下来：有了答复，您说办得怎么样")
    for words in ("您写的", "大队正在办", "有了答复"):
        await expect(bubbles(page, "您写的").get_by_text(words).first).to_be_in_viewport()


async def test_a_notice_has_a_subject_a_button_and_a_time(stage, size):
    page = await stage.opens(size=size)
    await begins(page)
    await says(page, "通知")
    card = bubbles(page, "今晚暴雨")
    await expect(card.get_by_role("heading", name="今晚暴雨，地下通道别走")).to_be_in_viewport()
    await expect(card.locator("time")).to_have_text(re.compile(r"^今天 \d\d:\d\d$"))
    await expect(card).to_contain_text("紧急通知")
    await expect(page.get_by_role("link", name="看避雨的驿站")).to_be_in_viewport()
    await expect(page.get_by_role("link", name="12395 水上搜救")).to_be_in_viewport()
    await expect(page.get_by_role("link", name="12345", exact=True)).to_be_visible()
    await expect(page.locator("#log .call")).to_have_count(1)


async def test_of_two_messages_in_answer_the_first_stays_in_sight(stage):
    page = await stage.opens(size=PHONE)
    await begins(page)
    await says(page, "着火了，入职押金还退吗")
    await expect(bubbles(page, "入职要押金、要扣身份证")).to_be_attached()
    await expect(page.get_by_role("link", name="119 消防救援")).to_be_in_viewport()


async def test_back_closes_what_lies_over_the_conversation_and_stays_on_the_page(stage):
    page = await stage.opens(size=PHONE)
    await begins(page)
    for opener in ("更多设置", "添加图片或位置"):
        await page.get_by_role("button", name=opener).click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.evaluate("history.back()")
        await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.get_by_role("button", name="更多设置").click()
    await page.keyboard.press("Escape")
    await says(page, "还在这里")

    await expect(bubbles(page, "您说的是：还在这里")).to_be_visible()
    assert page.url.endswith("/chat")
