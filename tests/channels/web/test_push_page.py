"""The page asks for leave to ring by a tap only, rings while nobody looks, and stops by one tap."""

import json

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import delete, func, select

from bot.channels.web import PushSettings
from bot.channels.web.rows import SUBSCRIPTIONS
from tests.support.browser import needed
from tests.support.push_service import PushService
from tests.support.web_driver import eventually
from tests.support.web_page import begins

# A browser without a push service of its maker's: what it would be given there, it is given here.
SUBSCRIBES = """
    window.asked = 0;
    const ask = Notification.requestPermission.bind(Notification);
    Notification.requestPermission = () => { window.asked += 1; return ask(); };
    const made = { toJSON: () => (%s), endpoint: %s, unsubscribe: async () => { delete localStorage.made; return true; } };
    PushManager.prototype.subscribe = async () => { localStorage.made = 1; return made; };
    PushManager.prototype.getSubscription = async () => localStorage.made ? made : null;
"""
SHOWN = "navigator.serviceWorker.getRegistration('/chat').then(all => all.getNotifications()).then(all => all.map(each => each.body))"

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needed]


async def kept(stage) -> int:
    async with stage.server.chat.shared.db.read() as session:
        return await session.scalar(select(func.count()).select_from(SUBSCRIPTIONS))


async def registered(found: list[str]) -> list[str]:
    return found


async def option(page: Page, words: str) -> None:
    await page.locator("#menu").click()
    await page.get_by_role("button", name=words).click()


async def allowed(stage, browser) -> Page:
    """A page that may ring, and that nobody has asked to."""
    page = await stage.opens("/map")
    await page.context.grant_permissions(["notifications"], origin=stage.server.url)
    await page.context.add_init_script(SUBSCRIBES % (json.dumps(browser.subscription), json.dumps(browser.endpoint)))
    await page.goto(f"{stage.server.url}/chat")
    await begins(page)
    return page


async def marks(page: Page) -> list[bool]:
    """Whether the page holds on to being rung, and whether the browser does."""
    return await page.evaluate("['nuanxin:rings:me', 'made'].map(name => localStorage.getItem(name) !== null)")


async def test_a_browser_that_was_turned_off_elsewhere_is_off_when_the_page_is_opened_again(stage):
    async with PushService() as service:
        await stage.restart(push=PushSettings("mailto:it@example.gov.cn", [service.origin]))
        page = await allowed(stage, service.browser())
        await option(page, "有进展提醒我")
        await expect(page.locator(".toast")).to_contain_text("有进展会提醒您")
        await page.reload()
        await page.locator("#menu").click()
        await expect(page.get_by_role("button", name="不再提醒")).to_be_visible()
        assert await marks(page) == [True, True]
        async with stage.server.chat.shared.db.connect() as connection:
            await connection.execute(delete(SUBSCRIPTIONS))
        await page.reload()
        await page.wait_for_function("localStorage.getItem('nuanxin:rings:me') === null && !localStorage.made")
        await page.locator("#menu").click()
        await expect(page.get_by_role("button", name="有进展提醒我")).to_be_visible()
        assert await kept(stage) == 0


async def test_deleting_the_conversation_leaves_a_browser_that_is_rung_for_nobody(stage):
    async with PushService() as service:
        await stage.restart(push=PushSettings("mailto:it@example.gov.cn", [service.origin]))
        page = await allowed(stage, service.browser())
        await option(page, "有进展提醒我")
        await expect(page.locator(".toast")).to_contain_text("有进展会提醒您")
        await option(page, "删除我的聊天记录")
        await page.get_by_role("button", name="确定删除").click()
        await expect(page.locator("#welcome")).to_be_visible()
        assert await marks(page) == [False, False]
        assert await kept(stage) == 0


async def test_a_tap_asks_for_leave_a_ring_is_shown_to_who_looks_elsewhere_and_a_tap_ends_it(stage):
    async with PushService() as service:
        await stage.restart(push=PushSettings("mailto:it@example.gov.cn", [service.origin]))
        browser = service.browser()
        page = await allowed(stage, browser)
        assert await page.evaluate("window.asked") == 0
        await option(page, "有进展提醒我")
        await expect(page.locator(".toast")).to_contain_text("有进展会提醒您")
        assert await page.evaluate("window.asked") == 1
        assert await kept(stage) == 1

        worker = await page.context.new_cdp_session(page)
        found: list[str] = []
        worker.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda told: found.extend(each["registrationId"] for each in told["registrations"]),
        )
        await worker.send("ServiceWorker.enable")
        await eventually(lambda: registered(found))
        message = {"title": "暖新", "body": "有新消息，点开看看", "open": "/chat"}
        ring = {"origin": stage.server.url, "registrationId": found[0], "data": json.dumps(message)}
        await worker.send("ServiceWorker.deliverPushMessage", ring)
        assert await page.evaluate(SHOWN) == []  # Whoever looks at the page has read it there.
        await option(page, "不再提醒")
        await expect(page.locator(".toast").last).to_contain_text("不提醒了")
        assert await kept(stage) == 0

        await page.goto(f"{stage.server.url}/map")
        await worker.send("ServiceWorker.deliverPushMessage", ring)
        assert await eventually(lambda: page.evaluate(SHOWN)) == ["有新消息，点开看看"]


async def test_without_a_contact_nothing_is_offered(stage):
    page = await stage.opens()
    await begins(page)
    await page.locator("#menu").click()
    await expect(page.get_by_role("button", name="停用服务消息")).to_be_visible()
    await expect(page.get_by_role("button", name="有进展提醒我")).to_have_count(0)
