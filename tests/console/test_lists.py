"""What every list can do: an order, chosen columns, a district and days, all of a filter at once, and a file of it."""

import asyncio
import csv
import html
import io
import re
import threading
from datetime import timedelta
from urllib.parse import quote, urlencode

import openpyxl
import pyotp
import pytest
from sqlalchemy import insert, select, update
from yarl import URL

from bot.services.appeals.states import AppealState
from bot.services.core import spreadsheets
from bot.services.core.lifecycle import Role
from bot.services.staff import audit
from bot.store.models import Appeal, Audit, Gap, Hazard, Staff, StaffSession, now
from tests.console.test_load import fill
from tests.support.appeals import case_of, filed
from tests.support.desk import Desk
from tests.support.things import hazard_in, things_in

FILES = {
    "appeals": Role.ADMIN,
    "hazards": Role.ADMIN,
    "volunteers": Role.ORGANISER,
    "stations": Role.ORGANISER,
    "notices": Role.ORGANISER,
    "gaps": Role.ORGANISER,
    "people": Role.ADMIN,
    "audit": Role.AUDITOR,
}


HEADS = {
    "/console/appeals": "承办单位",
    "/console/hazards?view=all": "处理单位",
    "/console/volunteers": "平台",
    "/console/stations": "上次核实",
    "/console/notices": "人数",
    "/console/policies": "下次核对",
    "/console/people": "角色",
}


def numbers(page: str) -> list[str]:
    return re.findall(r'data-row="([H\d]\d+)"', page)


async def cells(desk, path: str) -> list[list[str]]:
    page = await desk.gets(path)
    return list(csv.reader(io.StringIO(str(page).lstrip("\ufeff"))))


async def test_a_list_goes_by_the_order_that_its_address_asks_for(app, admin):
    filings = [await filed(app) for _ in range(3)]
    assert numbers(await admin.gets("/console/appeals?sort=oldest")) == filings
    assert numbers(await admin.gets("/console/appeals?sort=newest")) == filings[::-1]
    assert numbers(await admin.gets("/console/appeals?sort=nonsense")) == numbers(await admin.gets("/console/appeals"))
    assert filings[1] in (await admin.gets(f"/console/appeals/{filings[0]}?list=view%3Dopen%26sort%3Doldest"))


async def test_a_list_shows_the_columns_that_somebody_chose(app, admin):
    await filed(app)
    await things_in(app, "2101")
    for path, head in HEADS.items():
        assert f'scope="col">{head}<' in await admin.gets(path)
        joined = "&" if "?" in path else "?"
        page = await admin.gets(f"{path}{joined}col=number&col=title&col=name&col=district")
        assert f'scope="col">{head}<' not in page
        assert re.findall(r'href="/console/[a-z]+/[^"/]+"', page)


async def test_hazards_are_found_by_district_and_day(app, admin):
    one = (await hazard_in(app, "2101"))["number"]
    async with app.db.begin() as session:
        await session.execute(update(Hazard).values(region="210102"))
    found = "/console/hazards?view=all&district={}&since={}"
    assert numbers(await admin.gets(found.format("210102", "2020-01-01"))) == [one]
    assert numbers(await admin.gets(found.format("210103", "2020-01-01"))) == []
    assert numbers(await admin.gets(found.format("210102", "2099-01-01"))) == []


@pytest.mark.parametrize("noun", ["appeals", "hazards", "volunteers"])
async def test_a_filter_offers_the_district_it_has_and_none_of_elsewhere(app, noun):
    async with Desk(app, Role.ADMIN, district="2101") as desk:
        for asked, chosen in (("", ""), ("210106", "210106"), ("2101", "2101"), ("21", "21"), ("3701", ""), ("99", "")):
            page = await desk.gets(
                f"/console/{noun}?view={'everybody' if noun == 'volunteers' else 'all'}&district={asked}"
            )
            [field] = re.findall(r'<select id="district".*?</select>', page, re.DOTALL)
            offered = set(re.findall(r'value="(\d+)"', field))
            assert re.findall(r'value="(\d+)" selected', field) == ([chosen] if chosen else [])
            assert all(each.startswith("2101") for each in offered - {chosen})


