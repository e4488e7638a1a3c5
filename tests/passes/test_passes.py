"""进门码: applied for once, checked by one of the doors, and what follows; no identity card, no face, no number on a list."""

import io
from datetime import timedelta
from types import SimpleNamespace

import openpyxl
import pytest
from sqlalchemy import func, select

from bot.errors import Rejected
from bot.services.core.lifecycle import SYSTEM, IllegalStep, Role
from bot.services.core.working_days import china_date
from bot.services.passes import passes, privacy, transitions
from bot.services.passes.passes import PassApplication
from bot.services.passes.states import PassState
from bot.services.passes.transitions import PassMove
from bot.services.privacy import data_export, erasure, retention
from bot.store.base import as_of
from bot.store.models import Chat, Identity, Pass, PassStep, RosterEntry, Staff, now
from handlers.answers import AnswerKind, Given
from handlers.passes.passes import number as shared_number
from tests.support.bookings import rings
from tests.support.desk import Desk
from tests.support.passes import TIEXI, pass_in

LISTED = "13800138000"
LIST = f"姓名,手机号\n张三丰,{LISTED}\n李四,+86 13900139000\n没有号码的一行\n".encode()
UNTIL = china_date(now()) + timedelta(days=40)
FIELDS = {"platform": "meituan", "district": "沈阳市", "until": UNTIL.isoformat()}


async def every(app, model):
    async with app.db.read() as session:
        return list(await session.scalars(select(model)))


async def applies(phone) -> str:
    """All questions of the form; what was said at its end."""
    await phone.types("/pass")
    await phone.presses("办进门码")
    await phone.presses("同意")
    await phone.types("张三丰")
    await phone.types(LISTED)
    await phone.presses("美团")
    await phone.types("沈阳铁西区")
    return (await phone.presses("提交"))[-1]


async def hands_in_a_list(desk, data: bytes = LIST, **fields: object):
    await desk.gets("/console/rosters")
    return await desk.uploads("/console/rosters", "file", data, "list.csv", **{**FIELDS, **fields})


def workbook(*rows: tuple[object, ...], row: int = 0) -> bytes:
    """A workbook with these rows, and a number in a row further down."""
    book, data = openpyxl.Workbook(), io.BytesIO()
    for cells in rows:
        book.active.append(cells)
    if row:
        book.active.cell(row, 1, LISTED)
    book.save(data)
    return data.getvalue()


async def test_a_roster_comes_as_a_workbook_too_and_one_that_cannot_be_read_says_so(organiser):
    page = await hands_in_a_list(organiser, workbook(("姓名", "手机"), ("张三", int(LISTED)), ("李四", "139 0000")))
    assert "收下 1 个号码，2 行没有号码" in page.words
    for broken in (b"PK\x03\x04 nonsense", b"\xd0\xcf\x11\xe0\xff\xff\x81"):
        assert "读不出来" in (await hands_in_a_list(organiser, broken)).words
    assert "一次最多" in (await hands_in_a_list(organiser, workbook(row=1_000_000))).words


async def checked_by_list(app, address: int, *, own: bool = True) -> Pass:
    """Somebody hands in the form; own: their phone vouched for the number."""
    async with app.db.begin() as session:
        session.add(chat := Chat(channel="telegram", key=bytes([address]) * 16, address=address))
        await session.flush()
        row = await passes.apply(session, chat, PassApplication("张三丰", LISTED, own, "meituan", TIEXI))
        await transitions.ask_roster(session, app.services, row)
        return row


async def test_a_rider_on_the_roster_who_shares_their_own_number_has_a_pass_in_one_minute_a_forwarded_contact_of_somebody_else_does_not(
    app, organiser, phone
):
    page = await hands_in_a_list(organiser, b"nothing")
    assert "文件里没有手机号" in page.words
    assert "一年以内" in (await hands_in_a_list(organiser, until="2001-01-01")).words
    page = await hands_in_a_list(organiser)
    assert "收下 2 个号码，2 行没有号码" in page.words
    assert LISTED not in page
    telegram = SimpleNamespace(chat=Chat(channel="telegram"))
    assert (await shared_number(telegram, Given(AnswerKind.CONTACT, LISTED, own=True)))["own"]
    assert not (await shared_number(telegram, Given(AnswerKind.TEXT, LISTED)))["own"]
    with pytest.raises(Rejected):
        await shared_number(telegram, Given(AnswerKind.CONTACT, LISTED, own=False))
    web = SimpleNamespace(chat=Chat(channel="web"))  # Nobody vouches for a number there.
    assert not (await shared_number(web, Given(AnswerKind.CONTACT, LISTED, own=True)))["own"]
    good = await checked_by_list(app, 1)
    assert (good.state, good.checked_how) == (PassState.ACTIVE, "roster")
    assert good.valid_until == passes.end_of(UNTIL)
    assert (await checked_by_list(app, 2, own=False)).state == PassState.APPLIED
    assert "收到了" in await applies(phone)
    async with Desk(app, Role.ORGANISER, district="3701") as far:  # A list holds where whoever handed it in works.
        assert "等着的人里核上 0 位" in (await hands_in_a_list(far, district="济南市")).words


