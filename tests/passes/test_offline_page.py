"""A guard's phone in a real browser, with the network cut: it checks codes alone, and hands in once what the guard did."""

import json
from datetime import timedelta

import pytest
import time_machine
from playwright.async_api import BrowserContext, Page, expect

from bot.services.core.lifecycle import WORKER
from bot.services.passes.states import PassState
from bot.store.models import now
from tests.support.accessibility import violations
from tests.support.browser import needed
from tests.support.cable import Cable
from tests.support.passes import ORGANISER, altered, code_of, entries, invited, moves, pass_in, revoked

READY = "navigator.serviceWorker.ready.then(() => true)"
JUDGED = """([tokens, at]) => Promise.all(tokens.map(each => GUARD.judge(each, JSON.parse(localStorage.getItem('gate.sheet')), at)))
    .then(all => all.map(each => each.verdict))"""
STORED = """caches.keys().then(names => Promise.all(names.map(name => caches.open(name).then(each => each.matchAll()))))
    .then(all => Promise.all(all.flat().map(each => each.text()))).then(all => all.join() + JSON.stringify(localStorage))"""

pytestmark = needed


@pytest.fixture
async def cable(app):
    """Between the phone and the server."""
    async with Cable(app.port) as cable:
        yield cable


async def opened(browser, **options: object) -> BrowserContext:
    context = await browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", **options)
    context.set_default_timeout(15_000)
    return context


@pytest.fixture
async def phone_of_guard(app, compound, browser, cable) -> Page:
    """Enrolled by its link, and so far that it goes on alone."""
    page = await (await opened(browser, viewport={"width": 360, "height": 740})).new_page()
    await page.goto(cable.url + await invited(app, compound))
    await page.get_by_role("button", name="这台手机当门岗").click()
    assert await page.evaluate(READY)
    await listed(page)
    return page


async def listed(page: Page) -> None:
    """The phone has a list and says so."""
    await expect(page.get_by_role("status")).to_contain_text("名单")


async def scans(page: Page, cable: Cable, token: str, verdict: str) -> None:
    """As the camera opens it."""
    await page.goto(f"{cable.url}/q/{token}")
    await expect(page.get_by_role("heading", name=verdict, exact=True)).to_be_visible()


async def later(page: Page, **span: float) -> None:
    """Let the phone believe that so much time has passed."""
    await page.clock.set_fixed_time(now() + timedelta(**span))


async def lists_again(page: Page, cable: Cable) -> None:
    """Ask for the list of this moment."""
    await page.evaluate("localStorage.removeItem('gate.sheet')")
    await page.goto(f"{cable.url}/q/gate")
    await listed(page)


async def test_the_gate_keeps_working_for_an_hour_without_network_and_hands_its_entries_in_once(
    app, phone_of_guard, cable
):
    page = phone_of_guard
    riders = [await pass_in(app, active=True) for _ in range(3)]
    with time_machine.travel(now() - timedelta(hours=1)):  # Phone and server alike.
        await later(page)
        await lists_again(page, cable)
        codes = [await code_of(app, each) for each in riders[:2]]
        await cable.cut()
        await scans(page, cable, codes[0], "有效")
        await expect(page.get_by_text("离线核验，名单是刚才的")).to_be_visible()
        await expect(page.get_by_text("有效到")).to_be_visible()
        await expect(page.get_by_text("兴工花园 东门")).to_be_visible()
        assert await violations(page) == []
        await page.get_by_role("button", name="放行", exact=True).click()
        await expect(page.get_by_role("heading", name="记下了：放行")).to_be_visible()
    await later(page)
    await scans(page, cable, codes[1], "有效")
    await expect(page.get_by_text("离线核验，名单是 1 小时前的")).to_be_visible()
    await expect(page.get_by_text("这个码是 1 小时前亮的")).to_be_visible()
    await page.get_by_label("没放行的原因").select_option("doubt")
    await page.get_by_role("button", name="没放行").click()
    await expect(page.get_by_text("有 2 次还没报，有网自动报")).to_be_visible()
    await scans(page, cable, f"{codes[1][:-2]}AA", "不认识")
    assert await entries(app) == []
    await cable.mend()
    await scans(page, cable, await code_of(app, riders[2]), "有效")
    await expect(page.get_by_text("张** 美团")).to_be_visible()
    await page.get_by_role("button", name="放行", exact=True).click()
    await expect(page.get_by_role("heading", name="记下了：放行")).to_be_visible()
    await expect(page.get_by_text("还没报")).to_be_hidden()
    expected = [("let_in", "", True), ("turned_away", "doubt", True), ("let_in", "", True)]
    assert await entries(app) == expected
    await page.reload()
    await page.goto(f"{cable.url}/q/gate")
    await expect(page.get_by_text("没网也能扫")).to_be_visible()
    assert await entries(app) == expected