async def test_all_cases_of_a_filter_go_together_and_are_shown_first(app, admin):
    wanted = [await filed(app, kind="wages") for _ in range(3)]
    other = await filed(app, kind="station")
    page = await admin.gets("/console/appeals?kind=wages")
    path = re.search(r'href="(/console/appeals/bulk\?list=[^"]+)"', page)[1].replace("&amp;", "&")
    page = await admin.gets(f"{path}&act=accept")
    assert all(each in page for each in wanted)
    assert other not in page
    ticked = re.findall(r'name="case" value="([^"]+)"', page)
    await admin.submits("/console/appeals/bulk", act="accept", case=ticked)
    assert {(await case_of(app, each)).state for each in wanted} == {AppealState.ACCEPTED}
    assert (await case_of(app, other)).state == AppealState.SUBMITTED


async def test_more_cases_than_one_step_takes_go_in_pieces_and_nobody_is_told_they_were_all(app, admin):
    await fill(app, 230)
    page = await admin.gets("/console/appeals/bulk?list=view%3Dopen%26kind%3Dwages%26sort%3Doldest&act=log")
    assert "您能派的有 46 件" in page.words
    assert "后面" not in page.words
    page, taken = await admin.gets("/console/appeals/bulk?list=view%3Dopen%26sort%3Doldest&act=log"), []
    for size in (100, 100, 30):
        assert "您能派的有 230 件，一次最多一起办 100 件" in page.words
        ticked = re.findall(r'name="case" value="([^"]+)"', page)
        assert len(ticked) == size
        page = await admin.submits("/console/appeals/bulk", act="log", note="已电话联系站长", case=ticked)
        assert f"办好了 {size} 件" in page.words
        taken += ticked
        if size == 100:
            page = await admin.gets(html.unescape(re.search(r'href="([^"]+)">接着办', page)[1]))
    assert "接着办" not in page.words
    assert len(set(taken)) == 230


async def test_more_ticks_than_one_step_takes_are_refused_as_a_whole(app, admin):
    await fill(app, 101)
    async with app.db.read() as session:
        cases = [f"{number}:1" for number in await session.scalars(select(Appeal.number))]
    page = await admin.submits("/console/appeals/bulk", act="log", note="已电话联系站长", case=cases, status=422)
    assert "最多一起办 100 件，您勾了 101 件" in page.words
    query = "&".join(f"number={each[:12]}" for each in cases)
    assert "您勾了 101 件" in (await admin.gets(f"/console/appeals/bulk?{query}", status=422)).words
    async with app.db.read() as session:
        assert set(await session.scalars(select(Appeal.version))) == {1}


async def test_a_filter_with_long_words_leads_to_its_own_cases_and_can_be_kept(app, admin):
    words = "站长拖着三个月的工资不给催了三次都说下周还把我从群里踢出去了请帮我问一问他什么时候才肯给&+%=五十字"
    wanted = await filed(app, story=f"您好，{words}。")
    other = await filed(app, story="站点门口没有地方停车，每天都要绕路两公里才能取餐")
    address = f"/console/appeals?view=open&q={quote(words)}&district=2101&since=2020-01-01&until=2090-01-01&sort=newest"
    page = await admin.gets(address)
    assert numbers(page) == [wanted]
    bulk = html.unescape(re.search(r'href="(/console/appeals/bulk\?list=[^"]+)"', page)[1])
    page = await admin.gets(bulk)
    assert wanted in page
    assert other not in page
    page = await admin.gets(address)
    page = await admin.submits("/console/appeals/filters", name="拖欠")
    assert numbers(page) == [wanted]
    assert re.search(r'aria-current="page">★ 拖欠 <span class="number">1<', page)
    assert numbers(await admin.gets(html.unescape(re.search(r'href="([^"]+)"[^>]*>★ 拖欠', page)[1]))) == [wanted]


