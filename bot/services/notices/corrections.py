"""Changing and taking back what is on people's phones already: a notice about a notice, sent like any other."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.chats import message_preview
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Actor
from bot.services.notices import notices
from bot.services.notices.states import BEGUN, NoticeState
from bot.store.models import Notice, now

_SAME = "kind title text buttons unit audience count valid_until drill district photo".split()
UNSAY_WITHIN = timedelta(hours=48)  # Telegram deletes nothing older.


async def correct(
    session: AsyncSession, context: ServiceContext, original: Notice, actor: Actor, title: str, text: str
) -> Notice:
    """A draft that, once agreed to, changes what the copies of a notice say.  Raises Rejected."""
    _begun(original)
    if await recalls(session, [original.id]):
        raise Rejected("notice.recalled_already")
    notice = _about(original, actor, "edit")
    notice.title = notices.filled(title, "title", notices.LONGEST_TITLE)
    notice.text = notices.filled(text, "text", message_preview.LONGEST)
    notices.check_length(context, notice)
    session.add(notice)
    await session.flush()
    await notices.sign(session, notice, {actor.id} | await notices.writers(session, original.id))
    return notice


async def recall(session: AsyncSession, original: Notice, actor: Actor) -> Notice:
    """Take a notice back from every phone, at once and without a second person.  Raises Rejected, IllegalStep."""
    _begun(original)
    if await recalls(session, [original.id]):
        raise Rejected("notice.recalled_already")
    if original.started_at is None or now() - original.started_at > UNSAY_WITHIN:
        raise Rejected("notice.recall_late", hours=int(UNSAY_WITHIN.total_seconds() // 3600))
    if original.state not in {NoticeState.COMPLETED, NoticeState.SOME_FAILED, NoticeState.CANCELLED}:
        notices.move(original, NoticeState.CANCELLED, actor, why="recalled")
    notice = _about(original, actor, "unsay")
    notice.valid_until = max(notice.valid_until, now() + UNSAY_WITHIN)
    session.add(notice)
    await session.flush()
    notice.start_at = now()
    notices.move(notice, NoticeState.SCHEDULED, actor)
    await session.flush()
    await outbox.put(session, [notices.timer(notice)])
    return notice


async def recalls(session: AsyncSession, numbers: Iterable[int]) -> dict[int, Notice]:
    """By the number of a notice the one that takes it back from the phones; a recall that was cancelled is none."""
    query = select(Notice).where(Notice.about_id.in_(list(numbers)), Notice.does == "unsay")
    rows = await session.scalars(query.where(Notice.state != NoticeState.CANCELLED).order_by(Notice.id))
    return {row.about_id: row for row in rows if row.about_id is not None}


def _begun(original: Notice) -> None:
    if original.does != "say" or (original.state not in BEGUN and original.started_at is None):
        raise Rejected("notice.not_begun")


def _about(original: Notice, actor: Actor, does: str) -> Notice:
    values: dict[str, Any] = {name: getattr(original, name) for name in _SAME}
    return Notice(author_id=actor.id, does=does, about_id=original.id, state=NoticeState.DRAFT, version=0, **values)
