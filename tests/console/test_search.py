"""The search of every page: a number leads to its thing at once, words list what holds them, nobody finds what is not theirs."""

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from bot.services.core.lifecycle import Role
from bot.store.models import Agency, Notice
from tests.console.test_screens import sits
from tests.support.appeals import filed
from tests.support.browser import needed
from tests.support.desk import Desk
from tests.support.things import hazard_in, notice_of, station_in, volunteered


async def test_a_whole_number_leads_to_its_page(app, admin):
    number = await filed(app)
    assert (await admin.gets(f"/console/search?q={number}")).path == f"/console/appeals/{number}"
    hazard = (await hazard_in(app, "2101"))["number"]
    assert (await admin.gets(f"/console/search?q={hazard.lower()}")).path == f"/console/hazards/{hazard}"
    member = await volunteered(app, "2101")
    assert (await admin.gets(f"/console/search?q={member}")).path == f"/console/volunteers/{member}"


async def test_words_find_a_case_a_unit_a_notice_and_a_station(app, admin):
    number = await filed(app, story="站长让每天多跑三十单，不然扣押金")
    page = await admin.gets("/console/search?q=多跑三十单")
    assert f'href="/console/appeals/{number}"' in page
    async with app.db.begin() as session:
        notice, unit = await notice_of(app, "2101"), await session.scalar(select(Agency).where(Agency.code == "labour"))
        title = await session.scalar(select(Notice.title).where(Notice.id == notice))
    assert f"/console/units/{unit.id}" in await admin.gets(f"/console/search?q={unit.name[:4]}")
    assert f"/console/notices/{notice}" in await admin.gets(f"/console/search?q={title}")
    station = await station_in(app, "2101")
    assert f"/console/stations/{station}" in await admin.gets("/console/search?q=驿站")


async def test_nothing_of_another_district_and_nothing_confidential_is_found(app, admin):
    far = await filed(app, district="210203", story="别处的押金没退给我们")
    secret = await filed(app, kind="legal", agency="", story="想请法律援助看看合同的押金")
    page = await admin.gets("/console/search?q=押金")
    assert far not in page
    assert secret not in page
    assert "没找到" in (await admin.gets(f"/console/search?q={far}")).words
    async with Desk(app, Role.AUDITOR) as auditor:
        assert "没找到" in (await auditor.gets("/console/search?q=押金")).words


async def test_a_phone_number_in_a_story_is_masked(app, admin):
    await filed(app, story="请打 13912345678 找工友小李问押金的事")
    page = await admin.gets("/console/search?q=问押金")
    assert "小李" in page.words
    assert "13912345678" not in page


@pytest.mark.parametrize("q", ["", "a", "%", "_" * 3, "'; --", "\x00\x00\x00", "字" * 500])
async def test_odd_words_find_nothing_and_break_nothing(app, admin, q):
    await filed(app)
    page = await admin.submits("/console/search", status=405)
    async with admin.http.get(f"{admin.url}/console/search", params={"q": q}) as answer:
        assert answer.status == 200, page


@needed
@pytest.mark.parametrize("width", [1280, 390])
async def test_a_slash_leads_into_the_search_of_any_page(app, browser, admin, width):
    number = await filed(app)
    page, trouble = await sits(app, browser, admin)
    await page.set_viewport_size({"width": width, "height": 800})
    for path in ("/console", "/console/appeals", "/console/overview"):
        await page.goto(f"{admin.url}{path}")
        await page.keyboard.press("/")
        await page.keyboard.type(number)
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_contain_text(number)
    assert trouble == []
