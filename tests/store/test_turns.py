"""On SQLite everything runs in one loop: whatever the database is asked, others have their turn meanwhile."""

import asyncio
import threading
import time

import pytest
from sqlalchemy import text

from bot.store.opening import database_of
from tests.support import databases

pytestmark = pytest.mark.skipif(databases.is_meant(), reason="PostgreSQL works outside of the loop")

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
    """Seconds of the processor that some work took, and for how many of them at a time the loop let nobody have a turn.

    What others on the machine take is in neither.
    """
    longest, done = 0.0, asyncio.Event()

    async def tick() -> None:
        nonlocal longest
        while not done.is_set():
            before = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    began = time.process_time()
    await work
    took = time.process_time() - began
    done.set()
    await ticking
    return took, longest


def told(statement):
    """The same statement, which tells when it has begun."""
    return text(statement.text.replace("SELECT 1 UNION", "SELECT begun() UNION"))


async def tells(session) -> asyncio.Event:
    """What is set once a statement that tells so is at work in a thread; in the loop it tells nothing."""
    begun, loop = asyncio.Event(), asyncio.get_running_loop()

    def tell() -> int:
        if threading.current_thread() is not threading.main_thread():
            loop.call_soon_threadsafe(begun.set)
        return 1

    raw = await (await session.connection()).get_raw_connection()
    raw.driver_connection.create_function("begun", 0, tell)
    return begun


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
        begun = await tells(session)
        asking = asyncio.create_task(session.execute(told(LONG), {"most": MOST * 10}))
        await begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    async with db.read() as session:
        assert await session.scalar(text("SELECT 1")) == 1


MANY = MOST // 30  # rows that are written
WRITES = text(
    "INSERT INTO attempts (key, times, until) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most)"
    " SELECT CAST(:mark || i AS BLOB), 1, 0 FROM n"
)


async def test_a_change_known_to_take_long_lets_others_have_their_turn(db):
    async def write(mark: str) -> None:
        async with db.begin() as session:
            await session.execute(WRITES, {"most": MANY, "mark": mark})

    await write("first")  # By this one it becomes known.
    took, stood = await stood_still(write("second"))
    assert stood < took / 3
    async with db.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM attempts")) == MANY * 2


async def test_many_rows_written_at_once_let_others_have_their_turn(db):
    rows = [(str(number).encode(), 1, 0) for number in range(MANY)]  # as the driver takes them

    async def write() -> None:
        async with db.begin() as session:
            connection = await session.connection()
            await connection.exec_driver_sql("INSERT INTO attempts (key, times, until) VALUES (?, ?, ?)", rows)

    took, stood = await stood_still(write())
    assert stood < took / 3
    async with db.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM attempts")) == MANY


async def test_a_long_change_that_nobody_waits_for_any_more_is_undone(db):
    values = {"most": MOST * 3, "mark": "a"}
    async with db.begin() as session:
        begun = await tells(session)
        await session.execute(told(WRITES), values | {"most": MANY, "mark": "b"})

    async def write() -> None:
        async with db.begin() as session:
            await session.execute(told(WRITES), values)

    writing = asyncio.create_task(write())
    await begun.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    async with db.begin() as session:
        assert await session.scalar(text("SELECT count(*) FROM attempts")) == MANY
