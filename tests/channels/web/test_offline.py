"""Without a network the page opens all the same: whom to call, what was being written, and nothing of what was said."""

import aiohttp
import pytest
from playwright.async_api import Page, expect

from tests.support.accessibility import violations
from tests.support.browser import needed
from tests.support.web_page import DESK, PHONE, TALL, begins, bubbles, says

KEPT = "caches.keys().then(names => Promise.all(names.map(name => caches.open(name).then(each => each.keys()))))"
ADDRESSES = f"{KEPT}.then(all => all.flat().map(each => new URL(each.url).pathname))"
READY = "navigator.serviceWorker.ready.then(each => each.active.state === 'activated')"

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needed]


@pytest.fixture(params=[(PHONE, "light"), (TALL, "dark"), (DESK, "light")], ids=["360", "390, dark", "1280"])
def size_and_colour(request):
    return request.param


async def keeps(page: Page) -> None:
    """Until the browser can open the page alone."""
    await page.wait_for_function(READY)


async def test_without_a_network_the_page_opens_with_whom_to_call_and_what_was_being_written(stage, size_and_colour):
    size, colour = size_and_colour
    page = await stage.opens(size=size, color_scheme=colour)
    await begins(page)
    await says(page, "谁也不该从手机里读到这一句")
    await expect(bubbles(page, "您说的是：谁也不该从手机里读到这一句")).to_be_visible()
    await keeps(page)
    await page.locator("#input").fill("写到一半")
    await stage.server.stop()
    await page.reload()

    await expect(page.get_by_role("heading", name="现在连不上网")).to_be_visible()
    for number, name in (("110", "公安报警"), ("119", "消防救援"), ("120", "医疗急救"), ("122", "交通事故报警")):
        call = page.get_by_role("link", name=f"{number} {name}")
        await expect(call).to_be_in_viewport()
        await expect(call).to_have_attribute("href", f"tel:{number}")
    await expect(page.locator("#input")).to_have_value("写到一半")
    assert "谁也不该" not in await page.content()
    assert await violations(page) == []
    stage.trouble.clear()  # The browser reports every request it could not make.

    await says(page, "没网的时候说的")
    await expect(page.get_by_role("button", name="没有发出去，点这里重试")).to_be_visible()
    await stage.restart()
    await expect(bubbles(page, "您说的是：没网的时候说的")).to_be_visible(timeout=20_000)
    await expect(page.get_by_role("heading", name="现在连不上网")).to_be_hidden()
    await expect(bubbles(page, "您说的是：谁也不该从手机里读到这一句")).to_be_visible()
    stage.trouble.clear()


async def test_only_files_that_everybody_gets_are_kept_and_those_of_one_version(stage):
    page = await stage.opens()
    await begins(page)
    await says(page, "送餐路上受伤了怎么办")
    await expect(bubbles(page, "先按职业伤害处理")).to_be_visible()
    await keeps(page)
    kept = await page.evaluate(ADDRESSES)
    statics = [each for each in kept if each != "/chat/offline"]
    assert sorted(kept) == sorted(set(kept))
    assert len(statics) > 15
    assert {each.rsplit("/", 1)[0] for each in statics} == {
        await page.evaluate("document.body.getAttribute('data-static')")
    }
    assert await page.evaluate("caches.open('shell-old').then(() => caches.keys()).then(all => all.length)") == 2
    await page.evaluate("navigator.serviceWorker.getRegistration('/chat').then(each => each.unregister())")
    await page.reload()
    await keeps(page)
    assert await page.evaluate("caches.keys().then(all => all.length)") == 1


async def test_what_is_kept_belongs_to_nobody(stage):
    async with aiohttp.ClientSession() as http, http.get(f"{stage.server.url}/chat/offline") as response:
        assert response.cookies == {}
        assert 'data-worker=""' in await response.text()


async def test_deleting_everything_takes_the_draft_from_the_phone(stage):
    page = await stage.opens()
    await begins(page)
    await page.locator("#input").fill("写到一半，不想留")
    await page.get_by_role("button", name="更多设置").click()
    await page.get_by_role("button", name="删除我的聊天记录").click()
    await page.get_by_role("button", name="确定删除").click()

    await expect(page.get_by_role("button", name="开始使用")).to_be_visible()
    await expect(page.locator("#input")).to_have_value("")
    assert await page.evaluate("Object.keys(localStorage).filter(each => /draft|outbox/.test(each))") == []
