"""Districts beside each other: what came in and what became of it, how long answers took, what changed."""

import csv
import html
import io
import re
from datetime import timedelta

import openpyxl
import pytest
from sqlalchemy import func, insert, select, update

from bot.services.core import periods
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import DAY
from bot.services.reports.keeper import Keeper
from bot.store.models import Appeal, AppealStep, Hazard, Notice, QuestionCount, StationRow, now
from tests.support.appeals import filed
from tests.support.desk import Desk
from tests.support.things import hazard_in, notice_of, station_in, things_in

PAGE = "/console/overview/districts"


async def answered(app, district: str, days: int, *, late: bool = False, again: bool = False) -> None:
    """A case that was filed so many days ago and answered today; late, and sent back afterwards, if wanted."""
    number = await filed(app, district=district)
    async with app.db.begin() as session:
        case = await session.scalar(select(Appeal.id).where(Appeal.number == number))
        born = now() - timedelta(days=days, minutes=5)
        await session.execute(update(AppealStep).where(AppealStep.appeal_id == case).values(at=born))
        plain = {"appeal_id": case, "source": "", "target": "", "role": "system", "at": now()}
        steps = [("overdue", "overdue:0:x")] * late + [("answer", None)] + [("reopen", None)] * again
        for name, key in steps:
            await session.execute(insert(AppealStep).values(**plain, name=name, key=key))


def line(page: str, place: str) -> list[str]:
    """The cells of a district in the first table."""
    row = re.search(rf"<tr[^>]*><th scope=\"row\">(?:<a[^>]*>)?{place}.*?</tr>", page, re.DOTALL)[0]
    return [
        " ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<td[^>]*>.*?</td>", row, re.DOTALL)
    ]


@pytest.mark.parametrize("folded", [True, False])
async def test_days_and_shares_of_a_district_stand_beside_its_numbers(app, admin, folded):
    for days, late in ((0, False), (1, False), (2, False), (3, False), (20, True)):
        await answered(app, "210106", days, late=late)
    await answered(app, "210102", 4, again=True)
    if folded:
        await Keeper(app.db, lambda: app.knowledge.measures).fold()
    page = await admin.gets(f"{PAGE}?district=2101&from={periods.today() - 29 * DAY}&to={periods.today()}")
    assert line(page, "沈阳市铁西区")[0].startswith("5")
    assert line(page, "沈阳市铁西区")[3:] == ["80%", "5.2", "2", "20"]
    assert line(page, "沈阳市和平区")[3:] == ["—"] * 4  # One answer, and not even that any more.
    assert line(page, "沈阳市合计")[0].startswith("6")


async def test_a_number_says_how_it_changed_and_leads_to_what_it_counts(app, admin):
    today = periods.today()
    before, after = await filed(app, district="210106"), await filed(app, district="210106")
    await filed(app, district="210106")
    async with app.db.begin() as session:
        case = select(Appeal.id).where(Appeal.number == before).scalar_subquery()
        old = now() - timedelta(days=6)
        await session.execute(update(AppealStep).where(AppealStep.appeal_id == case).values(at=old))
    page = await admin.gets(f"{PAGE}?district=2101&from={today - 4 * DAY}&to={today}")
    assert line(page, "沈阳市铁西区")[0] == "2 +1"
    path = re.search(r'href="([^"]*/collected\?[^"]*district=210106[^"]*)"', page)[1].replace("&amp;", "&")
    assert after in await admin.gets(path)
    assert before not in await admin.gets(path)


async def test_other_nouns_stand_there_too_and_the_table_can_be_taken_out(app, admin):
    await hazard_in(app, "2101")
    page = await admin.gets(f"{PAGE}?district=2101")
    assert (
        page.count("/console/hazards?view=all") == 2
    )  # Of the district that has one and of the whole: none leads nowhere.
    assert 'class="none">0<' in page
    taken = await admin.gets(f"{PAGE}.csv?district=2101")
    lines = list(csv.reader(io.StringIO(str(taken).lstrip("\ufeff"))))
    assert lines[3][:3] == ["地区", "收集", "办结"]
    assert lines[-1][0] == "沈阳市"
    assert lines[-1][lines[3].index("隐患")] == "1"