async def test_a_form_that_comes_twice_leads_back_to_the_whole_list_or_to_none(app, admin):
    number = await filed(app, AppealState.IN_PROGRESS)
    whole = urlencode({"view": "open", "q": "站" * 50, "sort": "newest"})
    await admin.gets(f"/console/appeals/{number}?{urlencode({'list': whole})}")
    fields = {"note": "已电话联系站长", "version": (await case_of(app, number)).version, "_key": "twice"}
    path = f"/console/appeals/{number}/log?{urlencode({'list': whole})}"
    for _ in range(2):
        page = await admin.submits(path, **fields)
        assert URL(page.path).query.get("list", whole) == whole
    assert page.words.count("已电话联系站长") == 1


@pytest.mark.parametrize("noun", FILES)
async def test_a_list_can_be_taken_out_with_a_name_in_it_and_a_line_in_the_audit(app, noun):
    await things_in(app, "2101")
    async with Desk(app, FILES[noun], district="" if FILES[noun] is Role.AUDITOR else "2101", name="王芳") as desk:
        lines = await cells(desk, f"/console/{noun}.csv")
        assert "王芳" in lines[1][0]
        assert len(lines) > 3 + (noun != "gaps")
        async with desk.http.get(f"{desk.url}/console/{noun}.xlsx") as response:
            sheet = openpyxl.load_workbook(io.BytesIO(await response.read())).active
        assert [cell.value for cell in sheet[4]][: len(lines[3])] == lines[3]
        await desk.gets(f"/console/{noun}.pdf", status=404)
    async with app.db.read() as session:
        kept = list(await session.scalars(select(Audit.detail).where(Audit.action == f"{noun}.list")))
    assert [each["form"] for each in kept] == ["csv", "xlsx"]


async def test_a_file_says_when_there_are_more_rows_than_it_holds(app, organiser):
    at = now()
    gap = {"why": "none", "topic": "", "times": 1, "first_at": at, "last_at": at}
    rows = [{**gap, "key": number.to_bytes(16, "big"), "text": f"第{number}个问题"} for number in range(10_000)]
    async with app.db.begin() as session:
        await session.execute(insert(Gap), rows)
    assert len(await cells(organiser, "/console/gaps.csv")) == 4 + 10_000
    async with app.db.begin() as session:
        await session.execute(insert(Gap), [{**gap, "key": b"x" * 16, "text": "再一个"}])
    lines = await cells(organiser, "/console/gaps.csv")
    assert lines[2] == ["只有前 10000 行。请用筛选分几次下载"]
    assert len(lines) == 5 + 10_000


async def test_questions_beyond_those_that_are_put_into_groups_are_not_passed_over_silently(app, organiser):
    at = now()
    gap = {"why": "none", "topic": "", "times": 1, "first_at": at, "last_at": at}
    rows = [{**gap, "key": number.to_bytes(16, "big"), "text": f"第{number}个"} for number in range(500)]
    async with app.db.begin() as session:
        await session.execute(insert(Gap), rows)
    assert "问得最多的" not in (await organiser.gets("/console/gaps")).words
    async with app.db.begin() as session:
        await session.execute(insert(Gap), [{**gap, "key": b"x" * 16, "text": "再一个"}])
    assert "问得最多的 500 个问题" in (await organiser.gets("/console/gaps")).words


async def test_a_file_has_what_its_filter_gives_and_nothing_of_elsewhere(app, admin):
    mine = await filed(app, kind="station")
    await filed(app, kind="wages")
    await filed(app, kind="station", district="370102")
    lines = await cells(admin, "/console/appeals.csv?kind=station&col=number&col=state")
    assert lines[3] == ["编号", "状态"]
    assert [line[0] for line in lines[4:]] == [spreadsheets.plain(mine)]


@pytest.mark.parametrize("noun", FILES)
async def test_what_somebody_searched_for_is_not_kept_with_the_file_only_that_they_did(app, noun):
    await things_in(app, "2101")
    async with Desk(app, FILES[noun], district="" if FILES[noun] is Role.AUDITOR else "2101") as desk:
        await desk.gets(f"/console/{noun}.csv?q=王小明13800001111&since=2020-01-01&staff=1&state=draft&nothing=李四")
    async with app.db.read() as session:
        [kept] = await session.scalars(select(Audit.detail).where(Audit.action == f"{noun}.list"))
    assert set(kept) == {"form", "rows", "asked"}
    assert set(kept["asked"]) <= {"q", "since", "staff", "state", "view"}
    assert ("q" in kept["asked"]) == (noun in {"appeals", "hazards", "volunteers", "stations", "policies"})


