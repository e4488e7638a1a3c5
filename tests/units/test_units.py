"""Units are entered, changed and switched off by forms, inside one's own district; what one has goes to its successor."""

import re

import pytest
from sqlalchemy import func, select

from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import BACKEND, Actor, Role
from bot.services.hazards import dispatch_rules, hazards, transitions
from bot.services.hazards.hazards import HazardDraft
from bot.services.hazards.states import HazardMove, HazardState
from bot.services.staff import accounts
from bot.store.models import Agency, AgencyDesk, AppealStep, Audit, Hazard, HazardRule, HazardStep
from tests.support.appeals import case_of, filed
from tests.support.desk import Desk
from tests.support.units import unit_entered

TIEXI, HEPING = "210106", "210102"
ENTRY = {
    "name": "铁西区城管局",
    "kind": "office",
    "district": "沈阳市铁西区",
    "desks": ["urban", "community"],
    "phone": "024-25850000",
    "hours": "周一至周五8:30-17:00",
    "address": "兴华南街1号",
}


@pytest.fixture
async def admin(app):
    async with Desk(app, Role.ADMIN, district=TIEXI) as desk:
        yield desk


async def named(app, name: str) -> Agency:
    async with app.db.read() as session:
        return await session.scalar(select(Agency).where(Agency.name == name))


async def desks_at(app, number: int) -> set[str]:
    async with app.db.read() as session:
        return set(await session.scalars(select(AgencyDesk.desk).where(AgencyDesk.agency_id == number)))


async def hazard_reported(app, region: str) -> str:
    async with app.db.begin() as session:
        return (
            await hazards.submit(session, app.services, None, HazardDraft("road", "井盖翘起来了", region=region))
        ).number


async def test_a_hazard_goes_to_the_office_that_was_entered_a_minute_ago(app, admin):
    page = await admin.submits("/console/units/new", **ENTRY)
    assert "铁西区城管局" in page.words
    unit = await named(app, "铁西区城管局")
    assert (unit.region, unit.phone, unit.hours) == (TIEXI, "02425850000", "周一至周五 08:30–17:00")
    assert (unit.changed_by, unit.checked is not None, unit.code) == (admin.id, True, f"u{unit.id}")
    assert await desks_at(app, unit.id) == {"urban", "community"}
    number = await hazard_reported(app, TIEXI)
    async with app.db.read() as session:
        assert await session.scalar(select(Hazard.agency_id).where(Hazard.number == number)) == unit.id
        assert await session.scalar(select(func.count()).where(Audit.action == "unit.add")) == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "城"}, "请写单位的名称"),
        ({"kind": "pub"}, "哪一种单位"),
        ({"desks": ["nothing"]}, "从列表里勾"),
        ({"parent": "999999"}, "选上级单位"),
        ({"parent": "abc"}, "选上级单位"),
        ({"phone": "随便打"}, "电话没看懂"),
        ({"hours": "有空就在"}, "没看懂"),
        ({"district": "火星"}, "区"),
    ],
)
async def test_a_form_with_a_fault_is_told_in_words_and_loses_nothing(app, admin, wrong, said):
    page = await admin.submits("/console/units/new", status=422, **{**ENTRY, **wrong})
    assert said in page.words
    assert 'value="兴华南街1号"' in page
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).where(Agency.region == TIEXI)) == 0


async def test_one_name_stands_once_in_a_district_and_nothing_is_its_own_superior(app, admin):
    await admin.submits("/console/units/new", **ENTRY)
    assert "已经有" in (await admin.submits("/console/units/new", status=422, **ENTRY)).words
    above = await named(app, "铁西区城管局")
    await admin.submits("/console/units/new", **{**ENTRY, "name": "兴工街道", "kind": "street", "parent": above.id})
    below = await named(app, "兴工街道")
    assert below.parent_id == above.id
    looped = {**ENTRY, "parent": below.id}
    assert "选上级单位" in (await admin.submits(f"/console/units/{above.id}", status=422, **looped)).words
    page = await admin.submits(
        f"/console/units/{below.id}", **{**ENTRY, "name": "兴工街道", "desks": [], "phone": "12345"}
    )
    assert "存好了" in page.words
    assert (await named(app, "兴工街道")).phone == "12345"
    assert await desks_at(app, below.id) == set()


