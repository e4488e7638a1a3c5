"""Who is called about contacts and outlets: the organiser of a doubted one, the unit whose visit is due."""

from datetime import timedelta

from sqlalchemy import select, update

from bot.services import timer_handlers
from bot.services.contacts import reports, visits
from bot.services.contacts.reports import ContactFault
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import china_date
from bot.services.staff import accounts
from bot.store.models import Chat, Outbox, Outlet, StaffCall, Visit, now
from tests.support.colleague import Colleague
from tests.support.contacts import TIEXI, contact_entered, outlet_entered
from tests.support.desk import Desk
from tests.support.units import unit_entered


async def links(app, desk, address: int) -> None:
    """Give a colleague a chat of their own."""
    async with app.db.begin() as session:
        chat = Chat(channel="telegram", key=bytes([address]) * 16, address=address)
        session.add(chat)
        await session.flush()
        (await accounts.find(session, desk.username)).chat_id = chat.id


async def ring(app, subject: str) -> None:
    """Ring the timer of a call, twice."""
    async with app.db.begin() as session:
        row = await session.scalar(select(Outbox).where(Outbox.subject == subject))
        for _ in range(2):
            await timer_handlers.ring(session, app.services, row.payload)


async def called(app) -> list[tuple[int, str, str]]:
    async with app.db.read() as session:
        return [(each.staff_id, each.noun, each.what) for each in await session.scalars(select(StaffCall))]


async def test_the_organiser_of_the_district_is_called_about_a_contact_two_people_could_not_reach(app):
    async with Desk(app, Role.ORGANISER, district=TIEXI) as mine, Desk(app, Role.ORGANISER, district="210102") as other:
        await links(app, mine, 1)
        await links(app, other, 2)
    async with app.db.begin() as session:
        contact = await contact_entered(session, await unit_entered(session, "兴工社区", region=TIEXI), region=TIEXI)
        for at in (3, 4):
            session.add(Chat(channel="telegram", key=bytes([at]) * 16, address=at))
        await session.flush()
        became = [await reports.report(session, contact, ContactFault.NO_ANSWER, bytes([at]) * 16) for at in (3, 3, 4)]
    assert became == [False, False, True]
    await ring(app, f"doubtful:{contact}")
    assert await called(app) == [(mine.id, "contact", "doubtful")]


async def planned(app, desk, number: int, text: str = "充电柜坏了") -> str:
    """A visit from which somebody goes again today; where it stands."""
    today = china_date(now())
    async with app.db.begin() as session:
        staffer, outlet = await accounts.staffer_of(session, desk.id), await session.get(Outlet, number)
        visit = await visits.add(session, staffer, outlet, today, text, today + timedelta(days=7))
    return visits.place_of(visit)


async def comes(app) -> None:
    """The day has come on which they wanted to go again."""
    async with app.db.begin() as session:
        await session.execute(update(Visit).values(next_on=china_date(now())))


async def test_a_visit_that_is_due_calls_the_unit_that_planned_it_and_one_that_was_made_calls_nobody(app):
    async with app.db.begin() as session:
        unit = await unit_entered(session, "兴工社区", region=TIEXI)
        number = await outlet_entered(session, community_id=unit)
    async with Desk(app, Role.HANDLER, district=TIEXI, agency="兴工社区") as desk:
        await links(app, desk, 1)
    place = await planned(app, desk, number)
    await ring(app, f"visit:{place}")
    assert await called(app) == []  # It is not due yet.
    await comes(app)
    await ring(app, f"visit:{place}")
    assert await called(app) == [(desk.id, "outlet", "visit")]
    async with app.db.read() as session:
        assert await visits.due(session, place) is not None
    async with app.db.begin() as session:
        staffer, outlet = await accounts.staffer_of(session, desk.id), await session.get(Outlet, number)
        await visits.add(session, staffer, outlet, china_date(now()), "修好了，都在用", None)
    async with app.db.read() as session:
        assert await visits.due(session, place) is None


async def test_of_two_units_each_is_called_about_its_own_visit_and_led_to_it(app):
    async with app.db.begin() as session:
        community, police = [await unit_entered(session, name, region=TIEXI) for name in ("兴工社区", "兴工派出所")]
        number = await outlet_entered(session, community_id=community, police_id=police)
    here = {"role": Role.HANDLER, "district": TIEXI}
    async with (
        Colleague(app, agency="兴工社区", **here) as first,
        Colleague(app, agency="兴工派出所", **here) as second,
    ):
        places = [await planned(app, each, number) for each in (first, second)]
        await comes(app)
        await ring(app, f"visit:{places[1]}")
        [said] = await second.phone.hears()
        assert said.endswith(f"/console/outlets/{places[1]}")
        assert await first.phone.hears() == []
        assert await called(app) == [(second.id, "outlet", "visit")]
        page = await second.gets(f"/console/outlets/{number}")
        assert f'id="{places[1].partition("#")[2]}"' in page
