"""What people did with a notice: they responded to it, or ended its kind.  People are counted, not presses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bot.services.chats import chats
from bot.store.db import Database
from bot.store.models import Channel, Chat, Notice, NoticeCopy, NoticeKind, now

WITHIN = timedelta(hours=48)  # after a notice, ending its kind in the settings is counted for it

_COPIES = NoticeCopy.__table__
_MARK = (
    update(_COPIES)  # type: ignore[arg-type]
    .where(_COPIES.c.chat_id == bindparam("chat"), _COPIES.c.notice_id == bindparam("notice"))
    .where(_COPIES.c.responded_at.is_(None))
    .values(responded_at=bindparam("then"))
)


@dataclass(frozen=True, slots=True)
class Response:
    """Somebody pressed a button under a message of ours, or wrote in reply to it.  It may have been a notice."""

    chat_id: int
    message_id: int
    at: datetime = field(default_factory=now)


async def remember(connection: AsyncConnection, notes: Sequence[Response]) -> None:
    """Write down when people first responded to a notice; of other messages nothing is written."""
    if not notes:
        return
    first: dict[tuple[int, int | None], datetime] = {
        (note.chat_id, note.message_id): note.at for note in reversed(notes)
    }
    chats, messages = ({key[at] for key in first} for at in (0, 1))
    wanted = (
        select(NoticeCopy.chat_id, NoticeCopy.notice_id, NoticeCopy.message_id)
        .join(Notice, Notice.id == NoticeCopy.notice_id)
        .where(NoticeCopy.chat_id.in_(chats), NoticeCopy.message_id.in_(messages), Notice.does == "say")
        .where(NoticeCopy.responded_at.is_(None))
    )
    found = [
        {"chat": chat, "notice": notice, "then": int(first[chat, message].timestamp())}
        for chat, notice, message in sorted(await connection.execute(wanted))
        if (chat, message) in first  # and not the number of somebody else's message
    ]
    if found:
        await connection.execute(_MARK, found)


async def reminded(db: Database, channel: Channel, address: int, messages: Sequence[int]) -> None:
    """Somebody was rung for messages, outside the chat: those that are copies of notices say so."""
    theirs = select(Chat.id).where(Chat.channel == channel, Chat.key == chats.key_of(db, channel, address))
    here = update(NoticeCopy).where(NoticeCopy.chat_id.in_(theirs), NoticeCopy.message_id.in_(messages))
    async with db.begin() as session:
        first = here.where(NoticeCopy.reminded_at.is_(None))
        await session.execute(first.values(reminded_at=int(now().timestamp())), execution_options=_BLINDLY)


async def not_reminded(db: Database, channel: Channel, address: int, since: datetime) -> None:
    """What somebody was rung for since a moment did not arrive."""
    theirs = select(Chat.id).where(Chat.channel == channel, Chat.key == chats.key_of(db, channel, address))
    lately = NoticeCopy.reminded_at >= int(since.timestamp())
    async with db.begin() as session:
        here = update(NoticeCopy).where(NoticeCopy.chat_id.in_(theirs), lately)
        await session.execute(here.values(reminded_at=None), execution_options=_BLINDLY)


async def kinds(db: Database, channel: Channel, address: int, messages: Sequence[int]) -> dict[int, NoticeKind]:
    """Which of somebody's messages are notices, and of what kind."""
    theirs = select(Chat.id).where(Chat.channel == channel, Chat.key == chats.key_of(db, channel, address))
    query = select(NoticeCopy.message_id, Notice.kind).join(Notice, Notice.id == NoticeCopy.notice_id)
    query = query.where(NoticeCopy.chat_id.in_(theirs), NoticeCopy.message_id.in_(messages))
    async with db.read() as session:
        return {number: NoticeKind(kind) for number, kind in await session.execute(query) if number is not None}


async def opt_out(session: AsyncSession, chat_id: int, kind: NoticeKind, message_id: int) -> None:
    """Somebody ended a kind of notices: under one of them or, `message_id` being 0, in the settings.

    In the settings it is counted for the newest one they got within WITHIN, if there is one.
    """
    theirs = select(NoticeCopy.notice_id).where(NoticeCopy.chat_id == chat_id, NoticeCopy.notice_id.in_(_said(kind)))
    if message_id:
        theirs = theirs.where(NoticeCopy.message_id == message_id)
    else:
        since = int((now() - WITHIN).timestamp())
        theirs = theirs.where(NoticeCopy.message_id.is_not(None), NoticeCopy.at > since)
    newest = theirs.order_by(NoticeCopy.at.desc(), NoticeCopy.notice_id.desc()).limit(1).scalar_subquery()
    here = update(NoticeCopy).where(NoticeCopy.chat_id == chat_id, NoticeCopy.notice_id == newest)
    await session.execute(here.values(opted_out_at=int(now().timestamp())), execution_options=_BLINDLY)


async def opt_in(session: AsyncSession, chat_id: int, kind: NoticeKind) -> None:
    """They want the kind again: no notice drove them away."""
    theirs = update(NoticeCopy).where(NoticeCopy.chat_id == chat_id, NoticeCopy.notice_id.in_(_said(kind)))
    gone = theirs.where(NoticeCopy.opted_out_at.is_not(None))
    await session.execute(gone.values(opted_out_at=None), execution_options=_BLINDLY)


_BLINDLY = {"synchronize_session": False}


def _said(kind: NoticeKind) -> Select[Any]:
    """Corrections carry the number of the message they change; they are not what people respond to."""
    return select(Notice.id).where(Notice.kind == kind, Notice.does == "say")
