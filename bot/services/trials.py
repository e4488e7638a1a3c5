"""Trying a notice out: it goes to the chats of colleagues, and whether it arrived is seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import outbox
from bot.errors import Rejected
from bot.services.bubbles import bubble
from bot.services.frame import Frame
from bot.store.models import Chat, Notice, Outbox, OutboxState, Staff

TEAM = 20  # colleagues at most
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Trial:
    name: str
    state: OutboxState
    why: str
    at: datetime


async def send(session: AsyncSession, frame: Frame, notice: Notice, staff_id: int | None) -> list[Outbox]:
    """Send it to one colleague, or for None to those of the notice's district.  Raises Rejected without a chat."""
    people = select(Chat).join(Staff, Staff.chat_id == Chat.id).where(Staff.active)
    wanted = Staff.district.startswith(notice.district) if staff_id is None else Staff.id == staff_id
    chats = (await session.scalars(people.where(wanted).order_by(Staff.id).limit(TEAM))).all()
    if not chats:
        raise Rejected("notice.no_chat")
    reply = bubble(frame.knowledge.texts, notice)
    rows = [
        outbox.row(
            chat.channel, {"to": chat.address, **reply, "do": "say"}, chat_id=chat.id, subject=_subject(notice.id)
        )
        for chat in chats
    ]
    await outbox.put(session, rows)
    return rows


async def listed(session: AsyncSession, number: int) -> Sequence[Trial]:
    """Whom it was sent to, the newest first, and whether it arrived."""
    query = select(Staff.name, Outbox.state, Outbox.why, Outbox.created_at).join(Staff, Staff.chat_id == Outbox.chat_id)
    rows = await session.execute(
        query.where(Outbox.subject == _subject(number)).order_by(Outbox.id.desc()).limit(SHOWN)
    )
    return [Trial(name, OutboxState(state), why, at) for name, state, why, at in rows]


def _subject(number: int) -> str:
    return f"trial:{number}"