async def test_a_unit_of_elsewhere_and_one_that_is_not_there_are_answered_alike(app, admin):
    async with app.db.begin() as session:
        foreign = await unit_entered(session, "和平区城管局", "urban", region=HEPING)
    assert "和平区城管局" not in (await admin.gets("/console/units")).words
    for path, fields in (("", ENTRY), ("/off", {}), ("/on", {})):
        pages = [
            await admin.submits(f"/console/units/{number}{path}", status=404, **fields) for number in (foreign, 99999)
        ]
        assert len({each.told for each in pages}) == 1
    answers = [await admin.gets(f"/console/units/{number}", status=404) for number in (foreign, 99999, "x")]
    assert len({each.told for each in answers}) == 1
    await admin.submits("/console/units/new", status=403, **{**ENTRY, "district": HEPING})
    assert (await named(app, "和平区城管局")).active


async def test_what_holds_for_the_whole_country_is_read_by_a_district_and_changed_by_the_system_administrator(
    app, admin
):
    labour = await named(app, "人力资源社会保障部门")
    page = await admin.gets(f"/console/units/{labour.id}")
    assert "停用" not in page.words
    await admin.submits(f"/console/units/{labour.id}", status=403, **ENTRY)
    async with Desk(app, Role.SYSTEM_ADMIN, district="") as system:
        changed = {"name": "人社部门", "kind": "office", "desks": ["labour"]}
        assert "人社部门" in (await system.submits(f"/console/units/{labour.id}", **changed)).words
    async with Desk(app, Role.ORGANISER, district=TIEXI) as organiser:
        await organiser.gets(f"/console/units/{labour.id}")
        await organiser.submits(f"/console/units/{labour.id}", status=403, **changed)


async def test_the_list_says_where_nobody_is_and_how_much_waits(app, admin):
    async with app.db.begin() as session:
        await unit_entered(session, "铁西区人社局", "labour", code="tiexi", region=TIEXI)
    assert "没有人接" in (await admin.gets("/console/units")).words
    await filed(app, district=TIEXI, agency="tiexi")
    async with Desk(app, Role.HANDLER, district=TIEXI, agency="tiexi"):
        page = await admin.gets("/console/units")
        assert "没有人接" not in page.words
        assert "欠薪、扣款、受伤、保险 1 1" in page.words.replace("人力资源社会保障部门：", "")


async def test_a_unit_with_open_cases_is_not_switched_off_without_a_successor(app, admin):
    async with app.db.begin() as session:
        old = await unit_entered(session, "老人社局", "labour", "urban", code="old", region=TIEXI)
        new = await unit_entered(session, "新人社局", code="new", region=TIEXI)
        await unit_entered(session, "和平区人社局", code="foreign", region=HEPING)
        await dispatch_rules.put(session, "road", TIEXI, "old")
    assigned = await filed(app, AppealState.ASSIGNED, district=TIEXI, agency="old")
    asked = await filed(app, AppealState.PENDING_INFO, district=TIEXI, agency="old")
    waiting = await filed(app, district=TIEXI, agency="old")
    answered = await filed(app, AppealState.ANSWERED, district=TIEXI, agency="old")
    sent = await hazard_reported(app, TIEXI)
    for successor in ("", "foreign", "old", "nothing"):
        await admin.submits(f"/console/units/{old}/off", status=422, successor=successor)
    assert (await named(app, "老人社局")).active
    assert "4 件" in (await admin.gets(f"/console/units/{old}")).words

    page = await admin.submits(f"/console/units/{old}/off", successor="new")
    assert "已停用" in page.words
    assert [(await case_of(app, each)).agency_id for each in (assigned, asked, waiting, answered)] == [
        new,
        new,
        new,
        old,
    ]
    assert (await case_of(app, asked)).state == AppealState.ASSIGNED
    async with app.db.read() as session:
        moves = select(AppealStep).where(AppealStep.name == "reassign", AppealStep.agency_id == new)
        lines = list(await session.scalars(moves))
        assert {(each.role, each.staff_id, each.text) for each in lines} == {
            ("system", admin.id, "原来的单位“老人社局”不再办了")
        }
        assert len(lines) == 2
        hazard = await session.scalar(select(Hazard).where(Hazard.number == sent))
        assert hazard.agency_id == new
        again = select(func.count()).where(HazardStep.hazard_id == hazard.id, HazardStep.name == "reassign")
        assert await session.scalar(again) == 1
        audited = list(await session.scalars(select(Audit.subject).where(Audit.action == "appeal.reassign")))
        assert {f"appeal:{each}" for each in (assigned, asked, waiting)} == set(audited)
        assert await session.scalar(select(HazardRule.agency_id)) == new
        [line] = await session.scalars(select(Audit).where(Audit.action == "unit.off"))
        assert (line.detail["successor"], line.detail["count"]) == ("new", 4)


