"""The overview: what the numbers count, whose they are, and that each one opens the cases it counts."""

import csv
import html
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from bot.console.core import charts
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.core import periods, timers
from bot.services.core.lifecycle import SYSTEM, WORKER, Role
from bot.services.core.periods import Period
from bot.services.core.working_days import shown
from bot.services.reports import statistics
from bot.services.reports.statistics import scope
from bot.store.models import Agency, Appeal, AppealStep, Audit, StaffSession, now
from tests.support.appeals import case_of, filed
from tests.support.desk import Desk


async def rated(app, rating: str, **details) -> str:
    """A case whose author said what they think of the answer; "" for one who said nothing in time."""
    number = await filed(app, AppealState.ANSWERED, **details)
    wanted = {
        "": AppealMove(AppealState.CLOSED_UNRATED, SYSTEM),
        "poor": AppealMove(AppealState.REOPENED, WORKER, text="钱还是没有到账"),
    }.get(rating, AppealMove(AppealState.VERIFIED, WORKER, rating=rating))
    await step(app, number, wanted)
    return number


async def step(app, number: str, wanted: AppealMove) -> None:
    async with app.db.begin() as session:
        await appeal_transitions.move(session, app.services.silently(), number, wanted)


async def put_back(app, number: str, days: int) -> None:
    """As if a case with all its steps had been so many days earlier."""
    case = await case_of(app, number)
    async with app.db.begin() as session:
        steps = await session.scalars(select(AppealStep).where(AppealStep.appeal_id == case.id).order_by(AppealStep.id))
        for each in steps:
            each.at -= timedelta(days=days)
        earlier = {"created_at": case.created_at - timedelta(days=days)}
        await session.execute(update(Appeal).where(Appeal.id == case.id).values(earlier))


async def totals(app, period: Period, district: str = "2101") -> dict[str, int]:
    measures = list(app.knowledge.measures.every.values())
    async with app.db.read() as session:
        return dict((await statistics.count(session, measures, period, scope(district))).totals)


def cards(page: str) -> dict[str, str]:
    """The numbers on top of a page, by their titles."""
    found = re.findall(r'class="count">(.*?)</span><span class="what">(.*?)</span>', page)
    return {title: number for number, title in found}


def recently(days: int = 1) -> Period:
    """Until today, so that nothing of the test falls out of it at midnight."""
    return Period(periods.today() - timedelta(days=days), periods.today() + timedelta(days=1))


def address(period: Period, district: str = "2101", path: str = "") -> str:
    return f"/console/overview{path}?from={period.first}&to={period.last}&district={district}"


async def test_each_outcome_is_counted_apart_and_silence_is_no_satisfaction(app, admin):
    await filed(app)
    await filed(app, AppealState.VERIFIED)  # called back by staff
    for rating in ("good", "good", "fair", "poor", ""):
        await rated(app, rating)
    shown = cards(await admin.gets(address(recently())))
    assert shown["收集"] == "7"
    assert shown["受理"] == "6"
    assert shown["办结"] == "5"
    assert [shown[each] for each in ("满意", "基本满意", "不满意", "回访办结", "未评价")] == ["2", "1", "1", "1", "1"]
    assert shown["重开"] == "1"
    assert shown["满意率"] == "75%"


async def test_what_was_reopened_is_not_settled_until_it_is_settled_again(app):
    number = await rated(app, "good")
    await step(app, number, AppealMove(AppealState.REOPENED, WORKER, text="钱又被扣回去了"))
    counted = await totals(app, recently())
    assert (counted["settled"], counted["satisfied"], counted["dissatisfied"], counted["reopened"]) == (0, 0, 1, 1)


async def test_a_period_that_is_over_keeps_its_numbers(app):
    number = await rated(app, "good")
    await put_back(app, number, days=20)
    then = Period(periods.today() - timedelta(days=22), periods.today() - timedelta(days=18))
    before = await totals(app, then)
    assert (before["collected"], before["settled"], before["satisfied"]) == (1, 1, 1)
    await step(app, number, AppealMove(AppealState.REOPENED, WORKER, text="钱又被扣回去了"))
    assert await totals(app, then) == before


