"""Who looks after an outlet: the card of its riders, the organiser's list and the pages of units all say the same."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from bot.services.contacts import contacts, directory, outlets
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import china_date
from bot.services.staff import accounts
from bot.store.models import Agency, Outlet, now
from tests.support.contacts import TIEXI, contact_entered, outlet_entered
from tests.support.desk import Desk
from tests.support.units import unit_entered

TODAY = china_date(now())
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("entered", "is_held"),
    [
        ({"by": "outlet"}, True),
        ({"by": "community"}, True),
        ({"by": "police"}, True),
        ({"by": "community", "platform": "meituan"}, True),
        ({"by": "community", "platform": "eleme"}, False),
        ({"by": "outlet", "unit": "off"}, False),
        ({"by": "outlet", "valid_until": TODAY - DAY}, False),
        ({"by": "outlet", "valid_from": TODAY + 2 * DAY}, False),
        ({"by": "community", "doubtful_at": now()}, False),
    ],
)
async def test_a_card_and_the_list_of_the_organiser_say_the_same_of_who_is_there(app, entered, is_held):
    by, off = entered["by"], "unit" in entered
    more = {name: value for name, value in entered.items() if name not in ("by", "unit")}
    async with app.db.begin() as session:
        unit = await unit_entered(session, "兴工社区", region=TIEXI, kind="community")
        posts = {} if by == "outlet" else {f"{by}_id": unit}
        number = await outlet_entered(session, **posts)
        scope = {"outlet_id": number} if by == "outlet" else {"region": "3701"}
        await contact_entered(session, unit, **scope, **more)
        await session.execute(update(Agency).where(Agency.id == unit).values(active=not off))
    async with app.db.read() as session:
        card = await contacts.of_place(session, number, "", "", ["community"])
        held = await session.scalar(select(outlets.has_contact(TODAY)).where(Outlet.id == number))
        listed = await directory.of_outlet(session, await session.get(Outlet, number))
    assert any(not each.expired and not each.doubtful for each in card.contacts) is is_held
    assert held is is_held
    assert bool(listed) or not is_held


async def test_a_unit_sees_the_outlets_it_looks_after_and_no_others(app):
    async with app.db.begin() as session:
        unit = await unit_entered(session, "铁西区总工会", region=TIEXI, kind="union")
        mine = await outlet_entered(session, "兴工街站")
        other = await outlet_entered(session, "重工街站")
        await contact_entered(session, unit, outlet_id=mine)
    async with Desk(app, Role.HANDLER, district=TIEXI, agency="铁西区总工会") as desk:
        await desk.gets(f"/console/outlets/{mine}")
        await desk.gets(f"/console/outlets/{other}", status=404)
        async with app.db.read() as session:
            staffer = await accounts.staffer_of(session, desk.id)
            seen = list(await session.scalars(select(Outlet.id).where(outlets.visible(staffer))))
    assert seen == [mine]


async def test_whoever_has_not_said_where_they_run_finds_an_outlet_among_all_of_the_country(app):
    row = {"platform": "meituan", "region": "370102", "active": True, "changed_at": now(), "address": ""}
    async with app.db.begin() as session:
        await session.execute(insert(Outlet), [{**row, "name": f"历下{at}号"} for at in range(outlets.SEARCHED)])
        number = await outlet_entered(session, "兴工街站")
    async with app.db.read() as session:
        for typed in ("兴工街站", "美团兴工街"):
            [(found, _)] = await outlets.named(session, "", typed, {"meituan": "美团"})
            assert found == number
        assert len(await outlets.named(session, "", "历下", {})) <= outlets.OFFERED
        assert await outlets.named(session, "", "%_" * 1000, {}) == []