async def test_the_unit_a_case_is_about_is_no_successor(app, admin):
    async with app.db.begin() as session:
        old = await unit_entered(session, "老街道", code="old", region=TIEXI)
        await unit_entered(session, "美团站点", code="about", region=TIEXI)
    await filed(app, AppealState.ASSIGNED, district=TIEXI, agency="old", about="about")
    page = await admin.submits(f"/console/units/{old}/off", status=422, successor="about")
    assert "反映的就是" in page.words
    assert (await named(app, "老街道")).active


async def test_a_unit_comes_back_and_takes_what_is_new(app, admin):
    await admin.submits("/console/units/new", **ENTRY)
    unit = await named(app, "铁西区城管局")
    await admin.submits(f"/console/units/{unit.id}/off")
    number = await hazard_reported(app, TIEXI)
    async with app.db.read() as session:
        assert await session.scalar(select(Hazard.agency_id).where(Hazard.number == number)) != unit.id
    assert "恢复了" in (await admin.submits(f"/console/units/{unit.id}/on")).words
    number = await hazard_reported(app, TIEXI)
    async with app.db.read() as session:
        assert await session.scalar(select(Hazard.agency_id).where(Hazard.number == number)) == unit.id


async def test_whoever_lost_the_right_a_moment_ago_switches_nothing_off(app, admin):
    await admin.submits("/console/units/new", **ENTRY)
    unit = await named(app, "铁西区城管局")
    await admin.gets(f"/console/units/{unit.id}")
    async with app.db.begin() as session:
        await accounts.set_active(
            session, None, accounts.By(), await accounts.find(session, admin.username), active=False
        )
    await admin.submits(f"/console/units/{unit.id}/off", status=401)
    assert (await named(app, "铁西区城管局")).active


async def test_what_was_fixed_by_a_unit_that_is_gone_is_dispatched_anew_when_it_comes_back(app, admin):
    async with app.db.begin() as session:
        old = await unit_entered(session, "老城管", "urban", code="old", region=TIEXI)
        await unit_entered(session, "新城管", "urban", code="new", region=TIEXI)
    number = await hazard_reported(app, TIEXI)
    async with app.db.begin() as session:
        for target, by in (("handling", BACKEND), ("resolved", BACKEND)):
            await transitions.move(
                session, app.services, number, HazardMove(HazardState(target), by, text="井盖换成新的了，看过")
            )
    await admin.submits(f"/console/units/{old}/off")
    async with app.db.begin() as session:
        again = HazardMove(HazardState.REOPENED, Actor(Role.REVIEWER, 7), text="还是翘着的")
        await transitions.move(session, app.services, number, again)
    async with app.db.read() as session:
        version = await session.scalar(select(Hazard.version).where(Hazard.number == number))
    await admin.submits(f"/console/hazards/{number}/dispatch", version=version)
    async with app.db.read() as session:
        assert (
            await session.scalar(select(Hazard.agency_id).where(Hazard.number == number))
            == (await named(app, "新城管")).id
        )


async def test_every_unit_of_the_list_says_in_words_what_it_takes(app):
    async with Desk(app, Role.SYSTEM_ADMIN, district="") as desk:
        page = await desk.gets("/console/units")
    told = re.findall(r'data-label="管的事">([^<]*)<', page)
    assert len(told) > 10
    assert [each for each in told if each.isascii()] == []