async def test_a_case_is_overdue_in_the_period_of_its_deadline_only(app):
    number, late = await filed(app, AppealState.IN_PROGRESS), now() - timedelta(minutes=1)
    async with app.db.begin() as session:
        await session.execute(update(Appeal).where(Appeal.number == number).values(due_at=late))
        session.add(timers.timer(number, "overdue", now(), due=late, days=0))
    await app.settled()
    assert (await totals(app, recently()))["overdue"] == 1
    await put_back(app, number, days=30)
    async with app.db.begin() as session:
        session.add(timers.timer(number, "overdue", now(), due=late, days=5))  # urged again, working days later
    await app.settled()
    assert (await case_of(app, number)).level == 3
    assert (await totals(app, recently()))["overdue"] == 0


async def test_each_number_opens_the_cases_it_counts(app, admin):
    good = [await rated(app, "good") for _ in range(2)]
    await rated(app, "", kind="access", agency="community")
    page = await admin.gets(address(recently()))
    link = re.search(r'href="(/console/overview/satisfied\?[^"]*)"', page)[1].replace("&amp;", "&")
    page = await admin.gets(link)
    assert set(re.findall(r"/console/appeals/(\d{12})", page)) == set(good)
    assert "满意：2 件" in page.words
    page = await admin.gets(address(recently(), path="/settled") + "&kind=access")
    assert "办结：1 件" in page.words
    await admin.gets("/console/overview/nothing", status=404)


async def test_the_numbers_and_the_cases_behind_one_are_taken_out_as_files_that_say_who_took_them(app):
    numbers = [await rated(app, "good"), await filed(app)]
    hidden = await filed(app)
    async with app.db.begin() as session:
        await session.execute(update(Agency).where(Agency.code == "labour").values(name='=HYPERLINK("x","劳动")'))
        await session.execute(update(Appeal).where(Appeal.number == hidden).values(confidential=True))
    async with Desk(app, Role.ADMIN, name="=管理员赵") as admin:
        page = await admin.gets(address(recently()))
        every = lines_of(await admin.gets(link_to(page, "/numbers/csv")))
        page = await admin.gets(address(recently(), path="/collected") + "&kind=wages")
        listed = lines_of(await admin.gets(link_to(page, "/collected/csv")))
        for lines in (every, listed):
            assert lines[1][0].startswith("'=管理员赵（desk.")
            assert f"{periods.today()} 导出" in lines[1][0]
        assert ["收集", "3"] in [line[:2] for line in every]
        assert any(line[:2] == ['\'=HYPERLINK("x","劳动")', "3"] for line in every)
        assert {line[0] for line in listed if re.fullmatch(r"\d{12}", line[0] if line else "")} == set(numbers)
        assert ["不在导出人能看的范围里，只计数", "1"] in listed
        due = shown((await case_of(app, numbers[0])).due_at)  # the last day, as the case's page says it
        assert next(line[5] for line in listed if line[:1] == [numbers[0]]) == str(due)
        async with app.db.read() as session:
            rows = (
                await session.scalars(select(Audit).where(Audit.action == "overview.export").order_by(Audit.id))
            ).all()
        assert [(each.staff_id, each.subject) for each in rows] == [(admin.id, "district:2101")] * 2
        assert [each.detail["measure"] for each in rows] == ["numbers", "collected"]
        async with app.db.begin() as session:
            await session.execute(update(StaffSession).values(elevated_until=None))
        page = await admin.gets(address(recently(), path="/numbers/xlsx"), status=401)
        assert "验证码" in page.words


