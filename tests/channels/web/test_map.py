"""The map: a place is chosen on it, stations stand on it, and it is never blank, with streets and without."""

import re
from dataclasses import replace
from hashlib import sha256
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page, expect

from bot.maps.tiles import Tiles
from knowledge.geo import Point, from_wgs
from tests.support.accessibility import violations
from tests.support.browser import needed
from tests.support.project import ROOT
from tests.support.web_page import DESK, PHONE, begins, bubbles

LEAFLET = ROOT / "bot/maps/static"
STATION = {
    "name": "太原街爱心驿站（示例）",
    "lat": 41.8,
    "lon": 123.43,
    "open": True,
    "hours": "开到 22:00",
    "services": ["充电", "热饭"],
    "address": "太原街 10 号",
    "note": "",
    "way": "https://uri.amap.com/marker?position=123.43,41.8",
}
TILES = Tiles(("https://t{s}.tiles.test/vec?x={x}&y={y}&z={z}",), "某某地图")

PROJECTED = """([datum, lat, lon]) => {
    const way = Ground.crs(datum), point = way.project(L.latLng(lat, lon));
    const drawn = L.CRS.EPSG3857.unproject(point), back = way.unproject(point);
    return [[drawn.lat, drawn.lng], [back.lat, back.lng]];
}"""

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needed]


async def opens_map(page: Page) -> None:
    await begins(page)
    await page.get_by_role("button", name="发我的位置").click()
    await page.get_by_role("button", name="在地图上点选").click()
    await expect(page.locator(".decide p")).to_have_text(re.compile("圆圈在：沈阳 · ..区"))


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["360", "1280"])
async def test_a_place_is_chosen_on_the_map_and_stations_come_back(stage, size):
    page = await stage.opens(size=size)
    await opens_map(page)
    await page.get_by_role("button", name="成都").click()
    await expect(page.locator(".town", has_text="锦江区")).to_be_attached()
    await expect(page.locator(".decide p")).to_have_text(re.compile("圆圈在：成都 · ..区"))
    await page.get_by_role("button", name="发送这个位置").click()

    await expect(bubbles(page, "我的位置")).to_contain_text("30.66")
    await expect(bubbles(page, "收到位置 30.66, 104.06")).to_be_visible()
    venue = bubbles(page, "太原街爱心驿站（示例）")
    await expect(venue.get_by_role("link", name="高德地图")).to_have_attribute(
        "href", re.compile(r"position=123\.4112,41\.8021.*coordinate=wgs84")
    )


async def test_the_map_can_be_used_with_keys(stage):
    page = await stage.opens()
    await opens_map(page)
    before = await page.locator(".decide p").inner_text()
    await page.locator(".sheetmap").focus()
    for _ in range(4):
        await page.keyboard.press("ArrowLeft")
        await expect(page.locator(".leaflet-pan-anim")).to_have_count(0)
    await expect(page.locator(".decide p")).not_to_have_text(before)
    await page.keyboard.press("Enter")

    await expect(bubbles(page, "收到位置 41.80, 123.")).to_be_visible()


async def test_the_map_is_never_blank_however_near_one_looks(stage):
    page = await stage.opens()
    await opens_map(page)
    for _ in range(20):
        await page.get_by_role("button", name="放大").click()
    await expect(page.locator(".leaflet-control-scale-line")).to_contain_text("m")
    await expect(page.locator(".decide p")).to_have_text(re.compile("圆圈在：沈阳 · ..区"))

    assert await page.locator(".mesh").count() >= 2


async def test_own_position_is_shown_on_request(stage):
    page = await stage.opens(permissions=["geolocation"], geolocation={"latitude": 41.7, "longitude": 123.3})
    await opens_map(page)
    await page.get_by_role("button", name="回到我的位置").click()
    await expect(page.locator(".leaflet-control-scale-line")).to_contain_text("m")
    await page.get_by_role("button", name="发送这个位置").click()

    await expect(bubbles(page, "收到位置 41.70, 123.30")).to_be_visible()


