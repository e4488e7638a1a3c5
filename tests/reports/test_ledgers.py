"""Ledgers: frozen once, never changed, corrected with a date, and the same file whenever it is written."""

import argparse
import asyncio
import csv
import io
import zipfile
from datetime import timedelta

import openpyxl
import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from bot.commands import ledger as commands
from bot.errors import Rejected
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.core import periods, spreadsheets
from bot.services.core.lifecycle import WORKER, Role
from bot.services.reports import ledger_schedule, ledgers
from bot.services.reports.ledgers import LedgerRequest
from bot.store.models import (
    Agency,
    Appeal,
    Audit,
    CopyState,
    Ledger,
    Notice,
    NoticeKind,
    NoticeTotal,
    Outbox,
    OutboxState,
    now,
)
from tests.reports.test_overview import put_back, rated
from tests.support.appeals import case_of, filed
from tests.support.desk import Desk

WANTED = LedgerRequest("week", ledgers.last("week"), "2101")


async def last_week(app, rating: str = "good", **details) -> str:
    """A case that was filed and settled in the middle of last week."""
    number = await rated(app, rating, **details)
    middle = WANTED.period.first + timedelta(days=3)
    await put_back(app, number, (periods.today() - middle).days)
    return number


async def frozen(app, wanted: LedgerRequest = WANTED) -> Ledger:
    async with app.db.begin() as session:
        return await ledgers.freeze(session, app.services, wanted)


async def amended(app, ledger: Ledger, why: str = "补录了一件") -> Ledger:
    async with app.db.begin() as session:
        return await ledgers.amend(session, app.services, ledger, why)


def lines_of(ledger: Ledger, watermark: str = "谁 什么时候") -> list[list[str | int]]:
    return spreadsheets.rows(ledgers.read(ledger), ledger.stamp, watermark)


@pytest.fixture
async def admin(app):
    async with Desk(app, Role.ADMIN, name="=管理员赵") as desk:
        yield desk


async def test_each_number_of_a_ledger_is_the_sum_of_its_cases(app):
    for rating in ("good", "poor", ""):
        await last_week(app, rating)
    content = ledgers.read(await frozen(app))
    count = len(content["measures"])
    sums = [sum(column) for column in zip(*(line[-count:] for line in content["cases"]), strict=True)]
    assert content["totals"] == sums
    totals = dict(zip([name for name, *_ in content["measures"]], sums, strict=True))
    assert (totals["collected"], totals["settled"], totals["reopened"]) == (3, 2, 1)
    for table in ("kinds", "agencies"):
        assert [sum(column) for column in zip(*(line[1:] for line in content[table]), strict=True)] == sums


async def test_freezing_again_gives_the_same_row_whatever_happened_since(app):
    await last_week(app)
    first = await frozen(app)
    await last_week(app)
    again = await frozen(app)
    assert (again.id, again.stamp, again.content) == (first.id, first.stamp, first.content)
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Ledger)) == 1


async def test_a_period_that_is_not_over_is_not_frozen(app):
    with pytest.raises(Rejected, match=r"ledger\.early"):
        await frozen(app, LedgerRequest("week", periods.week_of(periods.today()), "2101"))


async def test_a_correction_is_a_row_of_its_own_that_names_what_it_corrects(app):
    await last_week(app)
    first = await frozen(app)
    with pytest.raises(Rejected, match=r"ledger\.same"):
        await amended(app, first)
    await last_week(app)
    with pytest.raises(Rejected, match=r"ledger\.why"):
        await amended(app, first, " ")
    second = await amended(app, first)
    assert (second.number, second.amends_id, ledgers.read(second)["corrects"]) == (1, first.id, first.stamp)
    assert "补录了一件" in lines_of(second)[3]
    await last_week(app)
    third = await amended(app, first)  # of the newest one, whichever was named
    assert (third.number, ledgers.read(third)["corrects"]) == (2, second.stamp)
    assert (await frozen(app)).stamp == first.stamp


async def test_the_database_refuses_to_change_or_delete_a_ledger(app):
    ledger = await frozen(app)
    for statement in (update(Ledger).values(why="x"), delete(Ledger)):
        with pytest.raises(DBAPIError, match="append only"):
            async with app.db.begin() as session:
                await session.execute(statement.where(Ledger.id == ledger.id))


