"""Outlets and contacts at the desk: imported whole or not at all, entered, confirmed, visited; each in its own district."""

import csv
import io
import re
from datetime import date, timedelta

import openpyxl
import pytest
from sqlalchemy import Engine, event, func, select, update

from bot.services.contacts import outlets
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import china_date
from bot.services.staff import accounts
from bot.services.staff.permissions import Grant
from bot.store.models import Agency, Contact, ContactReport, Outbox, Outlet, Staff, Visit, now
from knowledge.contacts.contacts import COLUMNS
from tests.support.contacts import contact_entered, outlet_entered
from tests.support.desk import BY, Desk
from tests.support.units import unit_entered

TIEXI, HEPING = "210106", "210102"
OUTLETS = "名称,平台,区县,地址,人数,社区,派出所"
CONTACTS = "单位,职责,联系人,电话,时间,站点,平台,区县,到期日期"
HERE = "兴工街站,美团,沈阳市铁西区,兴工北街1号,40人,兴工社区,"
THERE = "三好街站,美团,沈阳市和平区,三好街1号,,,"
CONTACT = "兴工社区,社区,李干事,024-25850000,周一至周五 8:30-17:00,兴工街站,,,"


@pytest.fixture
async def organiser(app):
    async with app.db.begin() as session:
        await unit_entered(session, "兴工社区", region=TIEXI, kind="community")
        await unit_entered(session, "三好社区", region=HEPING, kind="community")
    async with Desk(app, Role.ORGANISER, district=TIEXI, name="组织员李") as desk:
        yield desk


async def looks_at(desk, noun, *lines, name="list.csv", data=None, datum=""):
    await desk.gets(f"/console/{noun}/import")
    body = "\n".join(lines).encode() if data is None else data
    return await desk.uploads(f"/console/{noun}/import", "file", body, name, datum=datum)


async def imports(desk, noun, *lines, **more):
    page = await looks_at(desk, noun, *lines, **more)
    assert page.status == 200, page.words
    return await desk.submits(f"/console/{noun}/import/take")


async def every(app, model):
    async with app.db.read() as session:
        return list(await session.scalars(select(model).order_by(model.id)))


async def test_a_list_is_looked_at_before_it_is_taken_over_and_a_second_one_renews_it(app, organiser):
    page = await looks_at(organiser, "outlets", OUTLETS, HERE)
    assert page.status == 200, page.words[300:900]
    assert "兴工街站" in page.words
    assert await every(app, Outlet) == []
    page = await organiser.submits("/console/outlets/import/take")
    assert "导入好了" in page.words
    [row] = await every(app, Outlet)
    assert (row.name, row.platform, row.region, row.size) == ("兴工街站", "meituan", TIEXI, 40)
    await imports(organiser, "outlets", OUTLETS, HERE.replace("40人", "55"), HERE.replace("兴工街", "保工街"))
    assert [(each.name, each.size) for each in await every(app, Outlet)] == [("兴工街站", 55), ("保工街站", 40)]
    page = await imports(organiser, "contacts", CONTACTS, CONTACT)
    [contact] = await every(app, Contact)
    assert (contact.shown_name, contact.phone, contact.outlet_id) == ("李干事", "02425850000", row.id)
    await imports(organiser, "contacts", CONTACTS, CONTACT.replace("李干事", "王干事"))
    assert [each.shown_name for each in await every(app, Contact)] == ["王干事"]
    assert "已经导入过" in (await organiser.submits("/console/outlets/import/take", status=422, file=1)).words


