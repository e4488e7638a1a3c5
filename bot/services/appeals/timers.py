"""Timers that ring: each looks whether it still matters, and then takes the step it was set for."""

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import outbox
from bot.queue.jobs import CaseTimer
from bot.services.appeals import appeals, calls, notifications, transitions
from bot.services.appeals.deadlines import DEADLINES
from bot.services.appeals.effects import TOP
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.calendar import time_limits
from bot.services.calendar.wording import day
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM, Role
from bot.store.models import Appeal, AppealStep, now
from knowledge.texts import DEFAULT

LEVELS = {0: 1, 1: 2, 5: TOP}  # working days after the deadline -> level of escalation
STEPS = {"unrated": AppealState.CLOSED_UNRATED, "close": AppealState.CLOSED}


async def ring(session: AsyncSession, context: ServiceContext, payload: CaseTimer) -> None:
    """A timer has rung.  Ringing twice, or too late, changes nothing."""
    appeal = await appeals.get(session, payload["number"], lock=True)
    if payload["do"] in STEPS:
        if appeal.version == payload["version"]:
            await transitions.move(session, context, appeal.number, AppealMove(STEPS[payload["do"]], SYSTEM))
    elif payload["do"] == "pending":
        if appeal.paused_at is not None and timers.written(appeal.paused_at) == payload.get("since"):
            await transitions.move(session, context, appeal.number, AppealMove(AppealState.IN_PROGRESS, SYSTEM))
    elif DEADLINES.concerns(appeal, payload["due"]):
        if payload["do"] == "warn":
            await _warn(session, context, appeal, payload["share"])
        else:
            await _escalate(session, context, appeal, payload["days"])


async def _warn(session: AsyncSession, context: ServiceContext, appeal: Appeal, share: float) -> None:
    if appeal.due_at is None:
        return
    key = timers.warn_key(share, appeal.due_at)
    note = context.knowledge.texts.say(DEFAULT, "case.note_warn", share=f"{share:.0%}")
    if await _note(session, appeal, "warn", note, key):
        await calls.after(session, appeal, "warn", key)


async def _escalate(session: AsyncSession, context: ServiceContext, appeal: Appeal, days: int) -> None:
    """One level up.  The worker is told once, at the deadline: sorry, and what happens now."""
    if appeal.due_at is None:
        return
    appeal.level = max(appeal.level, LEVELS[days])
    key = timers.overdue_key(days, appeal.due_at)
    note = context.knowledge.texts.say(DEFAULT, "case.note_overdue", level=appeal.level)
    if not await _note(session, appeal, "overdue", note, key):
        return
    await calls.after(session, appeal, "overdue", key)
    if days == 0:
        calendar = await time_limits.calendar(session)
        await outbox.put(session, timers.late(appeal.number, appeal.due_at, calendar))
        await notifications.tell(
            session, context, appeal, "case.overdue", due=day(context.knowledge.texts, appeal.due_at)
        )


async def _note(session: AsyncSession, appeal: Appeal, name: str, note: str, key: str) -> bool:
    """A line in the timeline that moves nothing.  Returns False when it is there already."""
    known = await transitions.seen(session, appeal, key)
    if not known:
        values = {"appeal_id": appeal.id, "name": name, "source": appeal.state, "target": appeal.state}
        values |= {"role": Role.SYSTEM, "note": note, "key": key, "at": now()}
        await session.execute(insert(AppealStep).values(values))
    return not known
