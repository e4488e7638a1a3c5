"""What is written in the outbox leaves it: at least once, in order per chat, and never while it is held back."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.errors import Refused, TryLater
from bot.queue import jobs, outbox
from bot.queue.jobs import Job
from bot.queue.relay import Relay
from bot.services.chats import chats
from bot.store.models import Channel, Chat, Lane, Outbox, OutboxState, now
from bot.store.opening import database_of
from tests.support import databases

TEST = Job("test")


@pytest.fixture
async def db(settings):
    """A database that no house uses: what is in it, the test has put there."""
    db = database_of(settings)
    yield db
    await db.close()


class Post:
    """A sender that writes down what it was given, and fails as told."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.fails: list[Exception] = []

    async def __call__(self, row: Outbox) -> int | None:
        if self.fails:
            raise self.fails.pop(0)
        self.sent.append(row.payload["text"])
        return 77


class Held(Post):
    """One that sends nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def __call__(self, row: Outbox) -> int | None:
        self.begun.set()
        await self.go.wait()
        return await super().__call__(row)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
async def relay(db, post) -> Relay:
    relay = Relay(db)
    relay.handlers = {TEST.kind: post}
    return relay


@pytest.fixture
async def chat_id(db) -> int:
    async with db.begin() as session:
        chat = chats.blank(Channel.WEB, b"k" * 16, 1)
        session.add(chat)
    return chat.id


async def put(db, *texts: str, chat_id: int | None = None, **more) -> list[Outbox]:
    rows = [TEST.row({"text": text}, chat_id=chat_id, **more) for text in texts]
    async with db.begin() as session:
        await outbox.put(session, rows)
    return rows


async def make_due(db) -> None:
    async with db.begin() as session:
        await session.execute(update(Outbox).values(due_at=now() - timedelta(seconds=1)))


async def states(db) -> list[OutboxState]:
    async with db.read() as session:
        return list(await session.scalars(select(Outbox.state).order_by(Outbox.id)))


async def test_rows_go_out_in_order_and_their_content_is_forgotten(db, relay, post, chat_id):
    relay.deliver(await put(db, "a", "b", "c", chat_id=chat_id))
    await relay.settled()
    assert post.sent == ["a", "b", "c"]
    async with db.read() as session:
        rows = (await session.scalars(select(Outbox))).all()
    assert {(row.state, row.payload, row.message_id, row.attempts) for row in rows} == {("sent", None, 77, 1)}


async def test_a_row_that_cannot_go_now_holds_back_the_later_ones_of_its_chat(db, relay, post, chat_id):
    post.fails = [TryLater("down", timedelta(hours=1))]
    relay.deliver(await put(db, "a", "b", chat_id=chat_id))
    relay.deliver(await put(db, "other"))
    await relay.settled()
    assert post.sent == ["other"]
    relay.deliver(await put(db, "c", chat_id=chat_id))  # Written after the outage began, it must not overtake.
    await relay.settled()
    assert post.sent == ["other"]
    await make_due(db)
    relay._held.clear()
    await relay.sweep()
    await relay.settled()
    assert post.sent == ["other", "a", "b", "c"]


async def test_rows_that_wait_so_long_that_the_own_sweep_finds_them_go_at_once_and_once(db, relay, chat_id):
    """As under a load in which a chat's turn comes later than the head start of its rows."""
    held = Held()
    relay.handlers = {TEST.kind: held}
    relay.deliver(await put(db, "a", "b", "c", chat_id=chat_id, due_at=now() + timedelta(seconds=1)))
    await held.begun.wait()
    await make_due(db)
    assert await relay.sweep() == 3
    held.go.set()
    await relay.settled()
    assert held.sent == ["a", "b", "c"]
    assert set(await states(db)) == {"sent"}


async def test_what_a_crash_left_is_swept_up_when_its_grace_is_over(db, relay, post):
    await put(db, "left")
    assert await relay.sweep() == 0
    await make_due(db)
    assert await relay.sweep() == 1
    await relay.settled()
    assert post.sent == ["left"]


async def test_two_relays_never_take_the_same_row(db, relay, post):
    await put(db, *(f"{number}" for number in range(50)))
    await make_due(db)
    other = Relay(db)
    other.handlers = {TEST.kind: post}
    await asyncio.gather(relay.sweep(), other.sweep())
    await relay.settled()
    await other.settled()
    assert sorted(post.sent, key=int) == [f"{number}" for number in range(50)]


async def test_replies_go_before_bulk(db, relay, post):
    await put(db, "bulk", lane=Lane.BULK)
    await put(db, "reply")
    await make_due(db)
    async with db.begin() as session:
        assert [row.payload["text"] for row in await outbox.claim(session, 10, [TEST.kind])] == ["reply", "bulk"]