async def test_a_confidential_case_counts_without_its_number(app):
    number = await last_week(app)
    async with app.db.begin() as session:
        await session.execute(update(Appeal).where(Appeal.number == number).values(confidential=True))
    ledger = await frozen(app)
    assert number not in ledger.content
    assert lines_of(ledger)[-1][0] == "保密"


async def test_a_ledger_names_nobody(app):
    number = await last_week(
        app, name="欧阳拾柒", phone="13912349876", story="欠我欧阳拾柒工资，电话 13912349876，催了三次都说下周"
    )
    content = (await frozen(app)).content
    assert number in content
    assert "欧阳拾柒" not in content
    assert "13912349876" not in content


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_the_same_ledger_is_the_same_file_byte_for_byte(app, form):
    await last_week(app)
    ledger = await frozen(app)
    write, _ = spreadsheets.FORMS[form]
    first = write(lines_of(ledger))
    async with app.db.read() as session:
        again = await session.get(Ledger, ledger.id)
        assert write(lines_of(again)) == first
    assert write(lines_of(ledger, "别人")) != first


async def test_the_files_of_a_workbook_carry_no_date(app):
    body = spreadsheets.as_xlsx(lines_of(await frozen(app)))
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert {each.date_time for each in archive.infolist()} == {spreadsheets.THEN}
        core = archive.read("docProps/core.xml").decode()
    assert core.count("1980-01-01T00:00:00Z") == 2


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1"])
def test_nothing_in_a_file_is_a_formula(text):
    [line] = csv.reader(io.StringIO(spreadsheets.as_csv([[text, 7]]).decode("utf-8-sig"), newline=""))
    assert line == [f"'{text}", "7"]
    sheet = openpyxl.load_workbook(io.BytesIO(spreadsheets.as_xlsx([[text, 7]]))).active
    assert (sheet["A1"].data_type, sheet["A1"].value[0]) == ("s", "'")
    assert sheet["B1"].value == 7


@pytest.mark.parametrize("text", ["a;=1+1", "a; =1+1", ";\t@SUM(A1)", 'a";=1+1'])
def test_nothing_in_a_file_becomes_a_formula_where_a_semicolon_parts_cells(text):
    written = spreadsheets.as_csv([[text, 7]]).decode("utf-8-sig")
    cells = next(csv.reader(io.StringIO(written, newline=""), delimiter=";"))
    assert not any(cell.lstrip(' "\t').startswith(("=", "+", "@")) for cell in cells), cells


async def test_an_agency_whose_name_is_a_formula_does_no_harm(app):
    await last_week(app)
    async with app.db.begin() as session:
        await session.execute(
            update(Agency).where(Agency.code == "labour").values(name='=HYPERLINK("http://x","劳动")')
        )
    lines = lines_of(await frozen(app))
    assert b",=HYPERLINK" not in spreadsheets.as_csv(lines)
    book = openpyxl.load_workbook(io.BytesIO(spreadsheets.as_xlsx(lines)))
    assert all(cell.data_type != "f" for row in book.active.iter_rows() for cell in row)


async def test_an_export_says_who_took_it_and_stands_in_the_audit(app, admin):
    number = await last_week(app)
    ledger = await frozen(app)
    body = await admin.gets(f"/console/ledgers/{ledger.id}/csv")
    assert body.headers["Content-Disposition"].startswith("attachment")
    lines = list(csv.reader(io.StringIO(body.removeprefix("\ufeff"))))
    assert lines[1][0].startswith("'=管理员赵（desk.")
    assert f"{periods.today()} 导出" in lines[1][0]
    assert ledger.stamp in lines[2]
    assert lines[-1][0] == number
    async with app.db.read() as session:
        row = await session.scalar(select(Audit).where(Audit.action == "ledger.export"))
    assert (row.staff_id, row.subject, row.detail) == (admin.id, f"ledger:{ledger.id}", {"form": "csv"})
    await admin.gets(f"/console/ledgers/{ledger.id}/pdf", status=404)