async def test_a_station_on_the_map_says_until_when_and_the_way(stage):
    asked: list[tuple[float, float]] = []

    def around(latitude: float, longitude: float) -> list[dict[str, Any]]:
        asked.append((latitude, longitude))
        return [STATION]

    await stage.restart(stations=around)
    page = await stage.opens(size=DESK)
    await opens_map(page)
    box = await page.locator(".sheetmap").bounding_box()
    assert box is not None
    await expect(page.locator(".sheetmap canvas")).to_be_visible()
    await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    spot = page.locator(".spot")
    await expect(spot).to_contain_text("开到 22:00")
    await expect(spot.get_by_role("link", name="高德地图")).to_have_attribute("href", STATION["way"])

    assert asked
    assert {(round(lat, 2), round(lon, 2)) for lat, lon in asked} == set(asked)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["360", "1280"])
async def test_the_public_map_lists_stations_filters_them_and_knows_nobody(stage, size):
    other = STATION | {"name": "铁西爱心驿站（示例）", "lat": 41.81, "services": ["充电"]}
    await stage.restart(stations=lambda latitude, longitude: [other, STATION])
    page = await stage.opens("/map", size=size)
    spots = page.locator("#list li")
    await expect(spots).to_have_count(2)
    await expect(spots.first).to_contain_text("太原街爱心驿站（示例）")
    await expect(spots.first).to_contain_text("10 米 · 开到 22:00")
    await expect(spots.first.get_by_role("link", name="高德地图")).to_have_attribute("href", STATION["way"])
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert await page.context.cookies() == []
    await page.get_by_role("button", name="热饭").click()

    await expect(spots).to_have_count(1)
    await expect(spots.first).to_contain_text("太原街爱心驿站（示例）")


async def test_axe_finds_nothing_on_the_map_of_the_chat(stage):
    page = await stage.opens()
    await opens_map(page)

    assert await violations(page) == []


async def test_streets_come_from_the_source_the_operator_named_and_nobody_else(stage):
    await stage.restart(tiles=TILES)
    stage.elsewhere = tuple(f"https://t{number}.tiles.test/" for number in range(8))
    page = await stage.opens()
    asked: list[str] = []

    async def tile(route: Any) -> None:
        asked.append(route.request.url)
        await route.fulfill(status=200, content_type="image/svg+xml", body="<svg xmlns='http://www.w3.org/2000/svg'/>")

    await page.context.route("https://*.tiles.test/**", tile)
    await opens_map(page)
    await expect(page.locator(".leaflet-control-attribution")).to_have_text("某某地图")
    await expect(page.locator("img.leaflet-tile-loaded").first).to_be_attached()
    async with aiohttp.ClientSession() as http, http.get(f"{stage.server.url}/chat") as response:
        policy = response.headers["Content-Security-Policy"]

    assert all(f"https://t{number}.tiles.test" in policy for number in range(8))
    assert "unsafe" not in policy
    assert all(re.fullmatch(r"https://t[0-7]\.tiles\.test/vec\?x=\d+&y=\d+&z=\d+", url) for url in asked)


@pytest.mark.parametrize("datum", ["wgs84", "gcj02"])
async def test_what_is_drawn_lies_where_its_streets_are_drawn_and_comes_back_as_it_was(stage, datum):
    await stage.restart(tiles=replace(TILES, datum=datum))
    stage.elsewhere = tuple(f"https://t{number}.tiles.test/" for number in range(8))
    page = await stage.opens()
    await page.context.route("https://*.tiles.test/**", lambda route: route.fulfill(status=204))
    await opens_map(page)
    for place in (
        Point(41.8, 123.43),
        Point(30.66, 104.07),
        Point(36.65, 117.12),
        Point(1.3, 103.8),
        Point(60.0, 10.0),
    ):
        drawn, back = await page.evaluate(PROJECTED, [datum, place.lat, place.lon])
        assert drawn == pytest.approx(from_wgs(place, datum), abs=1e-7)
        assert back == pytest.approx((place.lat, place.lon), abs=1e-7)


async def test_the_library_is_what_its_makers_published():
    noted = dict(
        reversed(line.split()) for line in (LEAFLET / "README.md").read_text().splitlines() if "  leaf" in line
    )
    assert noted == {name: sha256((LEAFLET / name).read_bytes()).hexdigest() for name in ("leaflet.css", "leaflet.js")}
