"""Telling somebody something in their chat: at once, or when their quiet hours are over."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging.callbacks import Callback, button
from bot.messaging.reply import Photo, Say
from bot.queue import jobs, outbox
from bot.services.chats import rings
from bot.services.core import quiet_hours
from bot.services.core.context import ServiceContext
from bot.store.models import Channel, Chat, Lane, now

Row = Sequence[tuple[str, Callback]]  # buttons side by side: the key of the label, which may name what the press says


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
    text = say(chat.language, key, **values)
    reply: Say | Photo = {"do": "photo", "text": text, "qr": qr} if qr else {"do": "say", "text": text}
    if choices:
        reply["choices"] = [
            [button(say(chat.language, key, **vars(press)), press) for key, press in row] for row in choices
        ]
    due_at = now() if urgent else quiet_hours.waking(now(), *quiet_hours.of(chat.quiet, context.quiet))
    lane = Lane.REPLY if urgent else Lane.NEWS
    await outbox.put(session, [jobs.message(chat, reply, step=step, lane=lane, due_at=due_at)])
    if chat.channel == Channel.WEB:
        await rings.ring(session, [chat.address], due_at)
    return due_at
