"""A minute to think again: what somebody takes back or clears is done when its timer rings, unless they say so before.

What is planned stands in the chat's row, sealed; the timer names nothing but the chat.  Nothing is done and undone, so that
nobody else - the unit, the backend, who was merged into a case - hears of what was a slip of the thumb.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict

from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import jobs, outbox
from bot.queue.jobs import SecondThoughtTimer
from bot.services.chats import pending
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.store.models import Chat, now

MINUTE = timedelta(minutes=1)
OF: Literal["second_thoughts"] = "second_thoughts"  # whose timers these are

Do = Callable[[AsyncSession, ServiceContext, Chat, str], Awaitable[None]]  # what is planned, for the one of this number


class Planned(TypedDict):
    due: str  # ISO 8601, UTC
    held: Any  # what is put back if they think again


async def plan(session: AsyncSession, chat: Chat, noun: str, number: str, *, held: Any = None) -> None:
    """Do it in a minute.  Asked twice, the minute begins anew."""
    due = now() + MINUTE
    planned: Planned = {"due": timers.written(due), "held": held}
    _write(chat, {**pending.planned(chat.pending), _key(noun, number): planned})
    payload: SecondThoughtTimer = {"of": OF, "chat": chat.id, "due": timers.written(due)}
    await outbox.put(session, [jobs.TIMER.row(payload, subject=OF, due_at=due)])


def is_planned(chat: Chat, noun: str, number: str) -> bool:
    return _key(noun, number) in pending.planned(chat.pending)


def take_back(chat: Chat, noun: str, number: str) -> Planned | None:
    """They thought again; the timer will ring in vain.  None where it is done already, or was never planned."""
    left = pending.planned(chat.pending)
    found: Planned | None = left.pop(_key(noun, number), None)
    if found is not None:
        _write(chat, left)
    return found


async def ring(
    do: Mapping[str, Do], session: AsyncSession, context: ServiceContext, payload: SecondThoughtTimer
) -> None:
    """The minute is over.  do: by noun.  Whoever has thought again, or is gone already, stays as they are."""
    chat = await session.get(Chat, payload["chat"], with_for_update={"key_share": True})
    if chat is None:
        return
    over = datetime.fromisoformat(payload["due"])
    for key, planned in pending.planned(chat.pending).items():
        if datetime.fromisoformat(planned["due"]) <= over:
            noun, _, number = key.partition(":")
            take_back(chat, noun, number)
            chat.version += 1
            await do[noun](session, context, chat, number)


def _write(chat: Chat, plans: dict[str, Planned]) -> None:
    chat.pending = pending.with_planned(chat.pending, plans)


def _key(noun: str, number: str) -> str:
    return f"{noun}:{number}"
