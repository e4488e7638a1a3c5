"""What a step of an appeal does besides: deadlines, timers, messages, the identity's date."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging.callbacks import RATINGS, RateAppeal
from bot.queue import outbox
from bot.services.appeals import dispatch, notifications
from bot.services.appeals.deadlines import DEADLINES
from bot.services.appeals.states import TO_DISPATCH, AppealMove
from bot.services.calendar.wording import by
from bot.services.chats import pending
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Role
from bot.services.identity import identities
from bot.store.models import Agency, Appeal, AppealStep, Chat, Outbox, now

Effect = Callable[[AsyncSession, ServiceContext, Appeal, AppealMove, int], Awaitable[None]]

REOPENINGS = 2  # the third time goes to the top level
UNRATED_AFTER = timedelta(days=7)
CLOSED_AFTER = timedelta(days=30)
TOP = 3  # the highest level of escalation


async def _accept(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int
) -> None:
    await notifications.tell(session, context, appeal, "case.accepted", step=step)


async def _reject(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int
) -> None:
    reason = context.knowledge.appeals.rejections.get(wanted.reason)
    label, refer = (reason.label, reason.refer) if reason else (wanted.reason, "")
    await _close(session, context, appeal)
    await notifications.tell(
        session, context, appeal, "case.rejected", step=step, reason=label, refer=refer, text=wanted.text
    )


async def _merge(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int) -> None:
    """What was merged into it before goes along, and reads the same answer."""
    along = update(Appeal).where(Appeal.parent_id == appeal.id).values(parent_id=appeal.parent_id)
    await session.execute(along)
    await notifications.tell(session, context, appeal, "case.merged", step=step)


async def _unmerge(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int
) -> None:
    """The time that it was merged counts: its clock went on, and only its timers rang in vain."""
    appeal.parent_id = None
    await DEADLINES.follow(session, context, appeal)
    await notifications.tell(session, context, appeal, "case.unmerged", step=step)


async def _assign(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int
) -> None:
    key = "case.assigned_why" if wanted.text else "case.assigned"
    appeal.handler_id = None
    unit = await _unit(session, context, appeal)
    await notifications.tell(session, context, appeal, key, step=step, why=wanted.text, **unit)


async def _reassign(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int
) -> None:
    """Another unit begins anew within the old deadline; what the first one asked need not be answered any more."""
    key = "case.recategorised" if wanted.kind else "case.reassigned"
    if appeal.paused_at is not None:
        key = "case.recategorised_asked" if wanted.kind else "case.reassigned_asked"
    await _stop_waiting(session, context, appeal)
    appeal.handler_id = appeal.proposal_by = None
    appeal.proposal = appeal.remark = ""
    unit = await _unit(session, context, appeal)
    kind = context.knowledge.appeals.kinds[appeal.kind].label
    await notifications.tell(session, context, appeal, key, step=step, kind=kind, why=wanted.text, **unit)


async def _recategorise(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int
) -> None:
    """The new kind's limit holds from the day of filing; who has no unit yet is proposed the new kind's."""
    kind = context.knowledge.appeals.kinds[wanted.kind]
    appeal.kind, appeal.confidential = kind.code, kind.confidential
    if appeal.state in TO_DISPATCH:
        appeal.agency_id = await dispatch.suggested(session, context, appeal)
    await DEADLINES.limit_anew(session, context, appeal)
    unit = await _unit(session, context, appeal)
    key = "case.recategorised_waiting" if appeal.state in TO_DISPATCH else "case.recategorised"
    await notifications.tell(session, context, appeal, key, step=step, kind=kind.label, why=wanted.text, **unit)


async def _return(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int
) -> None:
    appeal.hops += 1
    appeal.agency_id = await dispatch.suggested(session, context, appeal)
    await notifications.tell(session, context, appeal, "case.returned", step=step)


async def _begin(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int) -> None:
    appeal.handler_id = wanted.actor.id
    await notifications.tell(session, context, appeal, "case.begun", step=step, **await _unit(session, context, appeal))


async def _ask(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int) -> None:
    """The clock stands still, and once the worker has been asked, their next plain message is the answer."""
    if wanted.actor.role is Role.WORKER:
        await _ask_again(session, context, appeal, step)
        return
    appeal.question = wanted.text
    asked_at = await notifications.tell(session, context, appeal, "case.asked", step=step, question=wanted.text)
    await _wait(session, context, appeal, asked_at or now())


async def _ask_again(session: AsyncSession, context: ServiceContext, appeal: Appeal, step: int) -> None:
    """As if the worker had not answered yet; nobody reads any more what was meant for something else."""
    lines = select(AppealStep.id).where(AppealStep.appeal_id == appeal.id, AppealStep.id < step)
    meant = lines.order_by(AppealStep.id.desc()).limit(1).scalar_subquery()
    await session.execute(update(AppealStep).where(AppealStep.id == meant).values(text=""))
    await _wait(session, context, appeal, now())


async def _wait(session: AsyncSession, context: ServiceContext, appeal: Appeal, since: datetime) -> None:
    chat = await identities.chat_behind(session, appeal.alias)
    if chat is not None:
        chat.pending = pending.asked(chat.pending, appeal.number, timers.written(since))
        chat.version = Chat.version + 1
    await DEADLINES.pause(session, context, appeal)


async def _resume(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int
) -> None:
    await _stop_waiting(session, context, appeal)
    if wanted.actor.role is not Role.WORKER:
        await notifications.tell(session, context, appeal, "case.resumed", step=step)


async def _stop_waiting(session: AsyncSession, context: ServiceContext, appeal: Appeal) -> None:
    """The clock runs on, and the worker's next plain message is no answer any more."""
    if appeal.paused_at is None:
        return
    await DEADLINES.wind_on(session, context, appeal)
    chat = await identities.chat_behind(session, appeal.alias)
    if chat is not None:
        chat.pending, chat.version = pending.over(chat.pending, appeal.number), Chat.version + 1


