"""An empty installation brings a case to its end, through the console's forms alone."""

from sqlalchemy import select

from bot.services.core.lifecycle import Role
from bot.services.staff import accounts, sign_in
from bot.services.staff.permissions import Grant
from bot.store.models import Appeal, Hazard
from tests.support import founding
from tests.support.desk import BY
from tests.support.founding import Clerk, Tally


async def first_link(app) -> str:
    """What `staff add` prints for the first system administrator."""
    async with app.db.begin() as session:
        person = await accounts.add(session, None, BY, name="王芳", username="wang.fang")
        await accounts.give(session, None, BY, person, Grant(Role.SYSTEM_ADMIN))
        return f"/console/enter/{await sign_in.invite(session, BY, person)}"


async def test_a_colleague_made_only_through_the_consoles_forms_handles_an_appeal_to_its_end(app, phone):
    tally = Tally()
    async with Clerk(app, tally, await first_link(app)) as system:
        link = await system.adds("赵区长", Role.ADMIN)
    await founding.lives_in(phone)
    async with Clerk(app, tally, link) as admin:
        unit = await founding.unit_by_form(admin, "labour", "铁西区人社局")
        link = await admin.adds("李办", Role.HANDLER, unit=unit)
        async with Clerk(app, tally, link) as handler:
            story = "站长拖着十月的工资不给，一共四千三"
            number = await founding.appeal_to_the_end(admin, handler, phone, "欠薪", story)
    async with app.db.read() as session:
        case = await session.scalar(select(Appeal).where(Appeal.number == number))
    assert (case.state, case.region, case.rating) == ("verified", "210106", "good")


async def test_a_colleague_made_only_through_the_consoles_forms_mends_a_hazard(app, phone):
    tally = Tally()
    async with Clerk(app, tally, await first_link(app)) as system:
        link = await system.adds("赵区长", Role.ADMIN)
    async with Clerk(app, tally, link) as admin:
        unit = await founding.unit_by_form(admin, "urban", "铁西区城管局")
        async with Clerk(app, tally, await admin.adds("孙办", Role.HANDLER, unit=unit)) as handler:
            number = await founding.hazard_to_the_end(admin, handler, phone)
    async with app.db.read() as session:
        assert await session.scalar(select(Hazard.state).where(Hazard.number == number)) == "rewarded"
