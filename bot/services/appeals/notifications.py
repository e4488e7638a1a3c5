"""Telling workers what became of their cases: what changed, which agency, by when; never anybody's name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.chats import notifications
from bot.services.chats.notifications import Row
from bot.services.core.context import ServiceContext
from bot.services.identity import identities
from bot.store.models import Appeal, AppealStep, now


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
) -> datetime | None:
    """Queue a message for whoever filed an appeal; returns when it may go, None when nobody is told.

    `step` is the line of the timeline that says so, and ticks it off.  The row itself does not name the case: with its
    chat it would tell who filed it.
    """
    chat = await identities.chat_behind(session, appeal.alias)
    tell_at = await notifications.tell(
        session, context, chat, key, choices=choices, urgent=urgent, step=step, number=appeal.number, **values
    )
    if step is not None and tell_at is not None:
        await session.execute(update(AppealStep).where(AppealStep.id == step).values(tell_at=tell_at))
    return tell_at


async def told(session: AsyncSession, step: int) -> None:
    """Tick off a line of a timeline: the message about it has been taken by the worker's channel."""
    await session.execute(update(AppealStep).where(AppealStep.id == step).values(told_at=now()))
