"""What leaves the process: rows written with the change that caused them, sent after the commit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Integer,
    LargeBinary,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from bot.queue.jobs import EVENT, JOBS
from bot.store.base import Sealed, vault_of
from bot.store.models import Lane, Outbox, OutboxState, now
from bot.store.vault import CannotOpen, Vault

LEASE = timedelta(seconds=60)  # How long a relay has for a row it took.
HELD = timedelta(seconds=30)  # The same for a batch.

BATCHED = tuple(job.kind for job in JOBS if job.batched)

Transaction = AsyncConnection | AsyncSession


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A row of a batched kind on its way: what its sender needs."""

    id: int
    subject: str
    body: bytes | None  # its payload, as JSON; None when no key of ours opens it
    attempts: int  # failures so far
    created_at: datetime


async def put(transaction: Transaction, rows: Sequence[Outbox]) -> None:
    """Write rows down and give them their ids.  They go out if, and only if, the transaction commits."""
    if not rows:
        return
    values = [{name: getattr(each, name) for name in _WRITTEN} for each in rows]
    if len(values) == 1:
        ids = [(await transaction.execute(_ONE, values[0])).scalar_one()]
    else:
        result = await transaction.execute(_MANY, values)
        ids = list(result.scalars())
    for each, number in zip(rows, ids, strict=True):
        each.id = number


_WRITTEN = ("kind", "payload", "chat_id", "subject", "lane", "state", "attempts", "due_at", "created_at")
_INSERT = insert(Outbox.__table__)  # type: ignore[arg-type]
_ONE = _INSERT.returning(Outbox.__table__.c.id)
_MANY = _INSERT.returning(Outbox.__table__.c.id, sort_by_parameter_order=True)


async def ahead(connection: AsyncConnection, chat_id: int) -> Sequence[int]:
    """Replies to this chat that have not gone yet, as far as anybody knows."""
    return (await connection.execute(_AHEAD, {"chat": chat_id})).scalars().all()


def unsent(chat: ColumnElement[Any]) -> Select[int]:
    """Replies to a chat that have not gone yet, as part of a query."""
    # Spelled out, because a partial index is used only for a condition that is known before the values are.
    waiting = Outbox.state == literal(OutboxState.WAITING, literal_execute=True)
    return select(Outbox.id).where(Outbox.chat_id == chat, Outbox.lane == Lane.REPLY, waiting)


def dropped(chat_id: int) -> Delete:
    """What takes away all that waits for a chat which goes."""
    waiting = Outbox.state == literal(OutboxState.WAITING, literal_execute=True)
    return delete(Outbox).where(Outbox.chat_id == chat_id, waiting)


_AHEAD = unsent(bindparam("chat"))


async def claim(session: AsyncSession, limit: int, kinds: Collection[str]) -> list[Outbox]:
    """Lease rows of these kinds that are due, replies before bulk.  Two relays never get the same row.

    Kinds that this process does not know are a newer version's: they wait for a process of that one.

    A row waits while an earlier one of its chat is leased or held back: order survives a retry.  The oldest rows come
    first, whenever they were due: of a chat, none is taken before an earlier one that the limit left out.
    """
    at = now()
    ids = await _in_order(session, (await session.execute(_DUE, {"at": at, "most": limit, "kinds": kinds})).all())
    if not ids:
        return []
    leased = update(Outbox).where(Outbox.id.in_(ids)).values(due_at=at + LEASE).returning(Outbox)
    return sorted(await session.scalars(leased), key=lambda each: (each.lane, each.id))