@pytest.mark.parametrize("path", ["/numbers/pdf", "/nothing/csv", "/numbers/csv?from=x", "/numbers/csv?district=3701"])
async def test_a_file_that_nobody_may_have_is_not_there(app, admin, path):
    await admin.gets(f"/console/overview{path}", status=404)


def link_to(page: str, end: str) -> str:
    """The link of a page whose address ends like this, before its query."""
    return html.unescape(re.search(rf'href="(/console/overview{end}\?[^"]*)"', page)[1])


def lines_of(body: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.removeprefix("\ufeff"), newline="")))


async def test_a_long_list_has_pages(app, admin):
    for _ in range(statistics.PAGE + 2):
        await filed(app)
    first = await admin.gets(address(recently(), path="/collected"))
    further = html.unescape(re.search(r'href="([^"]+)" rel="next"', first)[1])
    second = await admin.gets(further)
    pages = [set(re.findall(r"/console/appeals/(\d{12})", page)) for page in (first, second)]
    assert list(map(len, pages)) == [statistics.PAGE, 2]
    assert pages[0].isdisjoint(pages[1])


async def test_kinds_and_agencies_add_up_to_the_whole(app):
    await filed(app)
    await filed(app, kind="access", agency="community")
    measures = app.knowledge.measures.lists["overview"]
    async with app.db.read() as session:
        counts = await statistics.count(session, measures, recently(), scope("21"))
    assert {kind: each["collected"] for kind, each in counts.by_kind.items()} == {"wages": 1, "access": 1}
    assert sum(each["collected"] for each in counts.by_agency.values()) == counts.totals["collected"] == 2


async def test_another_district_is_neither_counted_nor_shown(app, admin):
    await filed(app, district="210106")
    await filed(app, district="370102")
    page = await admin.gets(address(recently()))
    assert cards(page)["收集"] == "1"
    assert "济南" not in page.words
    await admin.gets(address(recently(), "3701"), status=404)
    await admin.gets(address(recently(), ""), status=404)
    assert cards(await admin.gets(address(recently(), "210105")))["收集"] == "0"
    async with Desk(app, Role.AUDITOR, district="") as auditor:
        assert cards(await auditor.gets(address(recently(), "")))["收集"] == "2"


async def test_a_case_without_a_district_is_mentioned_and_not_counted(app, admin):
    await filed(app, district="")
    page = await admin.gets(address(recently()))
    assert cards(page)["收集"] == "0"
    assert "另有 1 件没写地区" in page.words


async def test_a_confidential_case_is_counted_and_not_named(app, admin):
    number = await filed(app)
    async with app.db.begin() as session:
        await session.execute(update(Appeal).where(Appeal.number == number).values(confidential=True))
    page = await admin.gets(address(recently(), path="/collected"))
    assert "收集：1 件" in page.words
    assert "1 件不在您能看的范围里" in page.words
    assert number not in page


async def test_who_sees_no_cases_sees_numbers_without_links(app):
    await filed(app)
    async with Desk(app, Role.ORGANISER) as organiser:
        page = await organiser.gets(address(recently()))
        assert cards(page)["收集"] == "1"
        assert "/console/overview/collected" not in page
        assert not re.search(r"/console/appeals/\d", await organiser.gets(address(recently(), path="/collected")))


async def test_a_right_for_one_kind_counts_that_kind(app):
    await filed(app)
    await filed(app, kind="access", agency="community")
    async with Desk(app, Role.REVIEWER, category="access") as reviewer:
        assert cards(await reviewer.gets(address(recently())))["收集"] == "1"


