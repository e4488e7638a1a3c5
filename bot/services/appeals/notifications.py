"""Telling workers what became of their cases: what changed, which agency, by when; never anybody's name."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import outbox
from bot.services.core import quiet_hours
from bot.services.core.context import ServiceContext
from bot.services.identity import identities
from bot.store.models import Appeal, AppealStep, Chat, Lane, now

Row = Sequence[tuple[str, str]]  # buttons side by side: the key of the label, and what a press sends


async def tell(
    session: AsyncSession,
    context: ServiceContext,
    appeal: Appeal,
    key: str,
    *,
    choices: Sequence[Row] = (),
    urgent: bool = False,
    step: int | None = None,
    **values: Any,
) -> None:
    """Queue a message for whoever filed an appeal.

    `step` is the line of the timeline whose delivery is ticked off.  The row itself does not name the case: with its
    chat it would tell who filed it.
    """
    chat = await identities.chat_behind(session, appeal.alias)
    await tell_chat(
        session, context, chat, key, choices=choices, urgent=urgent, step=step, number=appeal.number, **values
    )


async def tell_chat(
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
) -> None:
    """Queue a message for somebody; at night it waits, unless it is urgent.

    Whoever has shut us out, or whose way back has been deleted, is not told.  `qr` is shown as a code above the text.
    """
    if context.silent or chat is None or chat.blocked_at is not None:
        return
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
    due_at = now() if urgent else quiet_hours.waking(now(), *context.quiet)
    lane = Lane.REPLY if urgent else Lane.NEWS
    row = outbox.row(chat.channel, payload, chat_id=chat.id, lane=lane, due_at=due_at)
    await outbox.put(session, [row])


async def told(session: AsyncSession, step: int) -> None:
    """Tick off a line of a timeline: the message about it has been taken by the worker's channel."""
    await session.execute(update(AppealStep).where(AppealStep.id == step).values(told_at=now()))