async def test_each_number_that_leads_somewhere_leads_to_as_many_rows(app, admin):
    for district in ("2101", "2101", "3701"):
        await things_in(app, district)
    closed, doubtful = [await station_in(app, "2101") for _ in range(2)]
    sent = [await notice_of(app, "2101") for _ in range(4)]
    async with app.db.begin() as session:
        await session.execute(update(StationRow).where(StationRow.id == closed).values(closed=True))
        await session.execute(update(StationRow).where(StationRow.id == doubtful).values(doubtful_at=now()))
        began = update(Notice).where(Notice.id.in_(sent)).values(started_at=now(), district="210102")
        await session.execute(began)
        await session.execute(update(Notice).where(Notice.id == sent[0]).values(does="edit"))
        await session.execute(update(Notice).where(Notice.id == sent[1]).values(started_at=now() - timedelta(days=60)))
    today = periods.today()
    page = await admin.gets(f"{PAGE}?district=2101&from={today - 4 * DAY}&to={today}")
    led = re.findall(r'<td data-label="([^"]+)"[^>]*><a href="([^"]+)">(\d+)</a>', page)
    for _, path, number in led:
        rows = await admin.gets(html.unescape(path))
        assert rows.count("<tr data-row") == int(number), path
    there = {name: int(number) for name, _, number in led}  # Of the whole, which comes last.
    assert there["驿站"] == 3
    assert there["有人说不对"] == 1
    assert there["发出通知"] == 2


async def test_a_number_of_questions_leads_to_its_days(app, admin):
    today = periods.today()
    counts = [
        ("210106", "answer", 0, 5),
        ("210106", "none", 1, 2),
        ("210102", "choose", 1, 4),
        ("210106", "useful", 0, 3),
    ]
    counts += [("210106", "answer", 60, 9), ("3701", "answer", 0, 8)]
    async with app.db.begin() as session:
        for region, what, ago, times in counts:
            session.add(QuestionCount(day=today - ago * DAY, region=region, what=what, times=times))
    page = await admin.gets(f"{PAGE}?district=2101&from={today - 4 * DAY}&to={today}")
    led = re.findall(r'<td data-label="提问"[^>]*><a href="([^"]+)">(\d+)</a>', page)
    assert {int(number) for _, number in led} == {7, 4, 11}
    for path, number in led:
        assert f"聊天里的提问：{number} 次" in (await admin.gets(html.unescape(path))).words
    words = (await admin.gets(html.unescape(led[-1][0]))).words
    assert f"{today} 5 0 0 3 0 {today - DAY} 0 4 2 0 0 合计 5 4 2 3 0" in words
    await admin.gets("/console/overview/questions?district=3701", status=404)


async def test_numbers_of_the_sheet_can_be_added_up(app, admin):
    await filed(app, district="210106")
    async with admin.http.get(f"{admin.url}{PAGE}.xlsx?district=2101") as response:
        sheet = openpyxl.load_workbook(io.BytesIO(await response.read())).active
    head, *rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    collected = [row[head.index("收集")] for row in rows]
    assert sum(collected[:-1]) == collected[-1] == 1
    words = {head.index("地区"), *(at for at, cell in enumerate(rows[0]) if cell == "—")}
    assert all(isinstance(cell, int) for row in rows for at, cell in enumerate(row) if at not in words)


@pytest.mark.parametrize("folded", [True, False])
async def test_the_whole_is_the_sum_of_the_lines_wherever_things_lie(app, admin, folded):
    for district in ("210106", "210102", "2101"):
        await answered(app, district, 1)
    for region in ("210106", "2101"):
        await hazard_in(app, "2101")
        async with app.db.begin() as session:
            newest = select(func.max(Hazard.id)).scalar_subquery()
            await session.execute(update(Hazard).where(Hazard.id == newest).values(region=region))
    if folded:
        await Keeper(app.db, lambda: app.knowledge.measures).fold()
    taken = await admin.gets(f"{PAGE}.csv?district=2101")
    head, *rows = list(csv.reader(io.StringIO(str(taken).lstrip("\ufeff"))))[3:]
    assert [row[0] for row in rows[-2:]] == ["没写到区", "沈阳市"]
    for name in ("收集", "办结", "超期", "隐患", "报名志愿者", "驿站", "发出通知", "提问"):
        *parts, whole = [int(row[head.index(name)]) for row in rows]
        assert sum(parts) == whole, name
    found = dict(zip(head, rows[-2], strict=True))
    assert (found["收集"], found["隐患"]) == ("1", "1")
    page = await admin.gets(f"{PAGE}?district=2101")
    assert line(page, "没写到区")[0].startswith("1")
    async with Desk(app, Role.ADMIN, district="210106") as desk:
        assert '<th scope="row">没写到区' not in await desk.gets(f"{PAGE}?district=210106")


async def test_nobody_reads_other_peoples_districts_or_half_of_one(app):
    async with Desk(app, Role.ADMIN, agency="labour") as desk:
        assert "分不了区" in await desk.gets(f"{PAGE}?district=2101")
        await desk.gets(f"{PAGE}?district=3701", status=404)
