"""Whom an appeal calls: what its last step leaves to whom, and whether that still waits."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.queue import outbox
from bot.services.appeals.queue import APPEALS, BUSY
from bot.services.appeals.states import TO_DISPATCH, AppealState
from bot.services.calendar.wording import for_staff
from bot.services.core.context import ServiceContext
from bot.services.staff import calls
from bot.services.staff.calls import CallSource, Matter, Wait
from bot.services.staff.permissions import Right
from bot.store.models import Appeal
from knowledge.texts import DEFAULT

NOUN = "appeal"
STEPS: Mapping[str, str] = {  # the lines of a timeline after which somebody else is to act -> as what
    **dict.fromkeys(("submit", "return", "unmerge", "reopen"), "dispatch"),
    **dict.fromkeys(("assign", "reassign"), "begin"),
    "recategorise": "recategorised",
    "resume": "resumed",
    "propose": "review",
    "send_back": "sent_back",
    "warn": "due",
    "overdue": "overdue",
    "escalate": "escalated",
}


def _in_work(appeal: Appeal) -> bool:
    return appeal.state == AppealState.IN_PROGRESS


def _proposed(appeal: Appeal) -> bool:
    return _in_work(appeal) and appeal.proposal != "" and appeal.remark == ""


def _busy(appeal: Appeal) -> bool:
    return appeal.state in BUSY and appeal.paused_at is None


def _to_dispatch(appeal: Appeal) -> bool:
    return appeal.state in TO_DISPATCH


_WAITS: Mapping[str, Wait[Appeal]] = {
    "dispatch": Wait(Right.APPEALS_ASSIGN, _to_dispatch),
    "recategorised": Wait(Right.APPEALS_ASSIGN, _to_dispatch),
    "begin": Wait(Right.APPEALS_HANDLE, lambda appeal: appeal.state == AppealState.ASSIGNED),
    "resumed": Wait(Right.APPEALS_HANDLE, _in_work, owned=True),
    "review": Wait(Right.APPEALS_REVIEW, _proposed),
    "sent_back": Wait(Right.APPEALS_HANDLE, lambda appeal: _in_work(appeal) and appeal.remark != "", owned=True),
    "due": Wait(Right.APPEALS_HANDLE, _busy, owned=True),
    "overdue": Wait(Right.APPEALS_HANDLE, _busy, owned=True),
    "escalated": Wait(Right.APPEALS_HANDLE, _busy, owned=True, urgent=True),
}


async def after(session: AsyncSession, appeal: Appeal, step: str, mark: str = "") -> None:
    """Call whoever is to act after a line of its timeline."""
    if step in STEPS:
        await outbox.put(session, [calls.call(NOUN, appeal.number, STEPS[step], mark or appeal.version)])


async def look(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    """What waits.  A case that no unit has begun with is dispatched rather than handled, whatever is said of it."""
    appeal, wait = await session.scalar(select(Appeal).where(Appeal.number == number)), _WAITS[what]
    if appeal is None or not wait.still(appeal):
        return None
    unhanded = _to_dispatch(appeal)
    return Matter(
        line=_line(context, appeal, what),
        right=Right.APPEALS_ASSIGN if unhanded else wait.right,
        region=appeal.region,
        unit=appeal.agency_id,
        category=appeal.kind,
        only=calls.people(appeal.handler_id) if wait.owned and not unhanded else calls.people(),
        but=calls.people(appeal.handler_id, appeal.proposal_by) if what == "review" else calls.people(),
        urgent=wait.urgent,
    )


def _line(context: ServiceContext, appeal: Appeal, what: str) -> str:
    """Number, kind and deadline; of what is confidential not even the kind."""
    say = context.knowledge.texts.say
    kind = (
        say(DEFAULT, "call.confidential") if appeal.confidential else context.knowledge.appeals.kinds[appeal.kind].label
    )
    due = for_staff(context.knowledge.texts, appeal.due_at)
    return say(DEFAULT, f"call.appeal_{what}", number=appeal.number, kind=kind, due=due)


SOURCE = CallSource(APPEALS, urls.APPEALS, look)