@pytest.mark.parametrize(
    ("noun", "head", "line", "said"),
    [
        ("outlets", OUTLETS, "兴工街站,飞鸽传书,沈阳市铁西区,,,,", "不认识的平台"),
        ("outlets", OUTLETS, "兴工街站,,沈阳市铁西区,,,,", "没有写平台"),
        ("outlets", OUTLETS, ",美团,沈阳市铁西区,,,,", "没有站点名称"),
        ("outlets", OUTLETS, "兴工街站,美团,,,,,", "不知道在哪个区"),
        ("outlets", OUTLETS, "兴工街站,美团,铁西,,,,", "不是一个确定的地方"),
        ("outlets", OUTLETS, "兴工街站,美团,沈阳市铁西区,,很多,,", "人数"),
        ("outlets", OUTLETS, "兴工街站,美团,沈阳市铁西区,,,没有社区,", "没有“没有社区”这个单位"),
        ("outlets", "名称,平台,经度,纬度", "兴工街站,美团,123.36,41.79", "没选坐标系"),
        ("outlets", "平台,区县", "美团,沈阳市铁西区", "找不到站点名称"),
        ("contacts", CONTACTS, CONTACT.replace("024-25850000", "13800138000"), "是手机号"),
        ("contacts", CONTACTS, CONTACT.replace("024-25850000", "打这个"), "看不懂"),
        ("contacts", CONTACTS, CONTACT.replace("024-25850000", ""), "工人找不到他"),
        ("contacts", CONTACTS, CONTACT.replace("社区,李", "站岗,李"), "不认识的职责"),
        ("contacts", CONTACTS, CONTACT.replace("兴工街站", "别的站"), "没有“别的站”这个站点"),
        ("contacts", CONTACTS, CONTACT.replace("兴工街站", ""), "至少写一样"),
        ("contacts", CONTACTS, CONTACT.replace("李干事", ""), "没有写联系人"),
        ("contacts", CONTACTS, CONTACT.replace("周一至周五", "有空"), "开放时间"),
        ("contacts", "姓名,电话", "李干事,12345", "找不到“单位”"),
    ],
)
async def test_one_row_that_is_wrong_is_named_and_nothing_is_taken(app, organiser, noun, head, line, said):
    await imports(organiser, "outlets", OUTLETS, HERE)
    page = await looks_at(organiser, noun, head, line)
    assert page.status == 422
    assert said in page.words
    assert "什么都没有写入" in page.words
    assert (len(await every(app, Outlet)), len(await every(app, Contact))) == (1, 0)


async def test_the_unit_s_yes_lets_a_mobile_number_stand(app, organiser):
    await imports(organiser, "outlets", OUTLETS, HERE)
    line = CONTACT.replace("024-25850000", "13800138000")
    await imports(organiser, "contacts", f"{CONTACTS},单位同意公开", f"{line},是")
    assert [each.phone for each in await every(app, Contact)] == ["13800138000"]


async def test_an_outlet_of_another_district_is_neither_imported_nor_opened(app, organiser):
    page = await looks_at(organiser, "outlets", OUTLETS, HERE, THERE.replace(",,,", ",,,", 1))
    assert page.status == 422
    assert "不在您管的地方" in page.words
    assert await every(app, Outlet) == []
    async with Desk(app, Role.ORGANISER, district=HEPING) as other:
        await imports(other, "outlets", OUTLETS, THERE)
    [row] = await every(app, Outlet)
    await organiser.gets(f"/console/outlets/{row.id}", status=404)


async def test_a_position_says_the_district(app, organiser):
    await imports(organiser, "outlets", "名称,平台,经度,纬度", "兴工街站,顺丰,123.3600,41.7900", datum="gcj02")
    [row] = await every(app, Outlet)
    assert (row.region, row.platform) == (TIEXI, "courier")
    assert row.latitude is not None


async def test_the_sheet_of_all_outlets_is_filled_in_and_handed_in_again(app, organiser):
    await imports(organiser, "outlets", OUTLETS, HERE, HERE.replace("兴工街", "保工街"))
    async with organiser.http.get(f"{organiser.url}/console/contacts/template.xlsx") as answer:
        book = openpyxl.load_workbook(io.BytesIO(await answer.read()))
    sheet = book.active
    assert {sheet.cell(row, 6).value for row in (2, 3)} == {"兴工街站", "保工街站"}
    for row in (2, 3):
        for column, value in enumerate(("兴工社区", "社区", "李干事", "024-25850000"), 1):
            sheet.cell(row, column, value)
    book.save(filled := io.BytesIO())
    await imports(organiser, "contacts", data=filled.getvalue(), name="contacts.xlsx")
    assert len(await every(app, Contact)) == 2
    assert "没有联系人 0" in (await organiser.gets("/console/outlets")).words


@pytest.mark.parametrize("noun", ["outlets", "contacts"])
async def test_two_who_import_in_another_order_change_rows_in_the_same_one(app, organiser, noun):
    """Else each would wait for the other."""
    outlets_ = [HERE, HERE.replace("兴工街", "保工街"), HERE.replace("兴工街", "云峰街")]
    await imports(organiser, "outlets", OUTLETS, *outlets_)
    lines = [CONTACT, CONTACT.replace("兴工街站", "保工街站"), CONTACT.replace("兴工街站", "云峰街站")]
    await imports(organiser, "contacts", CONTACTS, *lines)
    changed: list[list[int]] = []

    def note(_connection, _cursor, statement, parameters, _context, many) -> None:
        if many and statement.startswith(f"UPDATE {noun}"):
            changed.append([each[-1] for each in parameters])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        if noun == "outlets":
            await imports(organiser, noun, OUTLETS, *(each.replace("40人", "50人") for each in outlets_[::-1]))
        else:
            await imports(organiser, noun, CONTACTS, *(each.replace("李干事", "王干事") for each in lines[::-1]))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    [ids] = changed
    assert len(ids) == 3
    assert ids == sorted(ids)


