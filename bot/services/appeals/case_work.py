"""What staff does with a case besides moving it: work log, a proposed answer, an extension, who it is about."""

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.appeals import appeals, calls, notifications
from bot.services.appeals.deadlines import DEADLINES
from bot.services.appeals.effects import TOP
from bot.services.appeals.guards import SHORTEST_ANSWER, SHORTEST_TEXT
from bot.services.appeals.states import AppealState
from bot.services.calendar.wording import by
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Actor
from bot.services.identity import identities
from bot.services.staff import holders
from bot.services.staff.permissions import Right
from bot.services.units import agencies
from bot.store.models import Appeal, AppealStep, now

IN_HAND = frozenset({AppealState.IN_PROGRESS, AppealState.PENDING_INFO})  # somebody of a unit has it
LONGEST_EXTENSION = 10  # working days, once


async def log(session: AsyncSession, number: str, note: str, actor: Actor) -> None:
    """A dated line in the work log.  Raises Rejected for an empty one."""
    if not note.strip():
        raise Rejected("move.text")
    appeal = await appeals.get(session, number, lock=True)
    await add_line(session, appeal, "log", actor, note=note)


async def propose(session: AsyncSession, number: str, text: str, actor: Actor) -> Appeal:
    """A handler's answer, for somebody else to review.  Raises Rejected."""
    appeal = await appeals.get(session, number, lock=True)
    if appeal.state != AppealState.IN_PROGRESS:
        raise Rejected("move.not_in_progress")
    if len(text.strip()) < SHORTEST_ANSWER:
        raise Rejected("move.answer_short", least=SHORTEST_ANSWER)
    appeal.proposal, appeal.remark = await identities.without(session, appeal.alias, text), ""
    appeal.proposal_by = actor.id
    await add_line(session, appeal, "propose", actor, note=text)
    await calls.after(session, appeal, "propose")
    return appeal


async def send_back(session: AsyncSession, number: str, why: str, actor: Actor) -> Appeal:
    """A reviewer does not take the proposed answer: its text stays for the handler, with the reviewer's remark.

    Raises Rejected without a remark, or when no answer waits for review.
    """
    if not why.strip():
        raise Rejected("move.text")
    appeal = await appeals.get(session, number, lock=True)
    if not waits_for_review(appeal):
        raise Rejected("move.nothing_proposed")
    appeal.remark = await identities.without(session, appeal.alias, why.strip())
    await add_line(session, appeal, "send_back", actor, note=why)
    await calls.after(session, appeal, "send_back")
    return appeal


async def hand_over(session: AsyncSession, number: str, staff_id: int, why: str, actor: Actor) -> Appeal:
    """A colleague of the same unit goes on with it, and is called.  Raises Rejected."""
    if len(why.strip()) < SHORTEST_TEXT:
        raise Rejected("move.text")
    appeal = await appeals.get(session, number, lock=True)
    if appeal.state not in IN_HAND:
        raise Rejected("move.not_in_progress")
    if staff_id not in await colleagues(session, appeal):
        raise Rejected("move.colleague")
    appeal.handler_id = staff_id
    await add_line(session, appeal, "hand_over", actor, note=why)
    await calls.after(session, appeal, "hand_over")
    return appeal


async def colleagues(session: AsyncSession, appeal: Appeal) -> dict[int, str]:
    """Who of its unit could go on with a case, by number: they handle its kind, in its district."""
    if appeal.agency_id is None or appeal.agency_id == appeal.about_id:
        return {}
    found = (await holders.crew(session, Right.APPEALS_HANDLE, appeal.agency_id)).of(appeal.region, appeal.kind)
    return {number: name for number, name in found.items() if number != appeal.handler_id}


def waits_for_review(appeal: Appeal) -> bool:
    """Whether a proposed answer waits for somebody else to read it."""
    return appeal.state == AppealState.IN_PROGRESS and appeal.proposal != "" and appeal.remark == ""


