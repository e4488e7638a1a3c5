"""A district shows what it still lacks until nothing is missing; a kind that nobody reads there is not offered."""

import re

import pytest
from sqlalchemy import func, select, update

from bot.commands.doctor import examine
from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import Role
from bot.services.staff import accounts
from bot.services.staff.audit import By, note
from bot.services.staff.permissions import Grant
from bot.store.models import Agency, Appeal, Chat, StationRow
from tests.support.appeals import filed
from tests.support.calendar import forget
from tests.support.desk import BY, Desk
from tests.support.units import nobody_dispatches, unit_entered

TIEXI, HEPING = "210106", "210102"


async def named_for(app, desk: Desk, kind: str) -> None:
    """An administrator is given a kind besides all others, as the page of a colleague gives it."""
    async with app.db.begin() as session:
        person = await accounts.find(session, desk.username)
        await accounts.give(session, None, BY, person, Grant(Role.ADMIN, desk.district, kind))


async def runs_in(app, phone, region: str) -> None:
    """Somebody has said where they run."""
    await phone.types("/appeal")
    await phone.presses("先不写了")
    async with app.db.begin() as session:
        await session.execute(update(Chat).values(region=region))


@pytest.mark.parametrize(("home", "offered"), [(TIEXI, True), ("", True), (HEPING, False), ("2101", False)])
async def test_a_confidential_kind_is_offered_where_somebody_was_named_for_it(app, phone, home, offered):
    await runs_in(app, phone, home)
    async with Desk(app, Role.ADMIN, district=TIEXI) as admin:
        await phone.types("/appeal")
        assert not any("法律援助" in each for each in await phone.buttons())
        await named_for(app, admin, "legal")
        assert "区域管理员（沈阳市铁西区）、区域管理员（沈阳市铁西区，只管法律援助（保密））" in await admin.gets(
            "/console"
        )
    await phone.presses("先不写了")
    [asked] = await phone.types("/appeal")
    assert any("法律援助" in each for each in await phone.buttons()) == offered
    assert ("12348" in asked) != offered
    [said] = await phone.types("法律援助（保密）")
    assert ("12348" in said) != offered
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Appeal)) == 0


async def test_a_confidential_appeal_is_refused_where_its_place_has_nobody_and_nothing_typed_is_lost(app, phone):
    async with Desk(app, Role.ADMIN, district=TIEXI) as admin:
        await named_for(app, admin, "legal")
        await phone.types("/appeal")
        await phone.presses("法律援助")
        await phone.types("公司要我赔三万，想找个律师问问")
        await phone.presses("地点")
        await phone.types("沈阳和平区")
        [said] = await phone.presses("提交")
        assert "12348" in said
        await phone.presses("地点")
        await phone.types("沈阳铁西区")
        [receipt] = await phone.presses("提交")
        assert "法律援助" in receipt
        async with app.db.read() as session:
            number = await session.scalar(select(Appeal.number))
        await admin.gets(f"/console/appeals/{number}")
        async with Desk(app, Role.ADMIN, district=TIEXI) as other:
            await other.gets(f"/console/appeals/{number}", status=404)


async def test_where_nobody_reads_anything_no_story_is_written_for_nothing(app, phone):
    async with app.db.begin() as session:
        await nobody_dispatches(session)
    [said] = await phone.types("/appeal")
    assert "12345" in said
    assert not await phone.buttons()
    async with Desk(app, Role.ADMIN, district=TIEXI):
        await phone.types("/appeal")
        assert any("欠薪、扣款" in each for each in await phone.buttons())


async def test_an_ordinary_kind_is_refused_where_nobody_reads_it_and_kept_for_another_place(app, phone):
    async with app.db.begin() as session:
        await nobody_dispatches(session)
    async with Desk(app, Role.ADMIN, district=TIEXI):
        await phone.types("/appeal")
        await phone.presses("欠薪、扣款")
        await phone.types("站长拖着十月的工资不给，一共四千三")
        await phone.presses("地点")
        await phone.types("沈阳和平区")
        [said] = await phone.presses("提交")
        assert "12345" in said
        async with app.db.read() as session:
            assert await session.scalar(select(func.count()).select_from(Appeal)) == 0
        await phone.presses("地点")
        await phone.types("沈阳铁西区")
        [receipt] = await phone.presses("提交")
        assert "欠薪、扣款" in receipt