async def test_offline_a_code_of_yesterday_and_a_revoked_one_are_refused_and_an_old_list_says_nothing_is_valid(
    app, compound, phone_of_guard, cable
):
    page = phone_of_guard
    good, stopped, ended, late = [await pass_in(app, active=True) for _ in range(4)]
    codes = {each: await code_of(app, each) for each in (good, stopped, ended, late)}
    far = await code_of(app, await pass_in(app, "370102", active=True))
    await moves(app, stopped, PassState.SUSPENDED, ORGANISER, "有人说转借了")
    await moves(app, ended, PassState.WITHDRAWN, WORKER)
    await lists_again(page, cable)
    await moves(app, late, PassState.SUSPENDED, ORGANISER, "有人说转借了")  # The list does not know.
    await cable.cut()
    for token, verdict in ((codes[good], "有效"), (codes[stopped], "停用"), (codes[ended], "不认识"), (far, "不认识")):
        await scans(page, cable, token, verdict)
    await scans(page, cable, codes[late], "有效")
    await later(page, hours=23)
    await scans(page, cable, codes[good], "有效")
    await later(page, hours=24, minutes=2)
    await scans(page, cable, codes[good], "不是现在的码")
    at = int(now().timestamp() * 1000)
    day = 24 * 3_600_000
    sheet = "const sheet = JSON.parse(localStorage.getItem('gate.sheet'));"
    judge = f"([token, at, listed]) => {{ {sheet} sheet.at = listed; return GUARD.judge(token, sheet, at); }}"
    for listed, verdict in ((at - day + 1, "ok"), (at - day - 1, "list_old"), (at + 1, "list_old")):
        assert (await page.evaluate(judge, [codes[good], at, listed]))["verdict"] == verdict
    assert (await page.evaluate(judge, [codes[good], at + 184 * day, at + 184 * day]))["verdict"] == "stale"
    await later(page)
    await page.evaluate("localStorage.removeItem('gate.sheet')")
    await scans(page, cable, codes[good], "核不了")
    await expect(page.get_by_text("这台手机还没有名单")).to_be_visible()


async def test_altered_codes_are_refused_by_the_phone_alone_and_a_good_one_is_checked_in_50_ms(
    app, phone_of_guard, cable
):
    page = phone_of_guard
    token = await code_of(app, await pass_in(app, active=True))
    await cable.cut()
    await scans(page, cable, token, "有效")
    at = int(now().timestamp() * 1000)
    assert set(await page.evaluate(JUDGED, [altered(token, 1_000), at])) == {"unknown"}
    timed = """([token, at]) => { const sheet = JSON.parse(localStorage.getItem('gate.sheet')), begin = performance.now();
        return GUARD.judge(token, sheet, at).then(() => performance.now() - begin); }"""
    took = sorted([await page.evaluate(timed, [token, at]) for _ in range(21)])
    assert took[10] < 50


async def test_nothing_of_a_person_stays_on_the_phone_and_nothing_at_all_when_the_gate_is_taken_from_it(
    app, compound, phone_of_guard, cable
):
    page = phone_of_guard
    number = await pass_in(app, active=True)
    token = await code_of(app, number)
    await scans(page, cable, token, "有效")
    await expect(page.get_by_text("张** 美团")).to_be_visible()
    await cable.cut()
    await scans(page, cable, token, "有效")
    await page.get_by_role("button", name="放行", exact=True).click()
    await expect(page.get_by_text("有 1 次还没报")).to_be_visible()
    stored = await page.evaluate(STORED)
    for secret in ("张", "13800138000", number, "美团", "meituan"):
        assert secret not in stored
    assert json.loads(await page.evaluate("localStorage.getItem('gate.sheet')"))["stopped"] == {}
    await revoked(app, compound)
    await cable.mend()
    await page.goto(f"{cable.url}/q/{token}")
    await expect(page.get_by_role("heading", name="这台手机不再当门岗，请找物业。")).to_be_visible()
    assert await page.evaluate("caches.keys()") == []
    assert await page.evaluate("Object.keys(localStorage)") == []
    assert await entries(app) == []
