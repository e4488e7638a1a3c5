"""Days and limits are entered in the console, after a look at everything that moves, and hold for whom they concern."""

import re
from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import select

from bot.__main__ import main
from bot.services.appeals.states import AppealState
from bot.services.calendar import time_limits
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import china_date, shown
from bot.store.models import Audit, CalendarDay, LimitChange, now
from tests.calendar.test_announcement import OF_2026
from tests.support import calendar
from tests.support.appeals import case_of, filed
from tests.support.calendar import LAST
from tests.support.desk import Desk

YEAR = LAST + 1  # nobody has announced it to the package
MADE_UP = "\n".join(f"{YEAR}-{month:02}-0{day} 休息 试的" for month in range(1, 7) for day in (4, 5))
PAGE, LIMITS = "/console/settings/calendar", "/console/settings/limits"


@pytest.fixture
async def admin(app):
    async with Desk(app, Role.SYSTEM_ADMIN, district="") as desk:
        yield desk


async def rules(app):
    async with app.db.read() as session:
        return await time_limits.rules(session)


async def test_a_case_that_was_filed_before_its_year_was_entered_has_its_deadline_afterwards(app, admin):
    async with app.db.begin() as session:
        await calendar.forget(session)
    with time_machine.travel(datetime(LAST, 12, 25, 2, tzinfo=UTC), tick=True):
        number = await filed(app, AppealState.ACCEPTED)
        assert (await case_of(app, number)).due_at is None
        async with Desk(app, Role.SYSTEM_ADMIN, district="") as desk:
            assert "日子还没定" in (await desk.gets(PAGE)).words
            page = await desk.submits(PAGE, text=MADE_UP, source="试的，不是通知", whole="1")
            assert f"{YEAR}-01-04" in page.words
            assert number in page.words  # the case whose deadline would move
            assert (await case_of(app, number)).due_at is None  # looked at, and nothing more
            assert "录好了" in (await desk.submits(f"{PAGE}/enter")).words
            await desk.settled()
        assert shown((await case_of(app, number)).due_at).year == YEAR


async def test_the_year_that_is_known_already_changes_nothing(app, admin):
    page = await admin.submits(PAGE, text=OF_2026, source="国务院办公厅的通知", whole="1")
    assert "没有一天会变" in page.words
    assert "没有哪件的期限会变" in page.words


async def test_a_slip_of_the_pen_is_said_and_what_was_typed_stays(app, admin):
    page = await admin.submits(PAGE, status=422, text=OF_2026.replace("周四", "周三", 1), source="国务院办公厅的通知")
    assert "2026-01-01 是周四" in page.words
    assert "二、春节" in page.words


async def test_what_somebody_else_entered_meanwhile_is_not_run_over(app, admin):
    await admin.submits(PAGE, text=MADE_UP, source="试的，不是通知", whole="1")
    async with Desk(app, Role.SYSTEM_ADMIN, district="") as other:
        await other.submits(PAGE, text=f"{YEAR}-03-01 休息", source="试的，不是通知")
        await other.submits(f"{PAGE}/enter")
    page = await admin.submits(f"{PAGE}/enter", status=None)
    assert "什么都没录" in page.words
    async with app.db.read() as session:
        assert await session.get(CalendarDay, date(YEAR, 1, 4)) is None


async def test_nobody_enters_what_another_one_looked_at(app, admin):
    page = await admin.submits(PAGE, text=MADE_UP, source="试的，不是通知", whole="1")
    draft = re.search(r'name="draft" value="(\d+)"', page)[1]
    async with Desk(app, Role.SYSTEM_ADMIN, district="") as other:
        await other.submits(f"{PAGE}/enter", status=422, draft=draft)
        await other.submits(f"{PAGE}/enter", status=422, draft=999_999)
        await other.gets(f"{PAGE}?draft={draft}", status=404)
        await other.gets(f"{PAGE}?draft=999999", status=404)
    async with Desk(app, Role.ADMIN, district="2101") as local:  # the calendar is the whole country's
        await local.submits(PAGE, status=403, text=MADE_UP, source="试的，不是通知")


