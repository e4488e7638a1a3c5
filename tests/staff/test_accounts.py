"""Colleagues are made by forms: with a unit, a district found by its name, and a right for one kind where it is confidential."""

import argparse
import asyncio
import re

import pytest
from sqlalchemy import func, select

from bot.commands import staff
from bot.errors import Rejected
from bot.services.core.lifecycle import Role
from bot.services.staff import accounts
from bot.services.staff.permissions import EVERYBODY, Grant, Right
from bot.store.models import Agency, Audit, Staff
from knowledge.regions import full_name, offered
from tests.support.desk import BY, Desk
from tests.support.project import ROOT
from tests.support.units import unit_entered

TIEXI, HEPING = "210106", "210102"


@pytest.fixture
async def admin(app):
    async with Desk(app, Role.ADMIN, district=TIEXI) as desk:
        yield desk


@pytest.fixture
async def system(app):
    async with Desk(app, Role.SYSTEM_ADMIN, district="") as desk:
        yield desk


@pytest.fixture
async def street(app) -> str:
    async with app.db.begin() as session:
        await unit_entered(session, "铁西区兴工街道", "community", code="street", region=TIEXI)
        await unit_entered(session, "和平区太原街道", "community", code="foreign", region=HEPING)
        await unit_entered(session, "铁西区老街道", "community", code="gone", region=TIEXI, active=False)
    return "street"


async def made(app, username: str) -> tuple[Staff, list[Grant], str]:
    """Somebody with their grants and the code of their unit."""
    async with app.db.read() as session:
        person = await accounts.find(session, username)
        unit = await session.get(Agency, person.agency_id) if person.agency_id else None
        return person, await accounts.grants_of(session, person.id), unit.code if unit else ""


@pytest.mark.parametrize("unit", ["", "foreign", "gone", "nothing"])
async def test_a_handler_without_a_unit_cannot_be_made(app, admin, street, unit):
    wanted = {"name": "李办", "username": "li.ban", "role": "handler", "district": TIEXI, "unit": unit}
    page = await admin.submits("/console/people", status=422, **wanted)
    assert ("承办员要有单位" in page.words) if unit == "" else ("没有这个单位" in page.words)
    assert 'value="li.ban"' in page  # Nothing typed is lost.
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).where(Staff.username == "li.ban")) == 0


async def test_whoever_works_for_no_unit_is_given_the_role_of_a_handler_by_nobody(app, admin):
    async with Desk(app, Role.ORGANISER, district=TIEXI) as colleague:
        page = await admin.submits(f"/console/people/{colleague.id}/give", status=422, role="handler", district=TIEXI)
        assert "承办员要有单位" in page.words
        async with app.db.begin() as session:
            person = await accounts.find(session, colleague.username)
            with pytest.raises(Rejected, match=r"people\.unit"):
                await accounts.give(session, None, BY, person, Grant(Role.HANDLER, TIEXI))


async def test_a_handler_is_made_with_their_unit_and_changing_it_is_audited(app, admin, street):
    wanted = {"name": "李办", "username": "li.ban", "role": "handler", "district": TIEXI, "unit": street}
    await admin.submits("/console/people", **wanted)
    person, grants, unit = await made(app, "li.ban")
    assert (unit, grants) == ("street", [Grant(Role.HANDLER, TIEXI)])
    assert "铁西区兴工街道" in (await admin.gets("/console/people")).words
    page = await admin.submits(f"/console/people/{person.id}/unit", unit="labour")
    assert "单位换好了" in page.words
    assert (await made(app, "li.ban"))[2] == "labour"
    await admin.submits(f"/console/people/{person.id}/unit", status=422, unit="")  # a handler keeps one
    await admin.submits(f"/console/people/{person.id}/unit", status=422, unit="foreign")
    async with app.db.read() as session:
        [line] = await session.scalars(select(Audit).where(Audit.action == "staff.unit"))
    assert (line.staff_id, line.subject, line.detail) == (
        admin.id,
        f"staff:{person.id}",
        {"before": "street", "unit": "labour"},
    )


