"""Which unit takes a matter: the one closest to the place, by one rule for appeals and hazards."""

import pytest
from sqlalchemy import delete, select, update

from bot.services.core.lifecycle import Role
from bot.services.hazards import hazards
from bot.services.hazards.hazards import HazardDraft
from bot.services.units import agencies, desks
from bot.store.models import Agency, AgencyDesk, Appeal, Hazard
from tests.support.appeals import case_of, filed
from tests.support.desk import Desk
from tests.support.units import unit_entered

TIEXI, HEPING, SHENYANG, JINAN = "210106", "210102", "2101", "3701"


async def entered(app, name: str, region: str, *takes: str, active: bool = True) -> int:
    """A unit of a district that sits at some desks."""
    async with app.db.begin() as session:
        return await unit_entered(session, name, *takes, region=region, active=active)


async def unit_at(app, desk: str, region: str) -> str:
    async with app.db.read() as session:
        found = await desks.unit_for(session, desk, region)
        return found.name if found is not None else ""


@pytest.mark.parametrize(
    ("place", "unit"),
    [(TIEXI, "铁西街道"), (HEPING, "沈阳城管"), (SHENYANG, "沈阳城管"), (JINAN, "城市管理部门"), ("", "城市管理部门")],
)
async def test_the_unit_for_the_smallest_region_takes_it_and_else_the_one_above(app, place, unit):
    await entered(app, "沈阳城管", SHENYANG, "urban")
    await entered(app, "铁西街道", TIEXI, "urban", "community")
    await entered(app, "铁西老城管", TIEXI, "urban", active=False)
    await entered(app, "铁西消防", TIEXI, "fire")
    assert await unit_at(app, "urban", place) == unit


async def test_of_two_units_at_a_desk_for_one_region_the_first_one_takes_it(app):
    await entered(app, "先来的", TIEXI, "urban")
    await entered(app, "后来的", TIEXI, "urban")
    assert await unit_at(app, "urban", TIEXI) == "先来的"


async def test_a_unit_sits_at_several_desks_and_takes_appeals_and_hazards_alike(app):
    street = await entered(app, "铁西街道", TIEXI, "community", "urban")
    await filed(app, kind="access", district=TIEXI, agency="")
    async with app.db.begin() as session:
        await hazards.submit(session, app.services, None, HazardDraft("road", "井盖翘起来了", region=TIEXI))
    async with app.db.read() as session:
        assert [await session.scalar(select(each.agency_id)) for each in (Appeal, Hazard)] == [street, street]


async def test_starting_again_gives_nothing_back_that_was_taken_from_a_general_unit(app):
    async with app.db.begin() as session:
        labour = select(Agency.id).where(Agency.code == "labour").scalar_subquery()
        await session.execute(delete(AgencyDesk).where(AgencyDesk.agency_id == labour))
        await session.execute(update(Agency).where(Agency.code == "labour").values(name="沈阳市人社局", active=False))
        await agencies.ensure(session, app.knowledge.offices)
    assert await unit_at(app, "labour", TIEXI) == ""
    async with app.db.read() as session:
        found = await session.scalar(select(Agency).where(Agency.code == "labour"))
    assert (found.name, found.active) == ("沈阳市人社局", False)


async def test_a_case_is_given_to_no_unit_of_another_place_by_whichever_form(app):
    async with app.db.begin() as session:
        await unit_entered(session, "和平区人社局", "labour", code="heping", region=HEPING)
        await unit_entered(session, "铁西区人社局", "labour", code="tiexi", region=TIEXI)
    number = await filed(app, district=TIEXI)
    async with Desk(app, Role.ADMIN, district=TIEXI) as admin:
        page = await admin.gets(f"/console/appeals/{number}")
        assert "铁西区人社局" in page.words
        assert "和平区人社局" not in page.words
        version = (await case_of(app, number)).version
        await admin.submits(f"/console/appeals/{number}/assign", status=422, agency="heping", version=version)
        await admin.submits("/console/hazards/rules", status=422, kind="road", area=TIEXI, agency="heping")
        await admin.submits("/console/hazards/rules", kind="road", area=TIEXI, agency="tiexi")
    async with Desk(app, Role.ADMIN, district=HEPING) as other:
        assert "铁西" not in (await other.gets("/console/hazards/rules")).words


async def test_an_old_case_names_the_unit_that_is_at_work_no_more(app):
    number = await filed(app)
    async with app.db.begin() as session:
        await session.execute(update(Agency).where(Agency.code == "labour").values(active=False))
    async with Desk(app, Role.ADMIN) as admin:
        assert "人力资源社会保障部门" in (await admin.gets(f"/console/appeals/{number}")).words
