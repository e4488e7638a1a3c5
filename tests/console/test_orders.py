"""Lists in the order that their address asks for, on the page, over its pages, and in the file."""

import csv
import io
import re
from datetime import date, timedelta

import pytest

from bot.services.core import periods
from bot.services.core.lifecycle import Role
from bot.services.notices import notices
from bot.services.notices.audience import Audience
from bot.store.models import Gap, StationRow, TopicCount, now
from tests.support.desk import Desk
from tests.support.fake_bot_api import Town


@pytest.fixture
async def desk(app):
    async with Desk(app, Role.ORGANISER) as desk:
        yield desk


async def ordered(desk, noun: str, sort: str, names: list[str]) -> list[str]:
    """Names in the order of the page, which is that of the file."""
    page = await desk.gets(f"/console/{noun}?sort={sort}")
    assert f'<option value="{sort}" selected>' in page
    listed = re.search(rf'<section id="{noun}".*?</section>', page, re.DOTALL)[0]
    found = list(dict.fromkeys(re.findall("|".join(map(re.escape, names)), listed)))
    if noun != "policies":
        taken = await desk.gets(f"/console/{noun}.csv?sort={sort}")
        lines = list(csv.reader(io.StringIO(str(taken).removeprefix("\ufeff"))))
        assert [cell for line in lines for cell in line if cell in names] == found
    return found


async def test_stations_go_by_when_somebody_made_sure_or_changed_them(app, desk):
    at = now()
    async with app.db.begin() as session:
        for name, day, hours in (("甲站", date(2026, 1, 5), 3), ("乙站", None, 1), ("丙站", date(2025, 3, 1), 2)):
            row = StationRow(id=name, name=name, kind="love", latitude=41.8, longitude=123.4, datum="wgs84")
            row.region, row.checked, row.changed_at = "210102", day, at - timedelta(hours=hours)
            session.add(row)
    names = ["甲站", "乙站", "丙站"]
    assert await ordered(desk, "stations", "unchecked", names) == ["乙站", "丙站", "甲站"]
    assert await ordered(desk, "stations", "checked", names) == ["甲站", "丙站", "乙站"]
    assert await ordered(desk, "stations", "changed", names) == ["乙站", "丙站", "甲站"]


async def test_notices_go_by_when_they_were_written_or_by_how_many_people_they_reach(app, desk):
    town, names = await Town(app.db, app.knowledge).settle(), ["甲通知", "乙通知", "丙通知"]
    async with app.db.begin() as session:
        for name, people in zip(names, (2, 1, 3), strict=True):
            draft = town.draft(title=name, audience=Audience(regions=("2101",)))
            made = await notices.write(session, app.services, town.author, draft, districts=["2101"])
            made.count = people
    assert await ordered(desk, "notices", "newest", names) == names[::-1]
    assert await ordered(desk, "notices", "oldest", names) == names
    assert await ordered(desk, "notices", "people", names) == ["丙通知", "甲通知", "乙通知"]


async def test_pages_of_notices_go_on_in_their_order_with_their_columns(app, desk):
    town = await Town(app.db, app.knowledge).settle()
    async with app.db.begin() as session:
        for number in range(60):
            draft = town.draft(title=f"通知{number:02}", audience=Audience(regions=("2101",)))
            made = await notices.write(session, app.services, town.author, draft, districts=["2101"])
            made.count = number % 7
    path, seen = "/console/notices?sort=people&col=people", []
    while path:
        page = await desk.gets(path)
        assert 'scope="col">类别<' not in page
        seen += re.findall(r"通知\d\d", page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert seen == [f"通知{number:02}" for number in sorted(range(60), key=lambda each: (-(each % 7), -each))]


async def test_entries_go_by_how_often_they_answered_or_did_not_help(app, desk):
    entries = list(app.knowledge.policies.values())[:3]
    names = [each.title for each in entries]
    async with app.db.begin() as session:
        for entry, asked, useless in zip(entries, (2, 9, 3), (8, 1, 9), strict=True):
            session.add(TopicCount(topic=entry.id, day=periods.today(), asked=asked, useful=0, useless=useless))
    assert (await ordered(desk, "policies", "answered", names))[:3] == [names[1], names[2], names[0]]
    assert (await ordered(desk, "policies", "useless", names))[:3] == [names[2], names[0], names[1]]


async def test_questions_go_by_how_often_or_how_lately_they_were_asked(app, desk):
    at, names = now(), ["怎么办健康证", "雨衣去哪里领", "孩子上学找谁"]
    async with app.db.begin() as session:
        for number, (name, times, days) in enumerate(zip(names, (2, 1, 3), (1, 2, 3), strict=True)):
            last = at - timedelta(days=days)
            row = Gap(
                key=bytes([number]) * 16, text=name, why="none", topic="", times=times, first_at=last, last_at=last
            )
            session.add(row)
    assert await ordered(desk, "gaps", "times", names) == [names[2], names[0], names[1]]
    assert await ordered(desk, "gaps", "last", names) == names


async def test_colleagues_go_by_name_by_unit_or_by_when_they_came(app):
    async with Desk(app, Role.ADMIN, name="管理员") as desk:
        names = ["乙某", "甲某", "丙某"]
        for name, login, unit in zip(names, ("b.one", "c.two", "a.three"), ("labour", "", "urban"), strict=True):
            other = Desk(app, None, name=name, agency=unit)
            other.username = login
            await other.joins()
        assert await ordered(desk, "people", "usual", names) == names
        assert await ordered(desk, "people", "newest", names) == names[::-1]
        assert await ordered(desk, "people", "name", names) == ["丙某", "乙某", "甲某"]
        assert (await ordered(desk, "people", "unit", names))[-1] == "甲某"
