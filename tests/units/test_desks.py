"""Which unit takes a matter: the one closest to the place, by one rule for appeals and hazards."""

import pytest
from sqlalchemy import delete, select, update

from bot.services.hazards import hazards
from bot.services.hazards.hazards import HazardDraft
from bot.services.units import agencies, desks
from bot.store.models import Agency, AgencyDesk, Appeal, Hazard
from tests.support.appeals import filed
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
        await agencies.ensure(session, (*app.knowledge.appeals.offices, *app.knowledge.hazards.offices))
    assert await unit_at(app, "labour", TIEXI) == ""
    async with app.db.read() as session:
        found = await session.scalar(select(Agency).where(Agency.code == "labour"))
    assert (found.name, found.active) == ("沈阳市人社局", False)
