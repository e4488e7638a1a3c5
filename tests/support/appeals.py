"""Appeals for tests of the console: filed by the services, so that every row is as a worker's own would make it."""

import secrets
from contextlib import asynccontextmanager

from sqlalchemy import insert, select, update

from bot.app import Application
from bot.services.appeals import appeals, case_work
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.appeals import AppealDraft
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.core.lifecycle import SYSTEM, Actor, Role
from bot.store.models import Agency, Appeal, Chat, Naming, Staff, StaffRole

STORY = "站长拖着十月的工资不给，一共四千三，催了三次都说下周"
RESULT = "经核实，站点拖欠您十月工资四千三百元，已经在十一月二十日发到账户。"
ADMIN, REVIEWER = Actor(Role.ADMIN, 900), Actor(Role.REVIEWER, 901)
# The shortest way to each state.
WAYS = {
    AppealState.SUBMITTED: (),
    AppealState.ACCEPTED: (AppealState.ACCEPTED,),
    AppealState.ASSIGNED: (AppealState.ACCEPTED, AppealState.ASSIGNED),
    AppealState.IN_PROGRESS: (AppealState.ACCEPTED, AppealState.ASSIGNED, AppealState.IN_PROGRESS),
    AppealState.PENDING_INFO: (
        AppealState.ACCEPTED,
        AppealState.ASSIGNED,
        AppealState.IN_PROGRESS,
        AppealState.PENDING_INFO,
    ),
    AppealState.ANSWERED: (AppealState.ACCEPTED, AppealState.ASSIGNED, AppealState.IN_PROGRESS, AppealState.ANSWERED),
    AppealState.VERIFIED: (
        AppealState.ACCEPTED,
        AppealState.ASSIGNED,
        AppealState.IN_PROGRESS,
        AppealState.ANSWERED,
        AppealState.VERIFIED,
    ),
}


async def filed(
    app: Application,
    state: AppealState = AppealState.SUBMITTED,
    *,
    district: str = "210106",
    agency: str = "labour",
    story: str = STORY,
    kind: str = "wages",
    naming: Naming = Naming.NAMED,
    about: str = "",
    handler: int = 902,
    chat: int | None = None,
    name: str = "王小明",
    phone: str = "13812345678",
) -> str:
    """A case that has come as far as `state`; returns its number.

    agency: the code of the unit that has it; "" for the one that takes its kind there.
    chat: the row of its author's chat.
    """
    async with app.db.begin() as session:
        author = await session.get(Chat, chat) if chat is not None else await _somebody(session)
        draft = AppealDraft(kind=kind, story=story, region=district, naming=naming, name=name, phone=phone)
        number = (await appeals.submit(session, app.services, author, draft)).number
        if agency:
            office = select(Agency.id).where(Agency.code == agency).scalar_subquery()
            await session.execute(update(Appeal).where(Appeal.number == number).values(agency_id=office))
        has = await session.scalar(select(Appeal.agency_id).where(Appeal.number == number))
        worker = Actor(Role.HANDLER, handler, has)
        who = {
            AppealState.ACCEPTED: SYSTEM,
            AppealState.ASSIGNED: ADMIN,
            AppealState.ANSWERED: REVIEWER,
            AppealState.VERIFIED: ADMIN,
        }
        for target in WAYS[state]:
            by, text = who.get(target, worker), RESULT
            silent = app.services.silently()
            await appeal_transitions.move(session, silent, number, AppealMove(target, by, text=text, agency=agency))
        if about:
            await case_work.name_unit(session, number, about, ADMIN)
    return number


async def case_of(app: Application, number: str) -> Appeal:
    async with app.db.read() as session:
        return await session.scalar(select(Appeal).where(Appeal.number == number))


async def _somebody(session) -> Chat:
    """An author who can be reached nowhere."""
    values = {"channel": "web", "key": secrets.token_bytes(16), "address": secrets.randbelow(10**9) + 10**9}
    number = (await session.execute(insert(Chat).values(values).returning(Chat.id))).scalar_one()
    return await session.get_one(Chat, number)


@asynccontextmanager
async def on(desk, number):
    """Somebody has the page of a case open."""
    await desk.gets(f"/console/appeals/{number}")
    yield f"/console/appeals/{number}"


async def does(desk, number, verb, **fields):
    """Open the case and hand a form in; one that the page does not offer is forged."""
    async with on(desk, number) as path:
        return await desk.submits(f"{path}/{verb}", version=(await case_of(desk.app, number)).version, **fields)


async def employed(app: Application, person: Actor) -> None:
    """Let somebody who acts in tests be there as a colleague, with that role everywhere: who merges is looked up."""
    name = f"{person.role}.{person.id}"
    async with app.db.begin() as session:
        session.add(Staff(id=person.id, name=name, username=name, district=""))
        await session.flush()
        session.add(StaffRole(staff_id=person.id, role=str(person.role), district="", category=""))
