"""Timers of hazards that ring: each looks whether it still matters."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import outbox
from bot.queue.jobs import CaseTimer
from bot.services.calendar import time_limits
from bot.services.calendar.wording import day
from bot.services.chats import notifications
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM
from bot.services.hazards import calls, followers, hazards, transitions
from bot.services.hazards.deadlines import DEADLINES
from bot.services.hazards.effects import TOP, verdicts
from bot.services.hazards.states import HazardState
from bot.services.identity import identities
from bot.store.models import Hazard

LEVELS = {0: 1, 1: 2, 5: TOP}  # working days after the deadline -> level of escalation


async def ring(session: AsyncSession, context: ServiceContext, payload: CaseTimer) -> None:
    """A timer has rung.  Ringing twice, or too late, changes nothing."""
    hazard = await transitions.get(session, payload["number"], lock=True)
    if payload["do"] == "remind":
        await _remind(session, context, hazard, payload["version"])
        return
    if hazard.due_at is None or not DEADLINES.concerns(hazard, payload["due"]):
        return
    if payload["do"] == "warn":
        key = timers.warn_key(payload["share"], hazard.due_at)
        if await hazards.note(session, hazard, "warn", SYSTEM, note=f"{payload['share']:.0%}", key=key):
            await calls.after(session, hazard, "warn", key)
        return
    days = payload["days"]
    key = timers.overdue_key(days, hazard.due_at)
    if not await hazards.note(session, hazard, "overdue", SYSTEM, note=str(LEVELS[days]), key=key):
        return
    hazard.level = max(hazard.level, LEVELS[days])
    await calls.after(session, hazard, "overdue", key)
    if days == 0:
        calendar = await time_limits.calendar(session)
        await outbox.put(session, timers.late(hazard.number, hazard.due_at, calendar, of="hazard"))
        await followers.tell(
            session, context, hazard, "hazard.overdue", due=day(context.knowledge.texts, hazard.due_at)
        )


async def _remind(session: AsyncSession, context: ServiceContext, hazard: Hazard, version: int) -> None:
    """Ask the reporter once more whether it is fixed; whoever has said so already, or cannot be asked, is left alone."""
    if hazard.state != HazardState.RESOLVED or hazard.version != version:
        return
    chat = await identities.chat_behind(session, hazard.alias) if hazard.alias else None
    if chat is not None and await hazards.note(session, hazard, "remind", SYSTEM, key=f"remind:{version}"):
        choices = verdicts(hazard)
        await notifications.tell(session, context, chat, "hazard.remind", choices=choices, number=hazard.number)
