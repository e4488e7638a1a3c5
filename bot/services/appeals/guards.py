"""What a step of an appeal needs, besides being in the lifecycle's table.  Each raises Rejected with what is missing."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.appeals import dispatch
from bot.services.appeals.queue import APPEALS, BUSY
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.calendar import time_limits
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import WORKER, IllegalStep, Role
from bot.services.core.working_days import YearUnknown
from bot.services.staff.permissions import Right
from bot.services.units import readers
from bot.store.models import Appeal, AppealStep, now

Check = Callable[[AsyncSession, ServiceContext, Appeal, AppealMove], Awaitable[None]]

RETURN_WITHIN = 1  # working days an agency has to say that a case is not its own
SHORTEST_TEXT = 4  # characters
SHORTEST_ANSWER = 20  # characters
HANDLING = ("begin", "propose")  # lines of whoever worked on it, also if a colleague has it now
REOPEN_WITHIN = timedelta(days=30)
RETRACT_WITHIN = timedelta(hours=1)  # what was typed for something else is seen at once


async def _check_text(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove) -> None:
    if len(wanted.text.strip()) < SHORTEST_TEXT:
        raise Rejected("move.text")


async def _check_assign(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove) -> None:
    """The unit somebody names, else the proposed one.  Reopened, it goes to another unit with a reason only."""
    agency = await dispatch.named(session, appeal, wanted.agency, wanted.actor)
    if appeal.state == AppealState.REOPENED and appeal.agency_id not in (None, agency.id):
        await _check_text(session, context, appeal, wanted)
    appeal.agency_id = agency.id


async def _check_reassign(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove) -> None:
    agency = await dispatch.named(session, appeal, wanted.agency, wanted.actor)
    if agency.id == appeal.agency_id:
        raise Rejected("move.same_unit")
    await _check_text(session, context, appeal, wanted)
    appeal.agency_id = agency.id


async def _check_recategorise(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove
) -> None:
    """Out of a confidential kind nobody but its author may take it: more people would read it.

    And into one only where somebody reads it.
    """
    kind = context.knowledge.appeals.kinds.get(wanted.kind)
    if kind is None or kind.light:
        raise Rejected("move.kind")
    if wanted.kind == appeal.kind:
        raise Rejected("move.same_kind")
    if appeal.confidential:
        raise Rejected("move.confidential_kind")
    if not context.queue and await readers.unread(session, [kind], appeal.region):
        raise Rejected("move.unread_kind", kind=kind.label)
    await _check_text(session, context, appeal, wanted)


async def _check_return(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove) -> None:
    await _check_text(session, context, appeal, wanted)
    assigned = select(AppealStep.at).where(AppealStep.appeal_id == appeal.id, AppealStep.name.in_(dispatch.GIVEN))
    since = await session.scalar(assigned.order_by(AppealStep.id.desc()).limit(1))
    calendar = await time_limits.calendar(session)
    try:
        late = since is not None and now() > calendar.working_days_after(since, RETURN_WITHIN)
    except YearUnknown:  # Nobody can say that it is late.
        late = False
    if late:
        raise Rejected("move.return_late", days=RETURN_WITHIN)


async def _check_handler(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove) -> None:
    """A handler moves the cases of their own agency only."""
    if wanted.actor.role is Role.HANDLER and wanted.actor.agency_id != appeal.agency_id:
        raise IllegalStep("appeal", appeal.state, wanted.target, ())


async def _check_ask(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove) -> None:
    if wanted.actor.role is Role.WORKER:
        await _check_asked_again(session, appeal)
        return
    await _check_handler(session, context, appeal, wanted)
    await _check_text(session, context, appeal, wanted)


async def _check_asked_again(session: AsyncSession, appeal: Appeal) -> None:
    """An answer is taken back soon, and only while nobody has done anything since."""
    last = await last_step(session, appeal)
    if last is None or (last.name, last.role) != ("resume", Role.WORKER) or now() - last.at > RETRACT_WITHIN:
        raise Rejected("reply.gone_on", number=appeal.number)


async def last_step(session: AsyncSession, appeal: Appeal) -> AppealStep | None:
    """The newest line of its timeline."""
    lines = select(AppealStep).where(AppealStep.appeal_id == appeal.id)
    return (await session.scalars(lines.order_by(AppealStep.id.desc()).limit(1))).first()


async def _check_answer(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove) -> None:
    """A result in words, read by somebody who did not handle the case; of a light kind the unit answers by itself."""
    light = context.knowledge.appeals.kinds[appeal.kind].light
    if wanted.actor.role is Role.HANDLER:
        if not light:
            raise IllegalStep("appeal", appeal.state, wanted.target, ())
        await _check_handler(session, context, appeal, wanted)
    if len(wanted.text.strip()) < SHORTEST_ANSWER:
        raise Rejected("move.answer_short", least=SHORTEST_ANSWER)
    worked = select(AppealStep.staff_id).where(AppealStep.appeal_id == appeal.id, AppealStep.name.in_(HANDLING))
    handled = {appeal.handler_id, appeal.proposal_by, *await session.scalars(worked)} - {None}
    if not light and wanted.actor.id is not None and wanted.actor.id in handled:
        raise Rejected("move.reviewer_handled")


async def _check_reject(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove) -> None:
    if not wanted.reason:
        raise Rejected("move.reason")


async def _check_merge(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove) -> None:
    """Into a case that this person may dispatch, too: its answer, which is still to come, is written to the author of
    this one.  It is locked, so that it is not answered meanwhile."""
    parent = await APPEALS.of_actor(session, wanted.actor, wanted.parent, Right.APPEALS_ASSIGN, lock=True)
    if parent is None or parent.id == appeal.id or parent.state not in BUSY or parent.parent_id is not None:
        raise Rejected("move.parent")
    appeal.parent_id = parent.id


async def _check_unmerge(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove) -> None:
    """Out of a case that is hidden from this person nobody takes anything; one that has ended lets all of them go."""
    if wanted.actor.role is Role.SYSTEM:
        return
    number = await session.scalar(select(Appeal.number).where(Appeal.id == appeal.parent_id))
    if number and await APPEALS.of_actor(session, wanted.actor, number, Right.APPEALS_ASSIGN) is None:
        raise Rejected("move.parent_elsewhere")


async def _check_rating(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove) -> None:
    if wanted.actor == WORKER and wanted.rating not in ("good", "fair"):
        raise Rejected("move.rating")


async def _check_reopen(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove) -> None:
    await _check_text(session, context, appeal, wanted)
    if appeal.closed_at is not None and now() - appeal.closed_at > REOPEN_WITHIN:
        raise Rejected("move.reopen_late", days=REOPEN_WITHIN.days)


CHECKS: dict[str, Check] = {
    "assign": _check_assign,
    "reassign": _check_reassign,
    "recategorise": _check_recategorise,
    "return": _check_return,
    "begin": _check_handler,
    "ask": _check_ask,
    "answer": _check_answer,
    "reject": _check_reject,
    "merge": _check_merge,
    "unmerge": _check_unmerge,
    "verify": _check_rating,
    "reopen": _check_reopen,
}
