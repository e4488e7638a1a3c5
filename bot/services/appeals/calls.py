"""Whom an appeal calls: what its last step leaves to whom, and whether that still waits."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.messaging.callbacks import ReplyToMessage
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
    "about": "dispatch",
    "recategorise": "recategorised",
    "resume": "resumed",
    "propose": "review",
    "send_back": "sent_back",
    "warn": "due",
    "overdue": "overdue",
    "escalate": "escalated",
    "hand_over": "handed",
    "left": "left",
    "help_reply": "helped",
    "help_late": "help_late",
    "help_over": "help_over",
}


def _in_work(appeal: Appeal) -> bool:
    return appeal.state == AppealState.IN_PROGRESS


def _proposed(appeal: Appeal) -> bool:
    return _in_work(appeal) and appeal.proposal != "" and appeal.remark == ""


def _busy(appeal: Appeal) -> bool:
    return appeal.state in BUSY and appeal.paused_at is None


def _to_dispatch(appeal: Appeal) -> bool:
    """No unit has it; or one has that turned out to be the one complained about, and does not see it any more."""
    return appeal.state in TO_DISPATCH or (appeal.state in BUSY and appeal.agency_id == appeal.about_id is not None)


_WAITS: Mapping[str, Wait[Appeal]] = {
    "dispatch": Wait(Right.APPEALS_ASSIGN, _to_dispatch),
    "recategorised": Wait(Right.APPEALS_ASSIGN, _to_dispatch),
    "begin": Wait(Right.APPEALS_HANDLE, lambda appeal: appeal.state == AppealState.ASSIGNED, owned=True),
    "resumed": Wait(Right.APPEALS_HANDLE, _in_work, owned=True),
    "review": Wait(Right.APPEALS_REVIEW, _proposed),
    "sent_back": Wait(Right.APPEALS_HANDLE, lambda appeal: _in_work(appeal) and appeal.remark != "", owned=True),
    "handed": Wait(Right.APPEALS_HANDLE, _busy, owned=True),
    "left": Wait(Right.APPEALS_HANDLE, lambda appeal: appeal.state in BUSY and appeal.handler_id is None),
    "helped": Wait(Right.APPEALS_HANDLE, _in_work, owned=True),
    "help_late": Wait(Right.APPEALS_HANDLE, _in_work, owned=True),
    "help_over": Wait(Right.APPEALS_HANDLE, _in_work, owned=True),
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
    light = what == "begin" and context.knowledge.appeals.kinds[appeal.kind].light
    line = _line(context, appeal, "message" if light else what)
    matter = Matter(
        line=line,
        right=Right.APPEALS_ASSIGN if unhanded else wait.right,
        region=appeal.region,
        unit=appeal.agency_id,
        category=appeal.kind,
        only=calls.people(appeal.handler_id) if wait.owned and not unhanded else calls.people(),
        but=calls.people(appeal.handler_id, appeal.proposal_by) if what == "review" else calls.people(),
        urgent=wait.urgent,
        choices=[[("call.reply", ReplyToMessage(number))]] if light else (),
        alone=context.knowledge.texts.say(DEFAULT, "call.appeal_message_alone") if light else "",
    )
    if matter.right != Right.APPEALS_HANDLE:
        return matter
    colleague, nobody = line if light else _line(context, appeal, "colleague"), _line(context, appeal, "nobody")
    return matter.within_unit(colleague, nobody, Right.APPEALS_ASSIGN)


def _line(context: ServiceContext, appeal: Appeal, what: str) -> str:
    """Number, kind and deadline; of what is confidential not even the kind."""
    say = context.knowledge.texts.say
    kind = (
        say(DEFAULT, "call.confidential") if appeal.confidential else context.knowledge.appeals.kinds[appeal.kind].label
    )
    due = for_staff(context.knowledge.texts, appeal.due_at)
    return say(DEFAULT, f"call.appeal_{what}", number=appeal.number, kind=kind, due=due)


SOURCE = CallSource(APPEALS, urls.APPEALS, look)
