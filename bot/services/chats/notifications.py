"""Telling somebody something in their chat: at once, or when their quiet hours are over."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import outbox
from bot.services.core import quiet_hours
from bot.services.core.context import ServiceContext
from bot.store.models import Chat, Lane, now

Row = Sequence[tuple[str, str]]  # buttons side by side: the key of the label, and what a press sends


async def tell(
    session: AsyncSession,
    context: ServiceContext,
    chat: Chat | None,
    key: str,
    *,
    choices: Sequence[Row] = (),
    qr: str = "",
    urgent: bool = False,
    step: int | None = None,
    **values: object,
) -> datetime | None:
    """Queue a message for somebody; in quiet hours, their own if they chose some, it waits.

    urgent: they are waiting for it, so it goes at once.  qr: shown as a code above the text.
    Returns when it may go; None when nobody is told: they have shut us out, or their way back has been deleted.
    """
    if context.silent or chat is None or chat.blocked_at is not None:
        return None
    say = context.knowledge.texts.say
    payload: dict[str, Any] = {"to": chat.address, "do": "say", "text": say(chat.language, key, **values)}
    if qr:
        payload |= {"do": "photo", "qr": qr}
    if choices:
        payload["choices"] = [
            [{"label": say(chat.language, key), "press": press} for key, press in row] for row in choices
        ]
    if step is not None:
        payload["step"] = step
    due_at = now() if urgent else quiet_hours.waking(now(), *quiet_hours.of(chat.quiet, context.quiet))
    lane = Lane.REPLY if urgent else Lane.NEWS
    row = outbox.row(chat.channel, payload, chat_id=chat.id, lane=lane, due_at=due_at)
    await outbox.put(session, [row])
    return due_at