async def test_kinds_with_one_place_to_go_share_a_line(app, phone):
    async with app.db.begin() as session:
        await nobody_dispatches(session)
    async with Desk(app, Role.ADMIN, district=TIEXI, category="wages"):
        [asked] = await phone.types("/appeal")
        assert asked.count("请打 12345") == 1
        assert "请打 12348" in asked


async def test_the_administrator_of_the_unit_in_charge_reads_it_without_being_named(app, phone):
    async with app.db.begin() as session:
        await unit_entered(session, "铁西区司法局", "justice", code="law", region=TIEXI)
    await runs_in(app, phone, TIEXI)
    async with Desk(app, Role.ADMIN, district=TIEXI, agency="law"):
        await phone.types("/appeal")
        assert any("法律援助" in each for each in await phone.buttons())


async def test_what_nobody_reads_fails_the_doctor_for_a_district_that_was_begun(app, settings, capsys):
    assert await examine(settings) == 0
    async with Desk(app, Role.ADMIN, district=TIEXI) as admin:
        assert await examine(settings) == 1
        assert f"nobody reads in {TIEXI}: 法律援助（保密）" in capsys.readouterr().out
        await named_for(app, admin, "legal")
        assert await examine(settings) == 0


async def test_the_doctor_and_the_settings_page_show_one_list_until_all_of_it_is_well(app, phone, settings, capsys):
    async with Desk(app, Role.ADMIN, district=TIEXI) as admin:
        assert "4 开门还差几步" in (await admin.gets("/console")).words
        page = await admin.gets("/console/settings")
        assert "沈阳市铁西区还差几步" in page.words
        assert "还没有 录入本区的单位" in page.words
        assert "还没有 每一类都有人看 ：法律援助（保密）" in page.words.replace("看：", "看 ：")
        assert await examine(settings, TIEXI) == 1
        said = capsys.readouterr().out
        assert "MEND  录入本区的单位" in said
        assert "ok    放假安排够算 60 天" in said

        async with app.db.begin() as session:
            await unit_entered(session, "铁西区人社局", "labour", code="tiexi", region=TIEXI)
            row = StationRow(id="s1", name="驿站", kind="love", latitude=41.8, longitude=123.4, datum="wgs84")
            row.region = TIEXI
            session.add(row)
            await note(session, By(admin.id, "organiser"), "notice.try", "notice:1")
        await named_for(app, admin, "legal")
        await filed(app, district=TIEXI, agency="tiexi")
        assert "有事的单位都有承办员 ：铁西区人社局" in (await admin.gets("/console/settings")).words.replace(
            "员：", "员 ："
        )
        async with Desk(app, Role.HANDLER, district=TIEXI, agency="tiexi") as handler:
            page = (await admin.gets("/console/settings")).words
            assert "承办员绑了聊天，来了事能收到 ：铁西区人社局" in page.replace("到：", "到 ：")
            code = re.search(r"/staff (\d{6})", await handler.submits("/console/chat"))[1]
            await phone.types(f"/staff {code}")
            capsys.readouterr()
            assert await examine(settings, TIEXI) == 0
            assert "都齐了，可以开门" in (await admin.gets("/console/settings")).words
            assert "开门还差几步" not in (await admin.gets("/console")).words
            assert capsys.readouterr().out.count("ok    ") == 9
        async with app.db.begin() as session:
            await forget(session)
        assert await examine(settings, TIEXI) == 1


async def test_a_code_that_is_no_district_is_told(app, settings, capsys):
    assert await examine(settings, "999999") == 1
    assert "no district has the code 999999" in capsys.readouterr().out


async def test_a_case_that_was_on_its_way_to_a_unit_while_it_was_switched_off_is_named(app, settings, capsys):
    async with app.db.begin() as session:
        await unit_entered(session, "铁西区人社局", "labour", code="tiexi", region=TIEXI)
    async with Desk(app, Role.HANDLER, district=TIEXI, agency="tiexi"):
        await filed(app, AppealState.ASSIGNED, district=TIEXI, agency="tiexi")
        async with app.db.begin() as session:
            unit = await session.scalar(select(Agency).where(Agency.code == "tiexi"))
            unit.active = False
        await examine(settings, TIEXI)
        assert "有事的单位都有承办员：铁西区人社局" in capsys.readouterr().out.replace(": ", "：")
