"""Moving an appeal: one function for workers, staff, timers and the backend, whichever door they come through."""

from dataclasses import replace

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import outbox
from bot.services.appeals import appeals, calls, dispatch, events
from bot.services.appeals.effects import EFFECTS
from bot.services.appeals.guards import CHECKS
from bot.services.appeals.states import APPEAL, AppealMove, AppealState
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM, Role
from bot.services.identity import identities
from bot.store.models import Agency, Appeal, AppealStep, now


async def move(session: AsyncSession, context: ServiceContext, number: str, wanted: AppealMove) -> Appeal:
    """Take a step: state, timeline, timers, event and message in one transaction.

    The same news twice - the same key, or a backend that repeats a state - changes nothing and is told once.
    Raises UnknownAppeal, IllegalStep (which names the legal ones), Rejected (something is missing).
    """
    appeal = await appeals.get(session, number, lock=True)
    if await _known(session, appeal, wanted):
        return appeal
    step = APPEAL.step(appeal.state, wanted.target, wanted.actor.role, wanted.verb)
    if check := CHECKS.get(step.name):
        await check(session, context, appeal, wanted)
    text, note = [await identities.without(session, appeal.alias, each) for each in (wanted.text, wanted.note)]
    wanted = replace(wanted, text=text, note=note or await _note(session, context, appeal, step.name, wanted))
    before = appeal.state
    appeal.state = wanted.target
    appeal.version += 1
    appeal.backend_number = wanted.backend_number or appeal.backend_number
    values = {
        "appeal_id": appeal.id,
        "name": step.name,
        "source": before,
        "target": wanted.target,
        "role": wanted.actor.role,
        "staff_id": wanted.actor.id,
        "agency_id": appeal.agency_id if step.name in (*dispatch.GIVEN, "return") else wanted.actor.agency_id,
        "text": wanted.text,
        "note": wanted.note,
        "rating": wanted.rating,
        "key": wanted.key or None,
        "at": now(),
    }
    step_id = (await session.execute(insert(AppealStep).values(values).returning(AppealStep.id))).scalar_one()
    await EFFECTS[step.name](session, context, appeal, wanted, step_id)
    if context.queue:
        appeal.forwarded = True
        agency = await session.get(Agency, appeal.agency_id) if appeal.agency_id else None
        await outbox.put(session, [events.updated(appeal, agency, wanted.text)])
    else:  # The console is the desk.
        await calls.after(session, appeal, step.name)
    await session.flush()
    if wanted.target in (AppealState.REJECTED, AppealState.WITHDRAWN):
        await _let_go(session, context, appeal)
    return appeal


async def _let_go(session: AsyncSession, context: ServiceContext, parent: Appeal) -> None:
    """What was merged into a case that ends without an answer goes on by itself: else nobody would answer it."""
    merged = select(Appeal.number).where(Appeal.parent_id == parent.id, Appeal.state == AppealState.MERGED)
    for number in (await session.scalars(merged.order_by(Appeal.id))).all():
        await move(session, context, number, AppealMove(AppealState.ACCEPTED, SYSTEM, verb="unmerge"))


async def _note(session: AsyncSession, context: ServiceContext, appeal: Appeal, step: str, wanted: AppealMove) -> str:
    """What staff reads of a step that nobody wrote a note to: whom the case was given to, from which kind to which."""
    if step == "recategorise":
        kinds = context.knowledge.appeals.kinds
        return f"{kinds[appeal.kind].label} → {kinds[wanted.kind].label}"
    agency = await session.get(Agency, appeal.agency_id) if step in dispatch.GIVEN and appeal.agency_id else None
    return agency.name if agency is not None else ""


async def _known(session: AsyncSession, appeal: Appeal, wanted: AppealMove) -> bool:
    if wanted.actor.role is Role.BACKEND and appeal.state == wanted.target:
        return True
    return bool(wanted.key) and await seen(session, appeal, wanted.key)


async def seen(session: AsyncSession, appeal: Appeal, key: str) -> bool:
    """Whether the timeline has a line under this key."""
    line = select(AppealStep.id).where(AppealStep.appeal_id == appeal.id, AppealStep.key == key)
    return await session.scalar(line) is not None