async def test_an_export_needs_a_fresh_code(app, admin):
    ledger = await frozen(app)
    async with app.db.begin() as session:
        await session.execute(text("UPDATE staff_sessions SET elevated_until = NULL"))
    page = await admin.gets(f"/console/ledgers/{ledger.id}/csv", status=401)
    assert "验证码" in page.words
    async with app.db.read() as session:
        assert await session.scalar(select(Audit.id).where(Audit.action == "ledger.export")) is None


async def test_the_console_freezes_shows_and_corrects(app, admin):
    await last_week(app)
    page = await admin.submits("/console/ledgers", kind="week", district="2101")
    assert "已冻结" in page.words
    assert "一致" in page.words
    await last_week(app)
    page = await admin.submits(f"{page.path.split('?')[0]}/amend", why="漏了一件，补上")
    assert "第 1 次更正" in page.words
    assert "漏了一件，补上" in page.words
    page = await admin.submits(f"{page.path.split('?')[0]}/amend", why="再来一次试试", status=422)
    assert "不用更正" in page.words
    assert "再来一次试试" in page
    page = await admin.gets("/console/ledgers")
    assert page.words.count("周调度表") >= 3
    assert "请选冻结哪一本" in (await admin.submits("/console/ledgers", status=422)).words


async def test_a_ledger_of_another_district_is_not_there(app, admin):
    other = await frozen(app, LedgerRequest("week", WANTED.period, "3701"))
    whole = await frozen(app, LedgerRequest("week", WANTED.period, ""))
    for ledger in (other, whole):
        await admin.gets(f"/console/ledgers/{ledger.id}", status=404)
        await admin.gets(f"/console/ledgers/{ledger.id}/csv", status=404)
        assert f"/console/ledgers/{ledger.id}" not in await admin.gets("/console/ledgers")
    await admin.submits("/console/ledgers", kind="week", district="3701", status=404)


async def test_who_counts_one_kind_only_sees_no_ledger_of_the_district(app):
    ledger = await frozen(app)
    async with Desk(app, Role.REVIEWER, category="access") as reviewer:
        await reviewer.gets(f"/console/ledgers/{ledger.id}", status=404)
        assert "还没有冻结的台账" in (await reviewer.gets("/console/ledgers")).words


async def test_a_ledger_that_was_tampered_with_says_so(app, admin):
    await last_week(app)
    ledger = await frozen(app)
    async with app.db.begin() as session:
        drop = "DROP TRIGGER ledgers_fixed" + (" ON ledgers" if app.db.dialect == "postgresql" else "")
        await session.execute(text(drop))
        forged = ledger.content.replace('"totals":[1,', '"totals":[9,')
        await session.execute(update(Ledger).where(Ledger.id == ledger.id).values(content=forged))
    assert "内容和指纹对不上" in (await admin.gets(f"/console/ledgers/{ledger.id}")).words


async def test_what_comes_due_next_is_what_was_unanswered_when_the_week_ended(app):
    open_case = await filed(app, AppealState.IN_PROGRESS)
    answered = await last_week(app)
    async with app.db.begin() as session:
        due = {"due_at": WANTED.period.before + timedelta(days=2)}
        early = {**due, "answered_at": WANTED.period.before - timedelta(days=1)}
        await session.execute(update(Appeal).where(Appeal.number == answered).values(**early))
        await session.execute(update(Appeal).where(Appeal.number == open_case).values(**due))
    await put_back(app, open_case, 9)
    content = ledgers.read(await frozen(app))
    assert content["totals"][[name for name, *_ in content["measures"]].index("ahead")] == 1
    async with app.db.begin() as session:
        await appeal_transitions.move(
            session, app.services.silently(), open_case, AppealMove(AppealState.WITHDRAWN, WORKER)
        )
    with pytest.raises(Rejected, match=r"ledger\.same"):
        await amended(app, await frozen(app))
    assert (await case_of(app, open_case)).state == AppealState.WITHDRAWN


async def test_two_who_freeze_at_once_get_one_ledger(app):
    await last_week(app)
    first, second = await asyncio.gather(frozen(app), frozen(app))
    assert (first.id, first.stamp) == (second.id, second.stamp)