_EARLIER = aliased(Outbox)
_HELD = exists().where(
    _EARLIER.chat_id == Outbox.chat_id,
    _EARLIER.lane == Outbox.lane,
    _EARLIER.state == OutboxState.WAITING,
    _EARLIER.id < Outbox.id,
    _EARLIER.due_at > bindparam("at"),
)
# Put together once: every relay asks it twice a second, and putting it together takes longer than asking.
_DUE = (
    select(Outbox.id, Outbox.chat_id, Outbox.lane)
    .where(
        Outbox.state == OutboxState.WAITING,
        Outbox.due_at <= bindparam("at"),
        Outbox.kind.in_(bindparam("kinds", expanding=True)),
        ~_HELD,
    )
    .order_by(Outbox.lane, Outbox.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)


async def _in_order(session: AsyncSession, rows: Sequence[Any]) -> list[int]:
    """Without those behind a row that another relay is taking at this moment, which nobody sees as leased yet."""
    ids, chats = [row.id for row in rows], {row.chat_id for row in rows if row.chat_id is not None}
    others = (
        select(Outbox.chat_id, Outbox.lane, func.min(Outbox.id))
        .where(Outbox.chat_id.in_(chats), Outbox.state == OutboxState.WAITING, Outbox.id.not_in(ids))
        .group_by(Outbox.chat_id, Outbox.lane)
    )
    first = {(chat, lane): number for chat, lane, number in await session.execute(others)} if chats else {}
    return [row.id for row in rows if row.id < first.get((row.chat_id, row.lane), row.id + 1)]


async def take(connection: AsyncConnection, kind: str, limit: int) -> list[ClaimedJob]:
    """Lease due rows of a batched kind, all in the lane of replies, by one statement and without objects.

    Of each subject only the first row that has not gone yet: order needs nothing else, whatever fails, and two
    relays never get rows of the same subject.
    """
    at = now()
    values = {"wanted": kind, "at": at, "until": at + HELD, "most": limit}
    rows = (await connection.execute(_TAKE, values)).all()
    vault = vault_of(connection.dialect)
    return [
        ClaimedJob(row.id, row.subject, _opened(vault, row.payload), row.attempts, row.created_at)
        for row in sorted(rows, key=lambda row: int(row.id))
    ]


def _opened(vault: Vault, sealed: bytes) -> bytes | None:
    try:
        return vault.open(sealed, _SEALED.purpose)
    except CannotOpen:
        return None


def _taking() -> Any:
    rows, earlier = Outbox.__table__, Outbox.__table__.alias()
    # Spelled out, because a partial index is used only for a condition that is known before the values are.
    event = literal(EVENT.kind, literal_execute=True)
    first = ~exists().where(
        earlier.c.kind == event,
        earlier.c.sent_at.is_(None),
        earlier.c.subject == rows.c.subject,
        earlier.c.id < rows.c.id,
    )
    waiting = rows.c.state == literal(OutboxState.WAITING, literal_execute=True)
    due = (
        select(rows.c.id)
        .where(waiting, rows.c.lane == Lane.REPLY, rows.c.due_at <= bindparam("at"), rows.c.kind == bindparam("wanted"))
        .where(first)
        .order_by(rows.c.due_at, rows.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    leased = update(rows).where(rows.c.id.in_(select(due.c.id))).values(due_at=bindparam("until"))  # type: ignore[arg-type]
    raw = type_coerce(rows.c.payload, LargeBinary).label("payload")
    return leased.returning(rows.c.id, rows.c.subject, raw, rows.c.attempts, rows.c.created_at)


_SEALED: Sealed = Outbox.__table__.c.payload.type  # type: ignore[assignment]
_TAKE = _taking()


async def renew(transaction: Transaction, each: Outbox) -> bool:
    """Take the lease of a row again, unless somebody else has it by now."""
    until = now() + LEASE
    mine = (
        update(Outbox)
        .where(Outbox.id == each.id, Outbox.state == OutboxState.WAITING, Outbox.due_at == each.due_at)
        .values(due_at=until)
        .returning(Outbox.id)
    )
    if (await transaction.execute(mine)).scalar_one_or_none() is None:
        return False
    each.due_at = until
    return True


async def oldest_due(session: AsyncSession) -> datetime | None:
    """Since when the oldest row is overdue; None when nothing is.  Batched kinds have a check of their own."""
    # Spelled out, because a partial index is used only for a condition that is known before the values are.
    waiting = Outbox.state == literal(OutboxState.WAITING, literal_execute=True)
    late = waiting, Outbox.due_at <= now(), Outbox.kind.not_in(BATCHED)
    firsts = [
        select(Outbox.due_at).where(Outbox.lane == lane, *late).order_by(Outbox.due_at).limit(1).scalar_subquery()
        for lane in Lane
    ]
    found = (await session.execute(select(*firsts))).one()
    return min((due for due in found if due is not None), default=None)
