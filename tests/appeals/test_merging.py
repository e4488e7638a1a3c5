"""Cases that are handled together: whichever way the first one goes, the author of each of them gets an answer."""

import asyncio

import pytest
from sqlalchemy import func, select, text

from bot.errors import Rejected
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.appeals.transitions import move
from bot.services.core.lifecycle import WORKER
from tests.support import databases
from tests.support.appeals import ADMIN, RESULT, REVIEWER, case_of, does, employed, filed
from tests.support.colleague import Colleague, heard
from tests.support.volunteers import chat_of


async def merges(app, child: str, parent: str) -> None:
    async with app.db.begin() as session:
        await move(session, app.services, child, AppealMove(AppealState.MERGED, ADMIN, parent=parent))


async def moves(app, number: str, target: AppealState, actor, **more: str) -> None:
    async with app.db.begin() as session:
        await move(session, app.services, number, AppealMove(target, actor, **more))


@pytest.mark.parametrize(
    ("target", "actor", "more"),
    [
        (AppealState.WITHDRAWN, WORKER, {}),
        (AppealState.REJECTED, ADMIN, {"reason": "court", "text": "请找法院"}),
    ],
)
async def test_what_was_merged_into_a_case_that_ends_without_an_answer_waits_for_dispatch_again(
    app, phone, target, actor, more
):
    chat = await chat_of(phone)
    await employed(app, ADMIN)
    async with Colleague(app, ADMIN.role) as desk:
        parent, child = await filed(app), await filed(app, AppealState.ACCEPTED, chat=chat)
        await merges(app, child, parent)
        await app.settled()
        await phone.hears()
        await desk.phone.hears()
        await moves(app, parent, target, actor, **more)
        assert any("单独办" in each for each in await phone.hears())
        await heard(desk, child)
    case = await case_of(app, child)
    assert (case.state, case.parent_id) == (AppealState.ACCEPTED, None)


async def test_nothing_is_merged_into_a_case_that_was_answered(app, admin):
    parent, child = await filed(app, AppealState.ANSWERED), await filed(app, AppealState.ACCEPTED)
    assert "已经办结" in (await does(admin, child, "merge", parent=parent, status=422)).words


async def test_what_was_merged_into_a_case_that_is_merged_itself_reads_the_answer_of_the_last_one(app, phone):
    chat = await chat_of(phone)
    await employed(app, ADMIN)
    last, middle = await filed(app, AppealState.IN_PROGRESS), await filed(app, AppealState.ACCEPTED)
    first = await filed(app, AppealState.ACCEPTED, chat=chat)
    await merges(app, first, middle)
    await merges(app, middle, last)
    await phone.hears()
    await moves(app, last, AppealState.ANSWERED, REVIEWER, text=RESULT)
    assert any(RESULT in each for each in await phone.hears())


@pytest.mark.skipif(
    not databases.is_meant(), reason="SQLite has one writer at a time, so two never wait for each other"
)
async def test_a_case_that_is_answered_while_another_one_is_merged_into_it_leaves_that_one_alone(app):
    await employed(app, ADMIN)
    parent, child = await filed(app, AppealState.IN_PROGRESS), await filed(app, AppealState.ACCEPTED)
    async with asyncio.timeout(20):
        async with app.db.begin() as session:
            await move(session, app.services, parent, AppealMove(AppealState.ANSWERED, REVIEWER, text=RESULT))
            merging = asyncio.create_task(merges(app, child, parent))
            waiting = select(func.count()).select_from(text("pg_locks")).where(text("NOT granted"))
            while not await session.scalar(waiting) and not merging.done():
                pass
        with pytest.raises(Rejected, match="parent"):
            await merging
    assert (await case_of(app, child)).state == AppealState.ACCEPTED
