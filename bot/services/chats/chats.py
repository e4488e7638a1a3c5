"""The row of a chat and the updates it has seen: read, locked, changed, recorded."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import class_mapper

from bot.queue import outbox
from bot.queue.outbox import Transaction
from bot.store import upsert
from bot.store.base import vault_of
from bot.store.db import Database
from bot.store.models import Channel, Chat, ParkedUpdate, SeenUpdate, now

_CHATS, _SEEN = Chat.__table__, SeenUpdate.__table__
# The address is left out: whoever writes to us has just told it, and opening it costs.
_COLUMNS = [column for column in _CHATS.c if column.name != "address"]
_OWED = exists(outbox.unsent(_CHATS.c.id)).label("owed")
_READ = select(*_COLUMNS, _OWED).where(_CHATS.c.key == bindparam("key"))
_OWES = select(_OWED).where(_CHATS.c.key == bindparam("key"))
_LOCK = (
    select(*_COLUMNS, _SEEN.c.id.label("seen"), _SEEN.c.answer.label("seen_answer"))
    .outerjoin(_SEEN, (_SEEN.c.channel == bindparam("channel")) & (_SEEN.c.id == bindparam("update_id")))
    .where(_CHATS.c.key == bindparam("key"))
    # Not the key: whoever else writes a row that belongs to this chat (a telling, a case of theirs) need not wait for the
    # person's own unit, and no two of them can wait for each other in a ring.
    .with_for_update(of=_CHATS, key_share=True)
)
_SET = update(_CHATS).where(_CHATS.c.id == bindparam("row"))  # type: ignore[arg-type]


class SeenBefore(Exception):
    """This update has been acted on.  Carries the answer it was given then."""

    def __init__(self, answer: dict[str, Any] | None) -> None:
        super().__init__()
        self.answer = answer


def key_of(db: Database, channel: Channel, address: int) -> bytes:
    """The blind index a chat is found by."""
    return vault_of(db.engine.dialect).blind(f"{channel}:{address}", "chats.key")


async def read(db: Database, channel: Channel, address: int) -> tuple[Chat, bool]:
    """A chat as it is now, unlocked, and whether replies to it have not gone yet, as far as anybody knows.

    Somebody new gets a blank one that has no id yet.
    """
    key = key_of(db, channel, address)
    row = await db.first(_READ, {"key": key})
    return (_chat(row), bool(row.owed)) if row is not None else (blank(channel, key, address), False)


async def owes(db: Database, channel: Channel, address: int) -> bool:
    """Whether replies to this chat have not gone yet, as far as anybody knows."""
    row = await db.first(_OWES, {"key": key_of(db, channel, address)})
    return row is not None and bool(row.owed)


def blank(channel: Channel, key: bytes, address: int) -> Chat:
    return _chat_of({**_BLANK, "channel": channel, "key": key, "address": address, "created_at": now()})


async def lock(connection: AsyncConnection, chat: Chat, address: int, update_id: int) -> Chat:
    """The chat, locked until the transaction ends.  Raises SeenBefore."""
    values = {"key": chat.key, "channel": chat.channel, "update_id": update_id}
    row = (await connection.execute(_LOCK, values)).first()
    if row is None:
        await _insert_new(connection, blank(chat.channel, chat.key, address))
        row = (await connection.execute(_LOCK, values)).one()
    if row.seen is not None:
        raise SeenBefore(row.seen_answer)
    return _chat(row)


async def save(connection: AsyncConnection, chat: Chat, before: Mapping[str, Any]) -> None:
    """Write what changed since `before`, a snapshot made by `contents`."""
    changed = {name: value for name, value in contents(chat).items() if value != before[name]}
    if changed:
        await connection.execute(_SET.values(**changed, version=_CHATS.c.version + 1), {"row": chat.id})


async def record(transaction: Transaction, channel: Channel, update_id: int, answer: dict[str, Any] | None) -> bool:
    """Note that an update has been acted on.  Returns False when somebody else did so meanwhile."""
    statement = upsert.insert(transaction, SeenUpdate).on_conflict_do_nothing()
    values = {"channel": channel, "id": update_id, "answer": answer, "at": now()}
    return (await transaction.execute(statement, values)).rowcount == 1  # type: ignore[attr-defined,no-any-return]


async def park(session: AsyncSession, channel: Channel, update_id: int | None, body: Any, why: str) -> None:
    """Keep an update nobody could read, so that a person can look at it."""
    values = {"channel": channel, "update_id": update_id, "body": body, "why": why[:200], "at": now()}
    await session.execute(insert(ParkedUpdate).values(values))


def contents(chat: Chat) -> dict[str, Any]:
    return {name: getattr(chat, name) for name in _CHANGING}


_CHANGING = tuple(
    column.name for column in _COLUMNS if column.name not in {"id", "channel", "key", "version", "created_at"}
)


def _chat(row: Any) -> Chat:
    return _chat_of(dict(zip(_NAMES, row, strict=False)))


def _chat_of(values: Mapping[str, Any]) -> Chat:
    """A chat that no session watches.  Its values are put in as the mapper does when it loads one: that is quicker."""
    chat: Chat = _MANAGER.new_instance()
    chat.__dict__.update(values)
    return chat


_MANAGER = class_mapper(Chat).class_manager


_NAMES = tuple(column.name for column in _COLUMNS)
_BLANK = dict.fromkeys(_NAMES) | {
    "version": 0,
    "language": "zh",
    "region": "",
    "job": "",
    "topic": "",
    "flow": "",
    "step": "",
    "paused": False,
    "no_outlet": False,
    "service_notices": True,
    "activity_notices": False,
    "quiet": "",
}


async def _insert_new(connection: AsyncConnection, chat: Chat) -> None:
    values = {**contents(chat), "address": chat.address, "channel": chat.channel, "key": chat.key}
    values |= {"version": 0, "created_at": chat.created_at}
    await connection.execute(upsert.insert(connection, Chat).on_conflict_do_nothing(), values)


async def block(session: AsyncSession, chat_id: int | None) -> None:
    """The channel says that this person has shut us out: nothing goes to them until they come back."""
    await session.execute(update(Chat).where(Chat.id == chat_id).values(blocked_at=now()))