async def test_the_command_line_makes_no_handler_without_a_unit_either(app, settings, capsys):
    async def add(*given: str) -> int:
        parser = argparse.ArgumentParser()
        staff.add(parser.add_subparsers())
        chosen = parser.parse_args(["staff", "add", *given])
        return await asyncio.to_thread(chosen.run, chosen, settings)

    handler = ("li.ban", "--role", "handler", "--district", TIEXI)
    assert await add(*handler) == 1
    assert "承办员要有单位" in capsys.readouterr().err
    assert await add(*handler, "--unit", "nothing") == 1
    assert await add(*handler, "--unit", "justice", "--kind", "wages") == 1  # a kind that is no secret
    assert await add(*handler, "--unit", "justice", "--kind", "legal") == 0
    _, grants, unit = await made(app, "li.ban")
    assert (unit, grants) == ("justice", [Grant(Role.HANDLER, TIEXI, "legal")])


async def test_a_right_for_a_confidential_kind_is_given_and_seen_and_for_no_other_kind(app, admin):
    async with Desk(app, Role.REVIEWER, district=TIEXI) as colleague:
        give = f"/console/people/{colleague.id}/give"
        page = await admin.submits(give, role="reviewer", district=TIEXI, kind="legal")
        assert "法律援助（保密）" in page.words
        assert "法律援助（保密）" in (await admin.gets("/console/people")).words
        for wanted in ({"role": "reviewer", "kind": "wages"}, {"role": "organiser", "kind": "legal"}):
            await admin.submits(give, status=422, district=TIEXI, **wanted)
        assert Grant(Role.REVIEWER, TIEXI, "legal") in (await made(app, colleague.username))[1]


@pytest.mark.parametrize(
    "path", ["/console/people", "/console/hazards", "/console/volunteers", "/console/stations", "/console/policies"]
)
async def test_a_role_for_one_kind_opens_nothing_that_has_no_kind(app, path):
    async with Desk(app, Role.ADMIN, category="legal") as named:
        await named.gets(path, status=403)
        await named.gets("/console/appeals")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("沈阳市铁西区", "210106"),
        ("沈阳铁西", "210106"),
        ("210106", "210106"),
        ("济南市", "3701"),
        ("辽宁", "21"),
        ("北京市", "11"),
        ("海淀区", "110108"),
    ],
)
async def test_a_system_administrator_appoints_a_districts_administrator_by_its_name(app, system, typed, code):
    wanted = {"name": "王管", "username": "wang.guan", "role": "district_admin", "district": typed}
    await system.submits("/console/people", **wanted)
    person, grants, _ = await made(app, "wang.guan")
    assert (person.district, grants) == (code, [Grant(Role.ADMIN, code)])


@pytest.mark.parametrize(("typed", "said"), [("铁西区", "不止一个"), ("火星区", "没有这个区域")])
async def test_a_name_that_several_districts_have_is_asked_for_in_full(system, typed, said):
    wanted = {"name": "王管", "username": "wang.guan", "role": "district_admin", "district": typed}
    page = await system.submits("/console/people", status=422, **wanted)
    assert said in page.words
    assert ("鞍山市铁西区" in page.words) == (typed == "铁西区")


async def test_every_division_is_offered_once_and_only_those_inside(app, system):
    names = (await system.gets("/console/divisions?within=")).json()
    assert len(names) == len(set(names)) > 3_000
    assert {"全国", "北京市", "海淀区", "辽宁省", "沈阳市", "沈阳市铁西区"} - {"海淀区"} <= set(names)
    inside = (await system.gets("/console/divisions?within=2101")).json()
    assert "沈阳市铁西区" in inside
    assert not {"济南市", "全国", "辽宁省"} & set(inside)
    regions = app.knowledge.regions
    assert {full_name(regions, code) for code in regions} == {full_name(regions, code) for code in offered(regions)}


def test_every_right_is_held_by_somebody_and_asked_for_somewhere():
    files = [path for suffix in ("py", "html") for path in (ROOT / "bot").rglob(f"*.{suffix}")]
    asked = {name for path in files for name in re.findall(r"\bRight\.([A-Z_]+)", path.read_text(encoding="utf-8"))}
    assert asked == set(Right.__members__)
    assert {right for right in Right if not right.roles} == EVERYBODY