async def test_the_command_line_freezes_corrects_writes_and_checks(app, tmp_path, capsys):
    await last_week(app)

    async def command(*words: str) -> tuple[int, str]:
        given = argparse.ArgumentParser()
        commands.add(given.add_subparsers())
        parsed = given.parse_args(["ledger", *words])
        status = await asyncio.to_thread(parsed.run, parsed, app.settings)
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    day = WANTED.period.first.isoformat()
    status, said = await command("freeze", "--week", day, "--district", "2101")
    assert (status, await command("freeze", "--week", day, "--district", "2101")) == (0, (0, said))
    number = said.split()[0]
    assert "不用更正" in (await command("amend", number, "--why", "看看有没有变"))[1]
    files = [tmp_path / name for name in ("a.xlsx", "b.xlsx")]
    for each in files:
        assert (await command("export", number, str(each)))[0] == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    assert "后缀" in (await command("export", number, str(tmp_path / "a.pdf")))[1]
    assert "没有 77 这一条" in (await command("export", "77", str(files[0])))[1]
    today = periods.today()
    assert "还没过完" in (await command("freeze", f"{today:%Y-%m}", "--district", ""))[1]
    assert (await command("freeze"))[0] == 0  # last month, everywhere
    assert said.strip() in (await command("list"))[1]
    assert (await command("verify"))[0] == 0
    async with app.db.begin() as session:
        drop = "DROP TRIGGER ledgers_fixed" + (" ON ledgers" if app.db.dialect == "postgresql" else "")
        await session.execute(text(drop))
        await session.execute(update(Ledger).where(Ledger.id == int(number)).values(why="没改过"))
    status, said = await command("verify")
    assert status == 1
    assert f"BROKEN  {number} week" in said


async def test_the_week_and_the_month_are_frozen_by_themselves_once(app, admin):
    await last_week(app)
    for _ in range(2):
        async with app.db.begin() as session:
            await ledger_schedule.ensure(session)
            await session.execute(update(Outbox).where(Outbox.subject == ledger_schedule.OF).values(due_at=now()))
        await app.settled()
    async with app.db.read() as session:
        kept = await session.scalars(select(Ledger).order_by(Ledger.district, Ledger.kind))
        assert [(each.district, each.kind) for each in kept] == [
            (district, kind) for district in ("", "2101") for kind in ("month", "week")
        ]
        waits = Outbox.subject == ledger_schedule.OF, Outbox.state == OutboxState.WAITING
        assert await session.scalar(select(func.count()).select_from(Outbox).where(*waits)) == 1
    assert WANTED.period.first.isoformat() in (await admin.gets("/console/ledgers")).words


async def test_a_ledger_tells_how_many_notices_went_out_and_leaves_drills_out(app, admin):
    """With the people whose copies are not kept any more; those of another district are in another ledger."""
    middle = WANTED.period.since + timedelta(days=2)
    async with app.db.begin() as session:
        same = {"kind": NoticeKind.SERVICE, "title": "体检", "text": "周六", "unit": "工会", "author_id": admin.id}
        times = {"valid_until": now() + timedelta(days=9), "started_at": middle}
        told = {"counted": {}, "drill": {"drill": True}, "elsewhere": {"district": "5101"}, "edit": {"does": "edit"}}
        told["later"] = {"started_at": WANTED.period.before}
        for more in told.values():
            notice = Notice(**{**same, **times, "district": "2101", **more})
            session.add(notice)
            await session.flush()
            session.add(NoticeTotal(notice_id=notice.id, state=CopyState.SENT, why="", people=7))
            session.add(NoticeTotal(notice_id=notice.id, state=CopyState.BLOCKED, why="x", people=2))
    ledger = await frozen(app)
    assert ledgers.read(ledger)["notices"] == [1, 7]
    assert [line[:2] for line in lines_of(ledger) if line and line[0] in ("发出的通知", "发到的人次")] == [
        ["发出的通知", 1],
        ["发到的人次", 7],
    ]
    assert "发到的人次 7" in (await admin.gets(f"/console/ledgers/{ledger.id}")).words