async def test_what_was_searched_for_is_not_shown_where_it_was_kept_once(app):
    async with Desk(app, Role.AUDITOR, district="") as desk:
        async with app.db.begin() as session:
            by = audit.By(desk.id)
            await audit.note(session, by, "appeals.list", "list:appeals", asked={"q": "王小明", "view": "all"})
            await audit.note(session, by, "appeals.list", "list:appeals", asked=["kind", "q"])
        page = await desk.gets("/console/audit")
    assert "王小明" not in page
    assert "搜索词、分组" in page.words
    assert "类别、搜索词" in page.words


@pytest.mark.parametrize("noun", [*FILES, "contacts", "outlets", "views", "overview/collected"])
async def test_links_of_a_list_have_what_the_list_knows_of_its_address_and_nothing_else(app, noun):
    await things_in(app, "2101")
    role = FILES.get(noun) or {"views": Role.AUDITOR, "overview/collected": Role.ADMIN}.get(noun, Role.ORGANISER)
    async with Desk(app, role, district="" if role is Role.AUDITOR else "2101") as desk:
        page = await desk.gets(f"/console/{noun}?view=all&q=%E7%AB%99&district=2101&stranger=evil&view.x=evil&page=1")
    links = [html.unescape(each) for each in re.findall(r'href="([^"]*)"', page)]
    assert links
    assert not [each for each in links if "evil" in each or "stranger" in each]
    if noun in {"appeals", "hazards"}:
        files = [each for each in links if ".csv" in each]
        assert all("district=2101" in each for each in files)


async def test_others_write_while_a_file_is_put_together(app, admin, monkeypatch):
    await filed(app)
    begun, written = threading.Event(), threading.Event()
    write, kind = spreadsheets.FORMS["csv"]

    def slowly(lines):
        begun.set()
        assert written.wait(20)
        return write(lines)

    monkeypatch.setitem(spreadsheets.FORMS, "csv", (slowly, kind))
    taking = asyncio.create_task(admin.gets("/console/appeals.csv"))
    assert await asyncio.to_thread(begun.wait, 20)
    try:
        async with asyncio.timeout(3), app.db.begin() as session:
            await audit.note(session, audit.By(admin.id), "staff.add")
    finally:
        written.set()
    assert "编号" in await taking
    async with app.db.read() as session:
        noted = await session.scalars(select(Audit.action).order_by(Audit.id.desc()).limit(2))
    assert list(noted) == ["appeals.list", "staff.add"]


@pytest.mark.parametrize("noun", FILES)
async def test_a_file_asks_again_for_a_code_and_then_is_the_one_that_was_asked_for(app, noun):
    await things_in(app, "2101")
    async with Desk(app, FILES[noun], district="" if FILES[noun] is Role.AUDITOR else "2101") as desk:
        async with app.db.begin() as session:
            await session.execute(update(StaffSession).values(elevated_until=now() - timedelta(seconds=1)))
            await session.execute(update(Staff).values(totp_step=Staff.totp_step - 2))  # As if used a minute ago.
        path = f"/console/{noun}.csv?q={quote('站' * 50)}&state=draft&since=2020-01-01"
        page = await desk.gets(path, status=401)
        assert "验证码" in page.words
        async with app.db.read() as session:
            assert await session.scalar(select(Audit.id).where(Audit.action == f"{noun}.list")) is None
        page = await desk.submits("/console/confirm", _code=pyotp.TOTP(desk.secret).now())
        assert page.headers["Content-Type"].startswith("text/csv")
        assert URL(page.path) == URL(path)


async def test_nobody_without_a_second_factor_takes_a_file(app):
    await filed(app)
    async with app.db.begin() as session:
        await session.execute(update(Appeal).values(story="一二三"))
    async with Desk(app, Role.ADMIN, second=False) as desk:
        page = await desk.gets("/console/appeals.csv", status=None)
    assert "一二三" not in page