async def test_a_city_may_be_quicker_than_the_country_and_never_slower(app):
    kind = app.knowledge.appeals.kinds["wages"]
    async with Desk(app, Role.ADMIN, district="2101") as desk:
        fields = {"kind": "wages", "per": "working_days", "from": f"{china_date(now())}", "source": "沈阳市的文件"}
        page = await desk.submits(LIMITS, status=422, **fields, amount=60, district="沈阳市")
        assert "只能比上面定得短" in page.words
        await desk.submits(LIMITS, status=403, **fields, amount=3, district="济南市")
        page = await desk.submits(LIMITS, **fields, amount=3, district="沈阳市")
        assert "时限改好了" in page.words
        today = china_date(now())
        held = await rules(app)
        assert held.limit(kind, "210106", today).amount == 3
        assert held.limit(kind, "370102", today).amount == kind.limit
        await desk.submits(LIMITS, **{**fields, "per": "none"}, district="沈阳市")
        assert (await rules(app)).limit(kind, "210106", today).amount != 3
    async with app.db.read() as session:
        lines = (await session.scalars(select(Audit).where(Audit.action == "limit.change").order_by(Audit.id))).all()
        assert [each.detail["amount"] for each in lines] == [3, None]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("amount", "0", "至少 1"),
        ("amount", "91", "工作日最多 90"),
        ("from", "2020-01-01", "只能在"),
        ("from", "明天", "请选从哪天起"),
        ("kind", "nothing", "请选类型"),
        ("per", "weeks", "请选按工作日"),
        ("source", "我", "请写依据"),
    ],
)
async def test_a_limit_nobody_could_mean_is_refused_in_words(app, admin, field, value, said):
    fields = {"kind": "wages", "per": "working_days", "from": f"{china_date(now())}", "source": "一份文件", "amount": 5}
    page = await admin.submits(LIMITS, status=422, **{**fields, "district": "全国", field: value})
    assert said in page.words
    async with app.db.read() as session:
        assert (await session.scalars(select(LimitChange))).all() == []


async def test_the_home_page_says_when_the_next_year_is_due(app):
    with time_machine.travel(datetime(LAST, 11, 15, 2, tzinfo=UTC), tick=True):
        async with app.db.begin() as session:
            await calendar.forget(session)
        async with Desk(app, Role.SYSTEM_ADMIN, district="") as desk:
            assert (
                f"1 该录的放假安排 现在知道到 {LAST}-12-31，下一年是 {YEAR} 年" in (await desk.gets("/console")).words
            )


def test_the_command_shows_first_and_enters_when_told(database_url, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NUANXIN_DATABASE_URL", database_url)
    monkeypatch.setenv("NUANXIN_VAR", str(tmp_path))
    file = tmp_path / "days.txt"
    file.write_text(f"{YEAR + 3}-01-04 休息 试的\n", encoding="utf-8")
    assert main(["calendar", "enter", str(file), "--source", "试的，不是通知"]) == 0
    assert "nothing is entered yet" in capsys.readouterr().out
    assert main(["calendar", "enter", str(file), "--source", "试的，不是通知", "--yes"]) == 0
    assert main(["calendar", "show"]) == 0
    assert "试的，不是通知" in capsys.readouterr().out
    assert main(["calendar", "limit", "wages", "4", "--source", "一份文件", "--district", "2101"]) == 0
    assert main(["calendar", "limit", "wages", "4", "--source", "一份文件", "--district", "铁西"]) == 1
    assert main(["calendar", "limit", "wages", "80", "--source", "一份文件", "--district", "2101"]) == 1
    assert "只能比上面定得短" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
async def test_an_announcement_may_come_as_a_file_of_either_writing(app, admin, encoding):
    page = await admin.uploads(PAGE, "file", MADE_UP.encode(encoding), "days.txt", source="试的，不是通知", whole="1")
    assert f"{YEAR}-01-04" in page.words
    page = await admin.uploads(PAGE, "file", b"\xff\x00\xff", "days.txt", source="试的，不是通知")
    assert "没读出一个日子" in page.words
