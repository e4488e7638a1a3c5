"""On SQLite everything runs in one loop: whatever the database is asked, others have their turn meanwhile."""

import asyncio
import time

import pytest
from sqlalchemy import text

from bot.store.opening import database_of
from tests.conftest import on_postgres

pytestmark = pytest.mark.skipif(on_postgres(), reason="PostgreSQL works outside of the loop")

LONG = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most) SELECT count(*), max(i) FROM n"
)
MOST = 3_000_000  # rows that are counted: most of a second


@pytest.fixture
async def db(settings):
    db = database_of(settings)
    yield db
    await db.close()


async def stood_still(work) -> tuple[float, float]:
    """Seconds that some work took, and for how many of them at a time nobody else had their turn."""
    longest, done = 0.0, asyncio.Event()

    async def tick() -> None:
        nonlocal longest
        while not done.is_set():
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - before)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    began = time.perf_counter()
    await work
    took = time.perf_counter() - began
    done.set()
    await ticking
    return took, longest


async def test_a_long_query_lets_others_have_their_turn_and_gives_the_same_rows(db):
    async def ask() -> None:
        async with db.read() as session:
            assert tuple((await session.execute(LONG, {"most": MOST})).one()) == (MOST, MOST)
            assert await session.scalar(text("SELECT 1")) == 1

    took, stood = await stood_still(ask())
    assert stood < took / 3


async def test_a_long_query_within_a_transaction_sees_what_it_wrote_and_breaks_nothing_off(db):
    async with db.begin() as session:
        await session.execute(text("INSERT INTO attempts (key, times, until) VALUES (x'00', 1, 0)"))
        await session.execute(LONG, {"most": MOST})
        assert await session.scalar(text("SELECT count(*) FROM attempts")) == 1
    async with db.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM attempts")) == 1


async def test_many_short_statements_let_others_have_their_turn(db):
    async def ask() -> None:
        async with db.read() as session:
            for number in range(3_000):
                assert await session.scalar(text("SELECT :n"), {"n": number}) == number

    took, stood = await stood_still(ask())
    assert stood < took / 3


async def test_a_long_query_that_nobody_waits_for_any_more_leaves_the_connection_at_rest(db):
    async with db.read() as session:
        asking = asyncio.create_task(session.execute(LONG, {"most": MOST * 10}))
        await asyncio.sleep(0.2)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    async with db.read() as session:
        assert await session.scalar(text("SELECT 1")) == 1