async def test_the_sheet_has_a_column_for_all_that_a_file_may_say(app, organiser):
    await imports(organiser, "outlets", OUTLETS, HERE)
    page = await organiser.gets("/console/contacts/template.csv")
    [head, line] = csv.reader(io.StringIO(str(page).removeprefix("\ufeff")))
    assert set(COLUMNS.found(head)) == set(COLUMNS.whole)
    said = {"单位": "兴工社区", "职责": "社区", "联系人": "李干事", "电话": "13800138000", "工种": "外卖骑手"}
    said |= {"单位同意公开": "是", "核对日期": "2026-01-05", "时间": "周一至周五 8:30-17:00"}
    filled = [said.get(title, cell) for title, cell in zip(head, line, strict=True)]
    text = io.StringIO()
    csv.writer(text).writerows([head, filled])
    await imports(organiser, "contacts", data=text.getvalue().encode())
    [row] = await every(app, Contact)
    assert (row.phone, row.job, row.checked) == ("13800138000", "rider", date(2026, 1, 5))


async def test_units_that_a_form_offers_are_those_it_takes(app, organiser):
    async with app.db.begin() as session:  # There they may read contacts, and not write any.
        person = await session.get_one(Staff, organiser.id)
        await accounts.give(session, None, BY, person, Grant(Role.ADMIN, HEPING))
    page = await organiser.gets("/console/contacts/new")
    offered = re.findall(r'<option value="([^"]+)"[^>]*>[^<]*社区（', page)
    contact = {"duty": "community", "name": "李干事", "phone": "12345", "district": "沈阳市铁西区"}
    assert offered
    for unit in offered:
        page = await organiser.submits("/console/contacts/new", unit=unit, **contact)
        assert page.path.startswith("/console/contacts/")
    assert "三好社区" not in page


async def test_an_outlet_and_a_contact_are_entered_by_forms_and_a_fault_loses_nothing(app, organiser):
    form = {"name": "兴工街站", "platform": "meituan", "district": "沈阳市铁西区", "community": "兴工社区"}
    page = await organiser.submits("/console/outlets/new", status=422, **{**form, "community": "没有社区"})
    assert 'value="兴工街站"' in page
    page = await organiser.submits("/console/outlets/new", **form)
    assert "还没有人联系这个站点" in page.words
    assert "已经有“兴工街站”" in (await organiser.submits("/console/outlets/new", status=422, **form)).words
    contact = {"unit": "兴工社区", "duty": "community", "name": "李干事", "phone": "12345", "outlet": "兴工街站"}
    page = await organiser.submits("/console/contacts/new", status=422, **{**contact, "phone": "13800138000"})
    assert "手机号" in page.words
    page = await organiser.submits("/console/contacts/new", **contact, valid_until=str(date(2030, 1, 1)))
    assert "存好了" in page.words
    [row] = await every(app, Contact)
    assert row.valid_until == date(2030, 1, 1)
    async with app.db.read() as session:
        warnings = select(func.count()).where(Outbox.subject == f"ending:{row.id}")
        assert await session.scalar(warnings) == 1
    await organiser.submits(f"/console/contacts/{row.id}/drop")
    assert await every(app, Contact) == []


async def test_what_workers_said_is_settled_by_who_made_sure(app, organiser):
    await imports(organiser, "outlets", OUTLETS, HERE)
    await imports(organiser, "contacts", CONTACTS, CONTACT)
    [contact] = await every(app, Contact)
    async with app.db.begin() as session:
        (await session.get_one(Contact, contact.id)).doubtful_at = now()
        session.add(ContactReport(contact_id=contact.id, what="no_answer", reporter=b"1" * 16))
    assert "有人说打不通 1" in (await organiser.gets("/console/contacts?view=doubtful")).words
    assert "没人接" in (await organiser.gets(f"/console/contacts/{contact.id}")).words
    await organiser.submits(f"/console/contacts/{contact.id}/confirm")
    [contact], [report] = await every(app, Contact), await every(app, ContactReport)
    assert contact.doubtful_at is None
    assert report.settled_at is not None
    assert contact.checked == china_date(now())


