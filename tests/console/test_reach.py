"""Every row of a list is reached, however many there are; and what is printed looks like a document."""

import re

from sqlalchemy import insert, select, update

from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import Role
from bot.services.stations import directory
from bot.store.models import Gap, Notice, StationRow, now
from tests.console.test_screens import sits
from tests.support.appeals import filed
from tests.support.browser import needed
from tests.support.desk import Desk

NEXT = re.compile(r'href="([^"]+)" rel="next"')


async def leafed(desk, path: str, row: str) -> list[str]:
    """What stands in the rows of a list, from its first page to its last."""
    found = []
    while path:
        page = await desk.gets(path)
        found += re.findall(row, page)
        further = NEXT.search(page)
        path = further[1].replace("&amp;", "&") if further else ""
    return found


async def test_every_notice_is_reached_the_newest_first_also_of_one_state(app, organiser):
    common = {
        "kind": "service",
        "text": "字",
        "unit": "总工会",
        "valid_until": now(),
        "district": "2101",
        "author_id": organiser.id,
    }
    async with app.db.begin() as session:
        await session.execute(insert(Notice), [{**common, "title": f"第{at}条"} for at in range(130)])
        await session.execute(update(Notice).where(Notice.id % 3 == 0).values(state="cancelled"))
        dropped = set(await session.scalars(select(Notice.title).where(Notice.state == "cancelled")))
    titles = [f"第{at}条" for at in range(130)][::-1]
    assert await leafed(organiser, "/console/notices", r">(第\d+条)</a>") == titles
    some = [title for title in titles if title in dropped]
    assert await leafed(organiser, "/console/notices?state=cancelled", r">(第\d+条)</a>") == some
    assert "没有这样的通知" in (await organiser.gets("/console/notices?state=late")).words
    assert len(re.findall(r"第\d+条", await organiser.gets("/console/notices?state=odd&before=x"))) > 0


async def test_every_group_of_questions_is_reached_the_most_asked_first(app, organiser):
    words = [f"{a}{b}怎么{c}" for a in "甲乙丙丁戊己" for b in "山水火木土" for c in "办买卖"]
    common = {"why": "none", "topic": "", "first_at": now(), "last_at": now()}
    rows = [{**common, "key": at.to_bytes(16, "big"), "text": text, "times": at} for at, text in enumerate(words, 1)]
    async with app.db.begin() as session:
        await session.execute(insert(Gap), rows)
    seen = await leafed(organiser, "/console/gaps", r'<label><input type="checkbox" name="gap" value="(\d+)"')
    assert len(seen) == len(set(seen)) == len(words)
    assert (await organiser.gets("/console/gaps?page=99")).status == 200


async def test_a_magnified_map_draws_what_the_whole_map_has_no_room_for(app, organiser, monkeypatch):
    monkeypatch.setattr(directory, "DRAWN", 5)
    common = {"kind": "love", "datum": "wgs84", "region": "210102"}
    places = [(41.70 + at / 1000, 123.43) for at in range(10)] + [(41.90, 123.50)]
    rows = [
        {**common, "id": f"s{at:02}", "name": f"站{at}", "latitude": north, "longitude": east}
        for at, (north, east) in enumerate(places)
    ]
    async with app.db.begin() as session:
        await session.execute(insert(StationRow), rows)
    assert '/s10"' not in await organiser.gets("/console/stations/map")
    assert '/s10"' in await organiser.gets("/console/stations/map?lat=41.9&lon=123.5&span=0.02")


@needed
async def test_paper_has_the_case_and_none_of_the_screen(app, browser):
    async with Desk(app, Role.ADMIN, name="管理员赵") as admin:
        number = await filed(app, AppealState.IN_PROGRESS)
        page, trouble = await sits(app, browser, admin)
        await page.emulate_media(media="print")
        for path in (f"/console/appeals/{number}?list=view%3Dopen", "/console/overview", "/console/ledgers"):
            await page.goto(f"{admin.url}{path}")
            assert await page.locator(".letterhead").is_visible()
            assert "管理员赵" in await page.locator(".letterhead").inner_text()
            for gone in ("nav", "button", "textarea", "select", "input:not([type=hidden])"):
                assert await page.locator(gone).locator("visible=true").count() == 0, (path, gone)
        await page.goto(f"{admin.url}/console/appeals/{number}")
        assert await page.locator(".signed").is_visible()
        assert await page.locator(".timeline").is_visible()
        assert trouble == []


@needed
async def test_tables_on_paper_have_their_heads_however_narrow_the_sheet_is(app, browser, admin):
    await filed(app)
    page, _ = await sits(app, browser, admin)
    await page.set_viewport_size({"width": 700, "height": 1000})  # A4, within its margins
    await page.emulate_media(media="print")
    await page.goto(f"{admin.url}/console/overview/districts?district=2101")
    head = page.locator("thead").first
    shown = await head.evaluate("each => [getComputedStyle(each).clipPath, each.getBoundingClientRect().width > 300]")
    assert shown == ["none", True]
