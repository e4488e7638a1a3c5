"""Lists a page at a time: every row comes once, in order, whatever colleagues do between two pages."""

import re
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, event, update

from bot.services.appeals.states import AppealState
from bot.services.core import counting
from bot.services.stations import stations
from bot.store.models import Appeal
from knowledge.geo import Point
from knowledge.stations import Station
from tests.console.test_load import fill
from tests.support.appeals import filed

STATION = re.compile(r'data-row="(站\d{3})"')
ROW = re.compile(r'data-row="(\d{12})"')
NEAR = Station(id="站", name="驿站", kind="love", point=Point(41.79, 123.4), region="210106")
TURN = re.compile(r'href="([^"]+)" rel="(next|prev)"')


def turns(page) -> dict[str, str]:
    return {way: path.replace("&amp;", "&") for path, way in TURN.findall(page)}


async def walks(desk, path, way="next", between=None):
    """All rows from a page on, and the address of the last page."""
    rows = []
    while True:
        page = await desk.gets(path)
        found = ROW.findall(page)
        rows = [*rows, *found] if way == "next" else [*found, *rows]
        if way not in turns(page):
            return rows, path
        assert len(rows) < 1_000  # It comes to an end.
        path = turns(page)[way]
        if between:
            await between()


async def test_every_case_comes_once_forwards_and_backwards(app, admin):
    await fill(app, 170)
    rows, last = await walks(admin, "/console/appeals?view=all")
    assert len(rows) == len(set(rows)) == 170
    again, first = await walks(admin, last, "prev")
    assert again == rows
    assert "prev" not in turns(await admin.gets(first))


async def test_what_is_still_open_comes_before_what_is_over_across_pages(app, admin):
    await fill(app, 60)
    over = [await filed(app, AppealState.VERIFIED) for _ in range(3)]
    rows, last = await walks(admin, "/console/appeals?view=all")
    assert rows[-3:] == over[::-1]
    assert len(rows) == 63
    assert (await walks(admin, last, "prev"))[0] == rows


async def test_a_case_that_a_colleague_moves_away_hides_no_other_one(app, admin):
    await fill(app, 120)
    shown = ROW.findall(await admin.gets("/console/appeals"))

    async def a_colleague_ends_ten() -> None:
        async with app.db.begin() as session:
            gone = update(Appeal).where(Appeal.number.in_(shown[:10]))
            await session.execute(gone.values(state=AppealState.WITHDRAWN))

    rows, _ = await walks(admin, "/console/appeals", between=a_colleague_ends_ten)
    assert len(set(rows)) == 120


@pytest.mark.parametrize(
    "cursor", ["x", "9_1_2", "0_1", "0_1_t99999999999999999_1", "1_1_1_1", "0_1_t1_-5", "0_2_t1_1"]
)
async def test_a_cursor_that_is_none_shows_a_page(app, admin, cursor):
    await fill(app, 3)
    for way in ("after", "before"):
        await admin.gets(f"/console/appeals?view=all&{way}={cursor}")
        await admin.gets(f"/console/hazards?view=all&{way}={cursor}")
        await admin.gets(f"/console/volunteers?{way}={cursor}")


async def test_nobody_counts_further_than_people_read(app, admin, monkeypatch):
    await fill(app, 30)
    monkeypatch.setattr(counting, "MOST", 20)
    words = (await admin.gets("/console/appeals")).words
    assert "全部 20+" in words
    assert "在办 20+" in words


async def test_an_exact_number_is_one_look_up(app, admin):
    await fill(app, 200)
    number = await filed(app)
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    page = await admin.gets(f"/console/appeals?view=all&q={number}")
    event.remove(Engine, "before_cursor_execute", note)
    assert ROW.findall(page) == [number]
    assert not any("story LIKE" in statement for statement in seen)


async def test_every_station_comes_once_those_nobody_checked_first(app, organiser):
    days = [None, date(2026, 1, 5), None, date(2025, 3, 1), date(2026, 1, 5)]
    found = [replace(NEAR, id=f"站{at:03}", checked=days[at % 5]) for at in range(130)]
    async with app.db.begin() as session:
        await stations.replace(session, found)
    path, seen = "/console/stations", []
    while path:
        page = await organiser.gets(path)
        seen += STATION.findall(page)
        path = turns(page).get("next")
    expected = sorted(found, key=lambda each: (each.checked or date.min, each.id))
    assert seen == [each.id for each in expected]