async def test_a_handler_sees_the_outlets_of_their_unit_and_writes_down_visits(app, organiser):
    await imports(organiser, "outlets", OUTLETS, HERE, HERE.replace("兴工街", "保工街").replace("兴工社区", ""))
    mine, other = await every(app, Outlet)
    today = china_date(now())
    async with Desk(app, Role.HANDLER, district=TIEXI, agency="兴工社区") as handler:
        page = await handler.gets("/console/outlets")
        assert "兴工街站" in page.words
        assert "保工街站" not in page.words
        await handler.gets(f"/console/outlets/{other.id}", status=404)
        visit = {"start_at": today, "text": "充电柜坏了一个，答应下周修", "next": today + timedelta(days=7)}
        page = await handler.submits(f"/console/outlets/{mine.id}/visit", status=422, **{**visit, "text": "看"})
        assert "请写看到了什么" in page.words
        await handler.submits(f"/console/outlets/{mine.id}/visit", **visit)
        page = await handler.submits(f"/console/outlets/{mine.id}/visit", start_at=today, text="充电柜修好了", next="")
    assert "充电柜坏了一个" in page.words
    first, second = await every(app, Visit)
    assert first.done_at is not None
    assert second.next_on is None


async def test_who_lacks_a_contact_is_counted(app, organiser):
    await imports(organiser, "outlets", OUTLETS, HERE, HERE.replace("兴工街", "保工街"))
    await imports(organiser, "contacts", CONTACTS, CONTACT)
    async with app.db.read() as session:
        assert await outlets.covered(session, [TIEXI], china_date(now())) == (2, 1)
        assert await outlets.covered(session, [HEPING], china_date(now())) == (0, 0)


async def test_the_checklist_names_outlets_nobody_looks_after_until_somebody_does(app, organiser):
    await imports(organiser, "outlets", OUTLETS, HERE)
    async with Desk(app, Role.ADMIN, district=TIEXI) as admin:
        assert "兴工街站" in (await admin.gets("/console/settings")).words
        assert "0 / 1 个" in (await admin.gets("/console/overview")).words
        await imports(organiser, "contacts", CONTACTS, CONTACT)
        assert "兴工街站" not in (await admin.gets("/console/settings")).words
        assert "1 / 1 个" in (await admin.gets("/console/overview")).words


async def test_a_year_that_can_only_be_a_slip_is_refused_in_a_list_and_in_a_form_and_loses_nothing(app, organiser):
    await imports(organiser, "outlets", OUTLETS, HERE)
    page = await looks_at(organiser, "contacts", CONTACTS, f"{CONTACT}0001-01-10")
    assert "2000 到 2100" in page.words
    assert await every(app, Contact) == []
    [outlet] = await every(app, Outlet)
    page = await organiser.submits(
        f"/console/outlets/{outlet.id}/visit", start_at="0026-03-01", text="充电柜坏了一个", next="", status=422
    )
    assert "年份" in page.words
    assert "充电柜坏了一个" in page
    assert await every(app, Visit) == []


NEXT = re.compile(r'href="([^"]+)" rel="next"')


@pytest.mark.parametrize("noun", ["outlets", "contacts"])
async def test_every_row_of_a_list_comes_once_whatever_is_taken_away_meanwhile(app, organiser, noun):
    async with app.db.begin() as session:
        unit = await session.scalar(select(Agency.id).where(Agency.name == "兴工社区"))
        for at in range(120):
            number = await outlet_entered(session, f"第{at}站")
            scope = {"outlet_id": number} if at % 3 else {"region": TIEXI}
            await contact_entered(session, unit, f"联{at}", **scope)
    model = Outlet if noun == "outlets" else Contact
    path, seen = f"/console/{noun}", []
    while path:
        page = await organiser.gets(path)
        seen += re.findall(rf'<td[^>]*><a href="/console/{noun}/(\d+)"', page)
        further = NEXT.search(page)
        path = further[1].replace("&amp;", "&") if further else ""
        async with app.db.begin() as session:  # One that was shown is another district's from now on.
            gone = Outlet.id == int(seen[0]) if noun == "outlets" else Contact.id == int(seen[0])
            away = {"region": "370102", **({"outlet_id": None} if noun == "contacts" else {})}
            await session.execute(update(model).where(gone).values(away))
    assert len(seen) == len(set(seen)) == 120
