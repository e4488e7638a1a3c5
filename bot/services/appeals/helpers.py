"""Units that help with a case (协办): asked by whoever dispatches, they reply within the case, and its unit goes on with it.

They see the story, the place and the question; not who it is from, no photos, and not what others wrote.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.queue.jobs import CaseTimer
from bot.services.appeals import appeals, calls, case_work, dispatch, notifications
from bot.services.appeals.guards import SHORTEST_TEXT
from bot.services.appeals.queue import BUSY
from bot.services.appeals.states import AppealState
from bot.services.calendar import time_limits
from bot.services.core import case_clock, timers
from bot.services.core.case_clock import CaseClock
from bot.services.core.context import ServiceContext
from bot.services.core.districts import inside
from bot.services.core.lifecycle import SYSTEM, Actor
from bot.services.core.working_days import Limit, LimitUnit
from bot.services.identity import identities
from bot.services.staff import calls as staff_calls
from bot.services.staff import holders
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Grant, Right, Staffer
from bot.services.units import agencies
from bot.store.base import locked
from bot.store.models import Agency, Appeal, AppealHelper, now
from knowledge.texts import DEFAULT

NOUN = "help"
LISTED = 300  # questions in one list: what is replied to makes room
WITHIN = Limit(3, LimitUnit.WORKING_DAYS)
AT_WORK = frozenset({AppealState.ASSIGNED, AppealState.IN_PROGRESS, AppealState.PENDING_INFO})


def visible(staffer: Staffer, right: Right = Right.APPEALS_HELP) -> ColumnElement[bool]:
    """What somebody's unit is asked, as long as the case goes on and is not about that unit."""
    if staffer.agency_id is None:
        return false()
    granted = or_(false(), *(_granted(each) for each in staffer.grants if each.allows(right)))
    about_others = or_(Appeal.about_id.is_(None), Appeal.about_id != staffer.agency_id)
    goes_on = and_(Appeal.id == AppealHelper.appeal_id, Appeal.state.in_(BUSY), ~Appeal.confidential)
    case = select(Appeal.id).where(goes_on, granted, about_others).correlate(AppealHelper)
    return and_(AppealHelper.agency_id == staffer.agency_id, case.exists())


def _granted(grant: Grant) -> ColumnElement[bool]:
    """A case whose district nobody knows yet is everybody's, as in the queue."""
    near = or_(Appeal.region == "", inside(Appeal.region, grant.district))
    return and_(near, Appeal.kind == grant.category) if grant.category else near


HELPS = Lookup(NOUN, AppealHelper, AppealHelper.id, visible)


async def waiting(session: AsyncSession, staffer: Staffer) -> Sequence[tuple[AppealHelper, Appeal]]:
    """What somebody's unit is asked and has not replied to, what is due first coming first."""
    query = select(AppealHelper, Appeal).join(Appeal, Appeal.id == AppealHelper.appeal_id)
    query = query.where(visible(staffer), AppealHelper.replied_at.is_(None))
    rows = await session.execute(query.order_by(AppealHelper.due_at.nulls_last(), AppealHelper.id).limit(LISTED))
    return [(row, appeal) for row, appeal in rows]


async def of_case(session: AsyncSession, appeal_id: int) -> Sequence[AppealHelper]:
    query = select(AppealHelper).where(AppealHelper.appeal_id == appeal_id).order_by(AppealHelper.id)
    return (await session.scalars(query)).all()


async def ask(
    session: AsyncSession, context: ServiceContext, number: str, code: str, question: str, actor: Actor
) -> AppealHelper:
    """Ask another unit to help; it is called, and the worker reads who helps.  Raises Rejected."""
    if len(question.strip()) < SHORTEST_TEXT:
        raise Rejected("move.text")
    appeal = await appeals.get(session, number, lock=True)
    unit = await agencies.named(session, code, appeal.region)
    await dispatch.refuse_far(session, appeal, unit, actor)
    await _check(session, appeal, unit)
    asked = await identities.without(session, appeal.alias, question.strip())
    return await _put(session, context, appeal, unit, asked, actor)


async def _put(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, unit: Agency, question: str, actor: Actor
) -> AppealHelper:
    """The question to a unit, its call, its timer, and who helps in the case's timeline and in the worker's chat."""
    at, calendar = now(), await time_limits.calendar(session)
    row = AppealHelper(
        appeal_id=appeal.id,
        agency_id=unit.id,
        question=question,
        asked_by=actor.id,
        asked_at=at,
        due_at=case_clock.due_of(CaseClock(at, WITHIN), calendar),
    )
    session.add(row)
    await session.flush()
    step = await case_work.add_line(session, appeal, "help", actor, text=unit.name, note=question)
    await notifications.tell(session, context, appeal, "case.help", step=step, unit=unit.name)
    rows = [staff_calls.call(NOUN, str(row.id), "asked", timers.written(at))]  # SQLite may give a number twice.
    if row.due_at is not None:
        rows.append(timers.timer(str(row.id), "late", row.due_at, due=row.due_at, of=NOUN))
    await outbox.put(session, rows)
    return row


