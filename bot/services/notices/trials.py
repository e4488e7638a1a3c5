"""Trying a notice out: it goes to the chats of colleagues, and whether it arrived is seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import jobs, outbox
from bot.services.chats import message_preview
from bot.services.core.context import ServiceContext
from bot.store.models import Chat, Notice, Outbox, OutboxState, Staff

TEAM = 20  # colleagues at most


@dataclass(frozen=True, slots=True)
class Trial:
    name: str
    state: OutboxState
    why: str
    at: datetime


async def send(
    session: AsyncSession, context: ServiceContext, notice: Notice, whom: ColumnElement[bool]
) -> list[Outbox]:
    """Send it to those colleagues whom the condition is about and who linked a chat; the rows are whom it goes to."""
    people = select(Chat).join(Staff, Staff.chat_id == Chat.id).where(Staff.active, whom)
    chats = (await session.scalars(people.order_by(Staff.id).limit(TEAM))).all()
    reply = message_preview.anew(context.knowledge.texts, notice)
    rows = [jobs.message(chat, reply, subject=_subject(notice.id)) for chat in chats]
    await outbox.put(session, rows)
    return rows


def oneself(staff_id: int) -> ColumnElement[bool]:
    return Staff.id == staff_id


def team(notice: Notice) -> ColumnElement[bool]:
    """The colleagues of the notice's district."""
    return Staff.district.startswith(notice.district)


async def listed(session: AsyncSession, number: int) -> Sequence[Trial]:
    """Whom it was sent to and whether it arrived, the last time only: one line for each colleague, the newest first."""
    last = select(func.max(Outbox.id)).where(Outbox.subject == _subject(number)).group_by(Outbox.chat_id)
    query = select(Staff.name, Outbox.state, Outbox.why, Outbox.created_at).join(Staff, Staff.chat_id == Outbox.chat_id)
    rows = await session.execute(query.where(Outbox.id.in_(last)).order_by(Outbox.id.desc()))
    return [Trial(name, OutboxState(state), why, at) for name, state, why, at in rows]


def _subject(number: int) -> str:
    return f"trial:{number}"