async def test_a_reviewer_of_an_agency_counts_what_it_has_and_nothing_about_it(app):
    await filed(app)
    await filed(app, kind="access", agency="community")
    number = await filed(app)
    async with Desk(app, Role.REVIEWER, agency="labour") as reviewer:
        assert cards(await reviewer.gets(address(recently())))["收集"] == "2"
        async with app.db.begin() as session:
            about = {"about_id": (await case_of(app, number)).agency_id}
            await session.execute(update(Appeal).where(Appeal.number == number).values(about))
        assert cards(await reviewer.gets(address(recently())))["收集"] == "1"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=昨天", "日期没看懂"),
        ("from=2026-11-02&to=2026-11-01", "开始日期比结束日期晚"),
        ("from=2020-01-01&to=2026-11-01", "最多看 366 天"),
        ("from=0001-01-01&to=0001-01-02", "最多看 366 天"),
        ("from=9999-12-31&to=9999-12-31", "最多看 366 天"),
    ],
)
async def test_a_period_that_makes_no_sense_is_explained_and_this_month_shown(admin, query, said):
    page = await admin.gets(f"/console/overview?{query}")
    assert said in page.words
    assert f'value="{periods.today():%Y-%m}-01"' in page


async def test_the_number_of_queries_does_not_depend_on_the_number_of_cases(app, admin):
    asked = []
    event.listen(app.db.reader.sync_engine, "after_cursor_execute", lambda *given: asked.append(given[2]))
    await filed(app)
    numbers = []
    for _ in range(2):
        asked.clear()
        await admin.gets(address(recently()))
        numbers.append(sum("appeal" in each for each in asked))  # The house looks for new content meanwhile.
        for rating in ("good", "poor", ""):
            await rated(app, rating, kind="access", agency="community")
    assert 0 < numbers[0] == numbers[1] <= 6


async def test_the_chart_adds_up_to_the_numbers_and_has_a_table_behind_it(app, admin):
    for days in (0, 3, 3, 40):
        await put_back(app, await rated(app, "good"), days)
    for days in (10, 60):
        page = await admin.gets(address(recently(days)))
        table = re.search(r"看表.*?<tbody>(.*?)</tbody>", page, re.DOTALL)[1]
        columns = [sum(map(int, re.findall(rf'data-label="{title}">(\d+)', table))) for title in ("收集", "办结")]
        assert list(map(str, columns)) == [cards(page)["收集"], cards(page)["办结"]]
        assert re.search(r'<svg [^>]*role="img"[^>]*>\s*<title', page)


def test_columns_stand_on_the_ground_and_the_highest_fills_the_height():
    drawn = charts.columns([[1, 0, 4], [2, 2, 0]])
    assert drawn.top == 4
    assert max(bar.height for bar in drawn.bars) == drawn.height
    assert all(bar.y + bar.height == drawn.height for bar in drawn.bars)
    assert all(bar.x >= 0 and bar.x + bar.width <= drawn.width for bar in drawn.bars)
    assert charts.columns([[0, 0], [0, 0]]).bars == ()


async def test_how_questions_went_is_counted_by_district(app, phone, admin):
    await phone.types("/start")
    await phone.hears()
    await phone.types("站点拖着工资不给怎么要")
    await phone.presses("👍 有用")
    await phone.types("咋让我家猫别掉毛")
    await app.settled()
    await app.flush()
    async with Desk(app, Role.ADMIN, district="") as everywhere:
        page = await everywhere.gets(address(recently(), ""))
    assert [cards(page)[each] for each in ("直接答上", "没答上", "说有用")] == ["50%", "50%", "100%"]
    assert 'href="/console/gaps"' in page.split("聊天里的提问")[1]
    assert "这段时间这里没有人提问" in (await admin.gets(address(recently(), "210105"))).words


async def test_an_empty_period_says_so(admin):
    page = await admin.gets("/console/overview?from=2020-01-01&to=2020-01-31")
    assert page.words.count("这段时间") >= 4
    assert cards(page)["满意率"] == "—"


def test_every_measure_stands_in_a_list_and_is_explained(knowledge):
    listed = {each.name for measures in knowledge.measures.lists.values() for each in measures}
    assert listed == set(knowledge.measures.every)
    assert all(each.meaning.endswith("。") and (each.steps or each.ahead) for each in knowledge.measures.every.values())
