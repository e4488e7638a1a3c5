"""Maps of the console in a real browser: what the server counts stands on the ground that all maps share."""

from playwright.async_api import expect

from bot.maps.tiles import Tiles
from bot.services.core.lifecycle import Role
from bot.services.hazards import hazards
from bot.services.hazards.hazards import HazardDraft
from tests.console.test_screens import sits
from tests.support.desk import Desk

HERE = (41.7951, 123.4329)
FAR = (41.95, 123.40)


async def fill(app) -> str:
    """Thirty leaks at one place and one elsewhere; its number."""
    async with app.db.begin() as session:
        for at in range(30):
            draft = HazardDraft("gas", "楼下漏气", point=(HERE[0] + at / 1e5, HERE[1]), origin="open311")
            await hazards.submit(session, app.services, None, draft)
        lonely = HazardDraft("gas", "楼下漏气", point=FAR, origin="open311")
        return str((await hazards.submit(session, app.services, None, lonely)).number)


async def test_hazards_lie_on_the_map_that_opens_by_click_and_by_keyboard(app, browser):
    lonely = await fill(app)
    async with Desk(app, Role.REVIEWER) as desk:
        page, trouble = await sits(app, browser, desk)
        await page.goto(f"{desk.url}/console/hazards/map")
        dots = page.locator(".ground .dot")
        await expect(dots).to_have_count(2)
        await expect(page.locator("svg.map")).to_be_hidden()  # what a browser without scripts sees
        await expect(page.locator(".ground .town").first).to_be_attached()
        await page.get_by_title("30 处，超期 0 处，点开放大").click()
        await expect(page.get_by_title(lonely)).to_have_count(0)
        await page.go_back()
        await page.goto(f"{desk.url}/console/hazards/map")
        await page.get_by_title(lonely).press("Enter")
        await expect(page).to_have_url(f"{desk.url}/console/hazards/{lonely}")
        await expect(page.locator(".ground.still .dot")).to_have_count(1)
        assert trouble == []


async def test_a_rule_is_for_the_districts_one_clicks_or_for_what_one_draws(app, browser):
    async with Desk(app, Role.ADMIN) as desk:
        page, trouble = await sits(app, browser, desk)
        await page.goto(f"{desk.url}/console/hazards/rules")
        await page.locator("path.district[data-code='210102']").click()
        await expect(page.locator("#area option:checked")).to_have_text(["沈阳市和平区"])
        await page.get_by_role("button", name="画一块地方").click()
        box = await page.locator(".ground").bounding_box()
        for across, down in ((0.4, 0.4), (0.6, 0.4), (0.5, 0.6)):
            await page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
        await expect(page.locator("[data-said]")).to_have_text("点了 3 个角，可以存了。")
        await page.get_by_label("这块地方叫什么").fill("街口")
        await page.get_by_label("派给").select_option("fire")
        await page.get_by_role("button", name="存下").click()
        await expect(page.locator("table.list")).to_contain_text("街口")
        await expect(page.locator(".ground .leaflet-tooltip")).to_contain_text("街口")
        assert trouble == []


async def test_stations_lie_on_the_map_too_and_one_opens_its_page(app, browser):
    async with Desk(app, Role.ORGANISER) as desk:
        page, trouble = await sits(app, browser, desk)
        await page.goto(f"{desk.url}/console/stations/map?lat=41.80&lon=123.40&span=0.05")
        await expect(page.locator(".ground .leaflet-control-attribution")).to_have_text("区划轮廓为简图")
        await expect(page.locator("[data-drawn]")).to_be_hidden()
        assert trouble == []


async def test_without_scripts_there_is_a_drawing_with_links(app, browser):
    await fill(app)
    async with Desk(app, Role.REVIEWER) as desk:
        context = await browser.new_context(java_script_enabled=False, locale="zh-CN")
        cookies = [{"name": c.key, "value": c.value, "url": f"{desk.url}/console"} for c in desk.http.cookie_jar]
        await context.add_cookies(cookies)
        page = await context.new_page()
        await page.goto(f"{desk.url}/console/hazards/map")
        await expect(page.locator(".ground")).to_be_hidden()
        await page.get_by_role("link", name="30 处，超期 0 处，点开放大").click()
        await expect(page.locator("svg.map")).to_be_visible()


async def test_streets_may_come_from_where_the_operator_says_and_nowhere_else(app):
    async with Desk(app, Role.REVIEWER) as desk, desk.http.get(f"{desk.url}/console/hazards/map") as response:
        policy = response.headers["Content-Security-Policy"]
    assert "img-src 'self';" in policy
    assert Tiles(("https://t{s}.example.cn/{z}/{x}/{y}",)).sources.split()[0] == "https://t0.example.cn"