async def _answer(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int
) -> None:
    appeal.answer, appeal.answered_at = wanted.text, now()
    appeal.proposal = appeal.remark = ""
    await outbox.put(session, [_after(appeal, "unrated", UNRATED_AFTER)])
    ratings = [[(f"case.{name}", RateAppeal(appeal.number, name)) for name in row] for row in RATINGS]
    unit = await _unit(session, context, appeal)
    await notifications.tell(
        session, context, appeal, "case.answered", step=step, choices=ratings, answer=wanted.text, **unit
    )
    await _answer_children(session, context, appeal, wanted)


async def _answer_children(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove) -> None:
    """Whoever was merged into this case reads the answer, too; each rates their own."""
    children = await session.scalars(select(Appeal).where(Appeal.parent_id == appeal.id))
    for child in children:
        await notifications.tell(session, context, child, "case.answered_too", answer=wanted.text)


async def _verify(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int
) -> None:
    appeal.rating, appeal.closed_at = wanted.rating, now()
    await identities.closed(session, context.knowledge.retention, appeal.alias)
    await outbox.put(session, [_after(appeal, "close", CLOSED_AFTER)])


async def _expire(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int
) -> None:
    await _close(session, context, appeal)
    again = [[("case.reopen", RateAppeal(appeal.number, "poor"))]]
    await notifications.tell(
        session, context, appeal, "case.unrated", step=step, choices=again, days=UNRATED_AFTER.days
    )


async def _lock(session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int) -> None:
    appeal.closed_at = appeal.closed_at or now()


async def _reopen(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int
) -> None:
    appeal.reopened += 1
    appeal.rating, appeal.closed_at, appeal.answered_at = "poor", None, None
    if appeal.reopened > REOPENINGS:
        appeal.level = TOP
    await DEADLINES.restart(session, context, appeal)
    await identities.reopened(session, appeal.alias)
    await notifications.tell(
        session,
        context,
        appeal,
        "case.reopened",
        step=step,
        urgent=True,
        by=by(context.knowledge.texts, appeal.due_at),
    )


async def _withdraw(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, wanted: AppealMove, step: int
) -> None:
    await _close(session, context, appeal)


async def _unit(session: AsyncSession, context: ServiceContext, appeal: Appeal) -> dict[str, Any]:
    """The agency and the deadline, as sentences name them."""
    agency = await session.get(Agency, appeal.agency_id) if appeal.agency_id else None
    return {"agency": agency.name if agency else "", "by": by(context.knowledge.texts, appeal.due_at)}


def _after(appeal: Appeal, what: str, wait: timedelta) -> Outbox:
    return timers.timer(appeal.number, what, now() + wait, version=appeal.version)


async def _close(session: AsyncSession, context: ServiceContext, appeal: Appeal) -> None:
    appeal.closed_at, appeal.paused_at = now(), None
    await identities.closed(session, context.knowledge.retention, appeal.alias)


EFFECTS: dict[str, Effect] = {
    "accept": _accept,
    "reject": _reject,
    "merge": _merge,
    "unmerge": _unmerge,
    "assign": _assign,
    "reassign": _reassign,
    "recategorise": _recategorise,
    "return": _return,
    "begin": _begin,
    "ask": _ask,
    "resume": _resume,
    "answer": _answer,
    "verify": _verify,
    "expire": _expire,
    "close": _lock,
    "reopen": _reopen,
    "withdraw": _withdraw,
}