async def test_a_list_that_comes_later_checks_who_waits_and_renews_by_one_tap(app, organiser):
    row = await checked_by_list(app, 1)
    assert row.state == PassState.APPLIED
    assert "等着的人里核上 1 位" in (await hands_in_a_list(organiser)).words
    assert await rings(app, "pass", "warn") == 2
    assert await rings(app, "pass", "expire") == 1
    [row] = await every(app, Pass)
    assert (row.state, row.closed_at is None) == (PassState.EXPIRED, False)
    await hands_in_a_list(organiser, until=(UNTIL + timedelta(days=60)).isoformat())
    async with app.db.begin() as session:
        assert await transitions.ask_roster(session, app.services, row)
    [row] = await every(app, Pass)
    assert (row.state, row.valid_until) == (PassState.ACTIVE, passes.end_of(UNTIL + timedelta(days=60)))


async def test_a_rider_not_on_any_roster_is_checked_at_a_station_by_its_counter_and_the_pass_names_how(app, phone):
    said = await applies(phone)
    [row] = await every(app, Pass)
    assert row.number in said
    path = f"/console/passes/check?number={row.number}"
    async with Desk(app, Role.COUNTER, district="2102") as far, Desk(app, Role.HANDLER) as other:
        for desk in (far, other):
            assert "不归您核" in (await desk.gets(path)).words
    async with Desk(app, Role.COUNTER) as counter:
        page = await counter.gets(path)
        assert "张**" in page.words
        assert LISTED not in page
        await counter.submits("/console/passes/check", status=422, number=row.number)
        await counter.submits("/console/passes/check", number=row.number, seen=1)
    assert "驿站当面核的" in (await phone.hears())[-1]
    assert "驿站当面核的" in (await phone.types("/pass"))[-1]
    [row] = await every(app, Pass)
    assert (row.checked_how, row.checked_by) == ("counter", counter.id)


async def test_whoever_suspended_cannot_reinstate_and_nobody_checks_themselves(app, organiser, phone):
    number = await pass_in(app, active=True)
    path = f"/console/passes/{number}"
    await organiser.gets(path)
    assert "请写 4 到 200 个字" in (await organiser.submits(f"{path}/suspend", status=422, reason="坏")).words
    await organiser.gets(path)
    await organiser.submits(f"{path}/suspend", reason="张三丰转借给别人用")
    assert (await every(app, PassStep))[-1].text.endswith("转借给别人用")
    assert "张三丰" not in (await every(app, PassStep))[-1].text
    await organiser.gets(path)
    await organiser.submits(f"{path}/reinstate", status=403)
    async with Desk(app, Role.ADMIN) as admin:
        await admin.gets(path)
        await admin.submits(f"{path}/reinstate")
        assert (await every(app, Pass))[0].state == PassState.ACTIVE
    await applies(phone)
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat).where(Chat.channel == "web"))
        row = await passes.own(session, chat.id)
        (await session.get_one(Staff, organiser.id)).chat_id = chat.id
    await organiser.gets(f"/console/passes/check?number={row.number}")
    await organiser.submits("/console/passes/check", status=403, number=row.number, seen=1)


async def test_who_looked_at_a_name_stands_in_the_view_log_and_in_the_rider_s_who_looked(app, phone):
    await applies(phone)
    [row] = await every(app, Pass)
    async with Desk(app, Role.ADMIN) as admin:
        path = f"/console/passes/{row.number}"
        page = await admin.gets(path)
        assert "张三丰" not in page
        assert LISTED in await admin.submits(f"{path}/identity", purpose="骑手来问为什么没核上")
    await phone.types("/pass")
    said = (await phone.presses("谁看过"))[-1]
    assert "姓名电话" in said
    assert "骑手来问为什么没核上" in said


async def test_withdrawing_holds_at_once_erasing_leaves_nobody_and_ninety_days_later_nothing(app, phone, organiser):
    await hands_in_a_list(organiser)
    await applies(phone)
    await phone.types("/pass")
    await phone.presses("不用了")
    assert "停掉了" in (await phone.presses("确定停掉"))[-1]
    [row] = await every(app, Pass)
    assert (row.state, row.closed_at is None) == (PassState.WITHDRAWN, False)
    await applies(phone)
    async with app.db.begin() as session:
        chat = await session.scalar(select(Chat))
        held = (await data_export.of(session, chat))["passes"]
        assert [each["state"] for each in held] == ["pass_withdrawn", "pass_applied"]
        assert held[1]["identity"]["name"] == "张三丰"
        await erasure.erase(session, app.services, chat)
    rows = await every(app, Pass)
    assert {each.owner for each in rows} == {privacy.NOBODY}
    assert {each.state for each in rows} == {PassState.WITHDRAWN}
    assert all(each.body is None for each in await every(app, Identity))
    async with app.db.begin() as session:
        with as_of(now() + timedelta(days=91)):
            await retention.run(session, app.services)
        for model in (Pass, PassStep, RosterEntry):
            assert await session.scalar(select(func.count()).select_from(model)) == 0


async def test_a_platform_s_list_does_not_move_a_pass_that_somebody_suspended(app, organiser):
    await hands_in_a_list(organiser)
    row = await checked_by_list(app, 1)
    path = f"/console/passes/{row.number}"
    await organiser.gets(path)
    await organiser.submits(f"{path}/suspend", reason="有人说转借了")
    await hands_in_a_list(organiser)
    assert [each.state for each in await every(app, Pass)] == [PassState.SUSPENDED]
    async with app.db.begin() as session:
        with pytest.raises(IllegalStep):
            await transitions.move(session, app.services, row.number, PassMove(PassState.ACTIVE, SYSTEM))