async def extend(
    session: AsyncSession, context: ServiceContext, number: str, days: int, why: str, actor: Actor
) -> Appeal:
    """Put the deadline off: once, before it has passed, by a few working days, with a reason the worker reads.

    Whoever handles it gets no more time from themselves.  Raises Rejected.
    """
    appeal = await appeals.get(session, number, lock=True)
    if actor.id is not None and actor.id == appeal.handler_id:
        raise Rejected("move.own_extension")
    if appeal.extended:
        raise Rejected("move.extended")
    if appeal.due_at is None or appeal.due_at <= now():
        raise Rejected("move.extend_late")
    if not 1 <= days <= LONGEST_EXTENSION or len(why.strip()) < 4:
        raise Rejected("move.extend_how", most=LONGEST_EXTENSION)
    appeal.extended = True
    await DEADLINES.put_off(session, context, appeal, days)
    step = await add_line(session, appeal, "extend", actor, text=why)
    await notifications.tell(
        session, context, appeal, "case.extended", step=step, why=why, by=by(context.knowledge.texts, appeal.due_at)
    )
    return appeal


async def escalate(session: AsyncSession, number: str, why: str, actor: Actor) -> Appeal:
    """One level up, because somebody thinks so; the clock does it by itself.  Raises Rejected at the top."""
    if len(why.strip()) < SHORTEST_TEXT:
        raise Rejected("move.text")
    appeal = await appeals.get(session, number, lock=True)
    if appeal.level >= TOP:
        raise Rejected("move.top")
    appeal.level += 1
    await add_line(session, appeal, "escalate", actor, note=why)
    await calls.after(session, appeal, "escalate")
    return appeal


async def locate(session: AsyncSession, context: ServiceContext, number: str, region: str, actor: Actor) -> Appeal:
    """Say in which district a case belongs: its author did not, or was wrong.  That district's limit holds for it."""
    appeal = await appeals.get(session, number, lock=True)
    before, appeal.region = appeal.due_at, region
    await DEADLINES.limit_anew(session, context, appeal)
    step = await add_line(session, appeal, "locate", actor, note=region)
    if appeal.due_at != before:
        due = by(context.knowledge.texts, appeal.due_at)
        await notifications.tell(session, context, appeal, "case.located", step=step, by=due)
    return appeal


async def hold(session: AsyncSession, number: str, why: str, actor: Actor) -> Appeal:
    """Keep a case as it is, whoever asks for its deletion, because of `why`; "" lets it go.  Raises UnknownAppeal."""
    appeal = await appeals.get(session, number, lock=True)
    appeal.hold = why.strip()[:200]
    await add_line(session, appeal, "hold" if appeal.hold else "release", actor, note=why)
    return appeal


async def name_unit(session: AsyncSession, number: str, code: str, actor: Actor) -> Appeal:
    """Say which unit a case is about: from now on nobody of that unit can see it, or learn that it exists."""
    appeal = await appeals.get(session, number, lock=True)
    unit = await agencies.named(session, code, appeal.region) if code else None
    appeal.about_id = unit.id if unit else None
    await add_line(session, appeal, "about", actor, note=unit.name if unit else "")
    await calls.after(session, appeal, "about")
    return appeal


async def add_line(
    session: AsyncSession, appeal: Appeal, name: str, actor: Actor, *, text: str = "", note: str = ""
) -> int:
    """A line in the timeline that moves nothing; returns its id.  Nobody's name stands in it."""
    text, note = [await identities.without(session, appeal.alias, each) for each in (text, note)]
    values = {"appeal_id": appeal.id, "name": name, "source": appeal.state, "target": appeal.state}
    values |= {"role": actor.role, "staff_id": actor.id, "agency_id": actor.agency_id}
    values |= {"text": text, "note": note, "at": now()}
    appeal.version += 1
    number: int = (await session.execute(insert(AppealStep).values(values).returning(AppealStep.id))).scalar_one()
    return number
