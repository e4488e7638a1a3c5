"""Open pages are told what changed, at a cost that does not grow with how many there are."""

import asyncio
import contextlib

import pytest
from sqlalchemy import Engine, event

from bot.console.core.watcher import LOOK, TOLD
from bot.services.appeals.states import AppealState
from bot.services.contacts import reports
from bot.services.contacts.reports import ContactFault
from bot.services.core.lifecycle import Role
from tests.support.appeals import does, filed
from tests.support.desk import Desk
from tests.support.things import things_in

PAGES = 60
LOOKS = 4  # seconds of watching


@pytest.fixture
async def desks(app):
    async with Desk(app, Role.ADMIN) as mine, Desk(app, Role.ADMIN, name="管理员赵") as other:
        yield mine, other


@contextlib.asynccontextmanager
async def watching(desk, topics, pages=1):
    """So many pages open, each a stream that has begun."""
    async with contextlib.AsyncExitStack() as stack:
        streams = []
        for _ in range(pages):
            request = desk.http.get(f"{desk.url}/console/events", params={"topics": topics})
            stream = (await stack.enter_async_context(request)).content
            assert (await stream.readuntil(b"\n\n")).startswith(b"retry")
            streams.append(stream)
        yield streams


async def asked(app, seconds: float) -> int:
    """Statements about cases or sessions while pages only wait."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        if any(table in statement for table in ("appeal_steps", "staff_sessions", "appeals.")):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    await asyncio.sleep(seconds)
    event.remove(Engine, "before_cursor_execute", note)
    return len(seen)


async def test_sixty_open_pages_ask_the_database_no_more_than_one(app, desks):
    mine, _ = desks
    number = await filed(app, AppealState.IN_PROGRESS)
    topics = f"appeals,case:{number}"
    async with watching(mine, topics):
        alone = await asked(app, LOOKS * LOOK)
    async with watching(mine, topics, PAGES):
        crowded = await asked(app, LOOKS * LOOK)
    assert alone > 0
    assert crowded <= alone * 1.5  # One more look may fall into the same seconds.


async def test_each_of_many_pages_hears_of_a_step_and_only_those_that_show_it(app, desks):
    mine, other = desks
    first, second = [await filed(app, AppealState.IN_PROGRESS) for _ in range(2)]
    async with watching(mine, f"appeals,case:{first}", 5) as theirs, watching(mine, f"case:{second}") as (elsewhere,):
        await does(other, first, "log", note="已电话联系站长")
        for stream in theirs:
            heard = await stream.readuntil(b"\n\n") + await stream.readuntil(b"\n\n")
            assert b"data: appeals\n" in heard
            assert f"data: case:{first}\n".encode() in heard
        await does(other, second, "log", note="已电话联系站长")
        assert f"data: case:{second}".encode() in await elsewhere.readuntil(b"\n\n")


async def test_of_many_lists_a_few_are_told_at_a_time_and_in_the_end_all_and_the_page_of_a_case_at_once(app, desks):
    mine, other = desks
    number = await filed(app, AppealState.IN_PROGRESS)
    told = []

    async def hears(what, stream):
        assert b"changed" in await stream.readuntil(b"\n\n")
        told.append(what)

    async with watching(mine, "appeals", 3 * TOLD) as lists, watching(mine, f"case:{number}") as (case,):
        await does(other, number, "log", note="已电话联系站长")
        heard = [asyncio.create_task(hears("list", each)) for each in lists] + [
            asyncio.create_task(hears("case", case))
        ]
        first, _ = await asyncio.wait(heard, return_when=asyncio.FIRST_COMPLETED)
        assert len(first) <= TOLD + 1
        await asyncio.gather(*heard)
    assert told.index("case") <= TOLD


async def test_nobody_hears_of_cases_of_another_district(app, desks):
    mine, other = desks
    number = await filed(app, AppealState.IN_PROGRESS)
    async with Desk(app, Role.ADMIN, district="1101") as stranger, watching(stranger, "appeals") as (far,):
        async with watching(mine, "appeals") as (near,):
            await does(other, number, "log", note="已电话联系站长")
            assert b"data: appeals" in await near.readuntil(b"\n\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(far.readuntil(b"\n\n"), 2 * LOOK)


async def test_outlets_and_contacts_hear_of_whatever_is_done_with_them_and_said_against_them(app):
    async with Desk(app, Role.ORGANISER) as mine, Desk(app, Role.ORGANISER, name="组织员赵") as other:
        things = await things_in(app, "2101")
        outlet = f"/console/outlets/{things['/console/outlets/{id}']['id']}"
        number = things["/console/contacts/{id}"]["id"]
        contact = f"/console/contacts/{number}"
        async with watching(mine, "outlets") as (outlets,), watching(mine, "contacts") as (contacts,):
            for path, fields in ((f"{outlet}/close", {"closed": "1"}), (f"{outlet}/close", {"closed": "0"})):
                await other.submits(path, **fields)
                assert b"data: outlets" in await asyncio.wait_for(outlets.readuntil(b"\n\n"), 5 * LOOK)
            async with app.db.begin() as session:
                await reports.report(session, number, ContactFault.NO_ANSWER, b"somebody")
            assert b"data: contacts" in await asyncio.wait_for(contacts.readuntil(b"\n\n"), 5 * LOOK)
            await other.submits(f"{contact}/drop")
            assert b"data: contacts" in await asyncio.wait_for(contacts.readuntil(b"\n\n"), 5 * LOOK)
            assert b"data: outlets" in await asyncio.wait_for(outlets.readuntil(b"\n\n"), 5 * LOOK)


async def test_a_page_whose_session_ended_is_told_so_and_the_others_go_on(app, desks):
    mine, other = desks
    number = await filed(app, AppealState.IN_PROGRESS)
    async with watching(mine, "appeals") as (gone,), watching(other, "appeals") as (stays,):
        await mine.submits("/console/leave")
        assert b"signed-out" in await gone.readuntil(b"\n\n")
        await does(other, number, "log", note="已电话联系站长")
        assert b"data: appeals" in await stays.readuntil(b"\n\n")
