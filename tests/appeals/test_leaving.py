"""Nobody's case waits for a colleague who is gone: what they had open goes back to their unit, and its colleagues hear of it."""

import pytest
from sqlalchemy import select

from bot.services.appeals.states import AppealState
from bot.services.core.lifecycle import Actor, Role
from bot.services.hazards import transitions
from bot.services.hazards.states import HazardMove, HazardState
from bot.store.models import AppealStep, Hazard, HazardStep, StaffRole
from tests.support.appeals import RESULT, case_of, does, filed
from tests.support.colleague import Colleague, heard
from tests.support.desk import Desk
from tests.support.things import hazard_in


async def role_of(desk):
    async with desk.app.db.read() as session:
        return await session.scalar(select(StaffRole.id).where(StaffRole.staff_id == desk.id))


async def being_mended(app, handler: int) -> str:
    """The number of a hazard that somebody of the handlers' agency has begun with."""
    number = str((await hazard_in(app, "2101"))["number"])
    async with app.db.begin() as session:
        hazard = await transitions.get(session, number, lock=True)
        hazard.state = HazardState.DISPATCHED
        await session.flush()
        actor = Actor(Role.HANDLER, handler, hazard.agency_id)
        await transitions.move(session, app.services.silently(), number, HazardMove(HazardState.HANDLING, actor))
    return number


@pytest.mark.parametrize(
    ("way", "fields"),
    [("active", {"active": "0"}), ("unit", {"unit": "urban"}), ("take", {"role": role_of})],
)
async def test_what_somebody_who_leaves_had_open_goes_back_to_the_unit_and_colleagues_are_called(app, way, fields):
    async with (
        Desk(app, Role.ADMIN) as admin,
        Desk(app, Role.HANDLER, agency="labour") as gone,
        Colleague(app, Role.HANDLER, agency="labour") as stays,
    ):
        number = await filed(app, AppealState.IN_PROGRESS, handler=gone.id)
        others = await filed(app, AppealState.IN_PROGRESS, handler=stays.id)
        answered = await filed(app, AppealState.ANSWERED, handler=gone.id)
        hazard = await being_mended(app, gone.id)
        given = {name: await value(gone) if callable(value) else value for name, value in fields.items()}
        page = await admin.submits(f"/console/people/{gone.id}/{way}", **given)
        assert "回到单位" in page.words
        case, mended = await case_of(app, number), await hazard_of(app, hazard)
        assert (case.handler_id, mended.handler_id) == (None, None)
        assert (case.state, mended.state) == (AppealState.IN_PROGRESS, HazardState.HANDLING)
        assert (await case_of(app, others)).handler_id == stays.id
        assert (await case_of(app, answered)).handler_id == gone.id
        await heard(stays, f"{number}（欠薪、扣款）原来的承办人")
        assert "回到单位" in (await stays.gets(f"/console/appeals/{number}")).words
        assert "回到单位" in (await stays.gets(f"/console/hazards/{hazard}")).words
        await does(stays, number, "propose", text=RESULT)


async def test_whoever_only_changes_what_changes_nothing_keeps_their_cases(app):
    async with Desk(app, Role.ADMIN) as admin, Desk(app, Role.HANDLER, agency="labour") as handler:
        number = await filed(app, AppealState.IN_PROGRESS, handler=handler.id)
        await admin.submits(f"/console/people/{handler.id}/unit", unit="labour")
        await admin.submits(f"/console/people/{handler.id}/active", active="1")
        assert (await case_of(app, number)).handler_id == handler.id
        async with app.db.read() as session:
            assert await session.scalar(select(AppealStep.id).where(AppealStep.name == "left")) is None


async def test_the_calls_of_a_hazard_and_of_a_case_name_what_was_left(app):
    async with (
        Desk(app, Role.ADMIN) as admin,
        Desk(app, Role.HANDLER, agency="labour") as gone,
        Colleague(app, Role.HANDLER, agency="labour") as stays,
    ):
        hazard = await being_mended(app, gone.id)
        await admin.submits(f"/console/people/{gone.id}/active", active="0")
        await heard(stays, f"{hazard}（燃气泄漏）原来处理的同事")
        async with app.db.read() as session:
            line = await session.scalar(select(HazardStep).where(HazardStep.name == "left"))
        assert (line.role, line.staff_id) == (Role.SYSTEM, admin.id)


async def hazard_of(app, number: str) -> Hazard:
    async with app.db.read() as session:
        return await session.scalar(select(Hazard).where(Hazard.number == number))