async def _check(session: AsyncSession, appeal: Appeal, unit: Agency) -> None:
    """Raises Rejected: not for this case, or not this unit."""
    if appeal.confidential:
        raise Rejected("helper.confidential")
    if appeal.state not in AT_WORK:
        raise Rejected("helper.early")
    if unit.id == appeal.about_id:
        raise Rejected("helper.about")
    if unit.id == appeal.agency_id:
        raise Rejected("helper.same")
    if any(each.agency_id == unit.id for each in await of_case(session, appeal.id)):
        raise Rejected("helper.already")
    if not (await holders.crew(session, Right.APPEALS_HELP, unit.id)).of(appeal.region, appeal.kind):
        raise Rejected("helper.nobody")


async def _taken(session: AsyncSession, number: int) -> tuple[AppealHelper, Appeal] | None:
    """A question and its case, locked: the case first, as whatever else is done with it does, so that of two neither
    waits for the other."""
    case = select(AppealHelper.appeal_id).where(AppealHelper.id == number).scalar_subquery()
    appeal = await session.scalar(locked(select(Appeal).where(Appeal.id == case)))
    row = await session.scalar(locked(select(AppealHelper).where(AppealHelper.id == number)))
    return (row, appeal) if row is not None and appeal is not None else None


async def reply(session: AsyncSession, number: int, text: str, actor: Actor) -> Appeal:
    """What the helping unit found out; whoever has the case is called.  Raises Rejected."""
    if len(text.strip()) < SHORTEST_TEXT:
        raise Rejected("move.text")
    row, appeal = await _taken(session, number) or (None, None)
    if row is None or appeal is None or row.agency_id != actor.agency_id or appeal.state not in BUSY:
        raise Rejected("helper.over")
    if row.replied_at is not None:
        raise Rejected("helper.replied")
    row.reply = await identities.without(session, appeal.alias, text.strip())
    row.replied_by, row.replied_at = actor.id, now()
    await case_work.add_line(session, appeal, "help_reply", actor, note=text.strip())
    await calls.after(session, appeal, "help_reply")
    return appeal


async def ring(session: AsyncSession, context: ServiceContext, payload: CaseTimer) -> None:
    """Three working days are over: the unit is asked once more, and whoever has the case learns that it is late."""
    row, appeal = await _taken(session, int(payload["number"])) or (None, None)
    if row is None or appeal is None or row.replied_at or row.chased_at or appeal.state not in BUSY:
        return
    due = timers.written(row.due_at) if row.due_at is not None else ""
    if payload.get("due", due) != due:
        return
    row.chased_at = now()
    unit = await session.get_one(Agency, row.agency_id)
    note = context.knowledge.texts.say(DEFAULT, "case.note_help", unit=unit.name)
    await case_work.add_line(session, appeal, "help_late", SYSTEM, note=note)
    await outbox.put(session, [staff_calls.call(NOUN, str(row.id), "late", due)])
    await calls.after(session, appeal, "help_late")


def asked_of(unit_id: int) -> Select[int]:
    """The cases about which a unit has not replied yet."""
    waits = AppealHelper.agency_id == unit_id, AppealHelper.replied_at.is_(None)
    return select(AppealHelper.appeal_id).where(*waits)


async def hand_over(
    session: AsyncSession, context: ServiceContext, unit: Agency, heir: Agency | None, actor: Actor
) -> list[str]:
    """A unit is switched off: its successor is asked in its place, as anew, wherever it could be asked; else whoever has
    the case hears that nobody helps any more.  The cases are locked.  Returns the numbers of the first sort."""
    query = select(AppealHelper, Appeal).join(Appeal, Appeal.id == AppealHelper.appeal_id)
    query = query.where(AppealHelper.agency_id == unit.id, AppealHelper.replied_at.is_(None), Appeal.state.in_(BUSY))
    rows = (await session.execute(query.order_by(AppealHelper.id))).all()
    able = await holders.crew(session, Right.APPEALS_HELP, heir.id) if heir is not None else holders.Crew(())
    has = select(AppealHelper.appeal_id).where(AppealHelper.agency_id == (heir.id if heir is not None else None))
    asked = set(await session.scalars(has.where(AppealHelper.appeal_id.in_(asked_of(unit.id)))))
    given = []
    for row, appeal in rows:
        await session.delete(row)
        await session.flush()
        fits = appeal.id not in asked and able.of(appeal.region, appeal.kind)
        if heir is not None and fits and heir.id not in (appeal.agency_id, appeal.about_id):
            await _put(session, context, appeal, heir, row.question, actor)
            given.append(appeal.number)
        else:
            note = context.knowledge.texts.say(DEFAULT, "case.note_help_over", unit=unit.name)
            await case_work.add_line(session, appeal, "help_over", actor, note=note)
            await calls.after(session, appeal, "help_over")
    return given
