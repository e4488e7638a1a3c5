"""What became of a notice, person by person: a table without names, and one person's copy."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.working_days import ZONE
from bot.store.base import vault_of
from bot.store.models import Channel, Chat, CopyState, NoticeCopy

PART = 5_000  # rows read at once


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one copy, and what its owner did then."""

    chat: int  # our own number
    channel: Channel
    region: str
    job: str
    state: CopyState
    why: str
    at: str  # by China's clock; "" while it waits
    responded: bool
    opted_out: bool


async def rows_of(session: AsyncSession, notice_id: int) -> AsyncIterator[Result]:
    """Every copy there is, a part at a time."""
    did = NoticeCopy.responded_at.is_not(None), NoticeCopy.opted_out_at.is_not(None)
    copy = NoticeCopy.channel, Chat.region, Chat.job, NoticeCopy.state, NoticeCopy.why, NoticeCopy.at
    query = (
        select(Chat.id, *copy, *did)
        .join(Chat, Chat.id == NoticeCopy.chat_id)
        .where(NoticeCopy.notice_id == notice_id)
        .order_by(Chat.id)
        .limit(PART)
    )
    last = 0
    while rows := (await session.execute(query.where(Chat.id > last))).all():
        for chat, channel, region, job, state, why, at, responded, opted_out in rows:
            yield Result(chat, channel, region, job, state, why, _moment(at), bool(responded), bool(opted_out))
        last = rows[-1].id


def _moment(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC).astimezone(ZONE):%Y-%m-%d %H:%M:%S}" if at else ""


async def state_of(session: AsyncSession, notice_id: int, channel: Channel, address: int) -> CopyState | None:
    """What became of the copy of whoever has this address on the channel."""
    key = vault_of(session.get_bind().dialect).blind(f"{channel}:{address}", "chats.key")
    theirs = select(NoticeCopy.state).join(Chat, Chat.id == NoticeCopy.chat_id)
    state = await session.scalar(theirs.where(Chat.key == key, NoticeCopy.notice_id == notice_id))
    return CopyState(state) if state is not None else None