async def test_no_row_of_a_chat_is_taken_before_an_earlier_one_that_was_due_later(db, chat_id):
    """As after a crash: the first row has the head start of whoever wrote it, those behind it have none."""
    await put(db, "0", chat_id=chat_id, due_at=now() - timedelta(seconds=1))
    await put(db, "1", "2", "3", chat_id=chat_id, due_at=now() - timedelta(seconds=10))
    async with db.begin() as session:
        assert [row.payload["text"] for row in await outbox.claim(session, 2, [TEST.kind])] == ["0", "1"]


async def test_a_kind_of_a_newer_version_waits_for_a_process_that_knows_it(db, relay, post, chat_id):
    """Old and new processes share the table during an upgrade."""
    newer = Job("newer")
    async with db.begin() as session:
        await outbox.put(session, [newer.row({"text": "0"}, chat_id=chat_id)])
    await put(db, "1", chat_id=chat_id)
    await put(db, "somebody else's")
    await make_due(db)
    await relay.sweep()
    await relay.settled()
    assert post.sent == ["somebody else's"]  # nothing overtakes what is waiting in the same chat
    relay.handlers = {TEST.kind: post, newer.kind: post}
    for _ in range(2):
        await relay.sweep()
        await relay.settled()
    assert post.sent == ["somebody else's", "0", "1"]


async def test_no_row_of_a_chat_is_taken_while_another_relay_is_taking_an_earlier_one(db, chat_id):
    if not databases.is_meant():
        pytest.skip("SQLite lets one relay write at a time")
    await put(db, "0", "1", chat_id=chat_id, due_at=now() - timedelta(seconds=1))
    async with db.begin() as one, db.begin() as another:
        assert [row.payload["text"] for row in await outbox.claim(one, 1, [TEST.kind])] == ["0"]
        assert await outbox.claim(another, 10, [TEST.kind]) == []


async def test_a_refusal_is_final_and_says_why(db, relay, post):
    post.fails = [Refused("Bad Request: chat not found")]
    relay.deliver(await put(db, "a"))
    await relay.settled()
    await make_due(db)
    assert await relay.sweep() == 0
    async with db.read() as session:
        row = await session.scalar(select(Outbox))
    assert (row.state, row.why) == ("refused", "Bad Request: chat not found")


async def test_a_bug_in_a_sender_does_not_stop_the_others(db, relay, post):
    post.fails = [ZeroDivisionError()]
    relay.deliver(await put(db, "a"))
    relay.deliver(await put(db, "b", subject="b"))
    await relay.settled()
    assert post.sent == ["b"]
    assert await states(db) == ["waiting", "sent"]


async def test_a_stop_leaves_what_has_not_gone_in_the_table(db, relay, post, chat_id):
    relay.deliver(await put(db, "a", "b", "c", chat_id=chat_id))
    await relay.stop()
    assert post.sent == ["a"]
    assert await states(db) == ["sent", "waiting", "waiting"]


async def test_a_schedule_is_kept(db, relay, post):
    await put(db, "tomorrow", due_at=now() + timedelta(days=1))
    assert await relay.sweep() == 0
    await make_due(db)
    assert await relay.sweep() == 1


async def test_a_dump_of_the_outbox_tells_nothing(db, chat_id):
    await put(db, "王小明 13812345678", chat_id=chat_id)
    async with db.connect() as connection:
        raw = (await connection.exec_driver_sql("SELECT payload FROM outbox")).scalar_one()
    assert "王小明".encode() not in raw
    assert b"13812345678" not in raw


async def test_chats_do_not_show_who_they_are(db, chat_id):
    async with db.connect() as connection:
        raw = (await connection.exec_driver_sql("SELECT address FROM chats")).scalar_one()
    assert isinstance(raw, bytes)
    assert len(raw) > 16
    async with db.read() as session:
        assert (await session.get(Chat, chat_id)).address == 1


async def test_a_reply_does_not_overtake_one_that_a_killed_process_left(app, phone):
    """Rows of a dead process wait out their head start; what is said meanwhile waits behind them."""
    await phone.types("/start")
    async with app.db.begin() as session:
        chat = (await session.scalars(select(Chat))).one()
        left = jobs.message(chat, {"do": "say", "text": "早先的"})
        await outbox.put(session, [left])
    assert await phone.types("/appeal") == []
    async with app.db.begin() as session:
        await session.execute(update(Outbox).where(Outbox.id == left.id).values(due_at=now()))
    said = await phone.hears()
    assert said[0] == "早先的"
    assert len(said) == 2


async def test_who_lost_a_row_to_another_relay_sends_nothing_after_it_in_that_chat(db, relay, post, chat_id):
    rows = await put(db, "a", "b", chat_id=chat_id)
    await make_due(db)
    other = Relay(db)
    slow = Held()
    other.handlers = {TEST.kind: slow}
    await other.sweep()  # We were so slow that somebody else took the first one, and is sending it.
    await slow.begun.wait()
    for row in rows:
        row.due_at = now() - timedelta(seconds=1)
    relay.deliver(rows)
    await relay.settled()
    assert post.sent == []
    assert not relay.holds([row.id for row in rows])  # Who writes to this chat now waits for the other one.
    slow.go.set()
    await other.settled()
    assert slow.sent == ["a", "b"]
