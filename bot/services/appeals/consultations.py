"""Consultations: one item for a problem that many share, with all their cases; its outcome is told to each of them."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.appeals import case_work, consultation_votes, notifications, queue
from bot.services.appeals.guards import SHORTEST_ANSWER
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Actor
from bot.services.staff import calls
from bot.services.staff.accounts import within
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Right, Staffer
from bot.services.units import agencies
from bot.store import upsert
from bot.store.models import Agency, Appeal, Consultation, ConsultationCase, ConsultationUnit, now

NOUN = "consultation"
FEWEST = 2  # cases; one alone is settled by itself
MOST = 500  # cases: as many messages are written in one transaction
SHORTEST_TITLE = 4  # characters
LISTED = 300  # in one list: those that go on, and the newest of those that are over


def visible(staffer: Staffer, right: Right = Right.APPEALS_ASSIGN) -> ColumnElement[bool]:
    """Those of somebody's districts, none of whose cases is about their own unit: it does not learn that there is one."""
    mine = within(Consultation.district, staffer.districts(right))
    if staffer.agency_id is None:
        return mine
    of_it = select(Appeal.id).join(ConsultationCase, ConsultationCase.appeal_id == Appeal.id)
    of_it = of_it.where(ConsultationCase.consultation_id == Consultation.id, Appeal.about_id == staffer.agency_id)
    return and_(mine, ~of_it.exists())


CONSULTATIONS = Lookup(NOUN, Consultation, Consultation.id, visible)


async def free(session: AsyncSession, ids: Collection[int]) -> frozenset[int]:
    """Which of these cases a consultation may take: those that none has."""
    taken = select(ConsultationCase.appeal_id).where(ConsultationCase.appeal_id.in_(ids))
    return frozenset(ids) - frozenset(await session.scalars(taken))


async def begin(
    session: AsyncSession, staffer: Staffer, by: Actor, *, title: str, lead: str, numbers: Sequence[str]
) -> Consultation:
    """Take a common problem up.  Cases that this person may not dispatch, or that are taken, stay out.

    Raises Rejected.
    """
    if len(title.strip()) < SHORTEST_TITLE:
        raise Rejected("consult.title", least=SHORTEST_TITLE)
    mine = select(Appeal).where(queue.visible(staffer, Right.APPEALS_ASSIGN), Appeal.number.in_(numbers[:MOST]))
    taken = select(ConsultationCase.appeal_id)
    cases = list(await session.scalars(mine.where(Appeal.id.not_in(taken)).order_by(Appeal.id)))
    if len(cases) < FEWEST:
        raise Rejected("consult.few", least=FEWEST)
    agency = await agencies.named(session, lead) if lead else None
    if agency is not None and not staffer.near(Right.APPEALS_ASSIGN, agency.region):
        raise Rejected("move.agency")
    district = min(staffer.districts(Right.APPEALS_ASSIGN), key=len, default="")
    item = Consultation(
        title=title.strip(), district=district, lead_id=agency.id if agency else None, opened_by=by.id or 0
    )
    session.add(item)
    await session.flush()
    rows = [{"appeal_id": each.id, "consultation_id": item.id} for each in cases]
    await session.execute(upsert.insert(session, ConsultationCase).on_conflict_do_nothing(), rows)
    for each in cases:
        await case_work.add_line(session, each, "consult", by, note=item.title)
    return item


async def to_publish(session: AsyncSession, staffer: Staffer) -> Sequence[Consultation]:
    """What a colleague wrote down, for this person to read and publish."""
    query = select(Consultation).where(visible(staffer, Right.CONSULTATIONS_PUBLISH), ~over())
    query = query.where(Consultation.drafted_at.is_not(None), Consultation.drafted_by != staffer.id)
    return (await session.scalars(query.order_by(Consultation.drafted_at).limit(LISTED))).all()


def over() -> ColumnElement[bool]:
    """The condition that a consultation has come to its end, with something or nothing."""
    return or_(Consultation.published_at.is_not(None), Consultation.dismissed_at.is_not(None))


async def every(session: AsyncSession, staffer: Staffer) -> list[tuple[Consultation, int]]:
    """Those that are there for somebody, with the number of the cases they see: those that go on before those that are
    over, the newest first."""
    query = (
        select(Consultation, func.count(Appeal.id))
        .outerjoin(ConsultationCase, ConsultationCase.consultation_id == Consultation.id)
        .outerjoin(Appeal, and_(Appeal.id == ConsultationCase.appeal_id, queue.visible(staffer, Right.APPEALS_ASSIGN)))
        .where(visible(staffer))
        .group_by(Consultation.id)
        .order_by(over(), Consultation.id.desc())
        .limit(LISTED)
    )
    return [(item, count) for item, count in await session.execute(query)]


async def cases(
    session: AsyncSession, staffer: Staffer, item: Consultation, right: Right = Right.APPEALS_ASSIGN
) -> list[Appeal]:
    """Its cases, as far as this person has the right for them: one may have moved to another district meanwhile."""
    query = select(Appeal).join(ConsultationCase, ConsultationCase.appeal_id == Appeal.id)
    query = query.where(ConsultationCase.consultation_id == item.id, queue.visible(staffer, right))
    return list(await session.scalars(query.order_by(Appeal.id)))


async def take_out(session: AsyncSession, staffer: Staffer, item: Consultation, number: str) -> None:
    """A case is not about this after all.  Raises Rejected once it is over."""
    _refuse_over(item)
    appeal = await queue.APPEALS.find(session, staffer, number, Right.APPEALS_ASSIGN)
    here = (ConsultationCase.consultation_id == item.id) & (ConsultationCase.appeal_id == (appeal.id if appeal else 0))
    await session.execute(delete(ConsultationCase).where(here))


async def units(session: AsyncSession, item: Consultation) -> list[Agency]:
    """The units that take part, in the order in which they came to it."""
    query = select(Agency).join(ConsultationUnit, ConsultationUnit.agency_id == Agency.id)
    query = query.where(ConsultationUnit.consultation_id == item.id)
    return list(await session.scalars(query.order_by(ConsultationUnit.added_at, Agency.id)))


async def bring_in(session: AsyncSession, staffer: Staffer, item: Consultation, code: str, by: Actor) -> None:
    """A unit takes part.  Raises Rejected: it is over, or its cases are about that unit, or it has nothing to do there."""
    _refuse_over(item)
    unit = await agencies.named(session, code)
    if not staffer.near(Right.APPEALS_ASSIGN, unit.region):
        raise Rejected("move.agency")
    about = select(Appeal.id).join(ConsultationCase, ConsultationCase.appeal_id == Appeal.id)
    about = about.where(ConsultationCase.consultation_id == item.id, Appeal.about_id == unit.id).limit(1)
    if await session.scalar(about) is not None:
        raise Rejected("consult.about")
    row = {"consultation_id": item.id, "agency_id": unit.id, "added_by": by.id or 0, "added_at": now()}
    await session.execute(upsert.insert(session, ConsultationUnit).values(row).on_conflict_do_nothing())


async def leave_out(session: AsyncSession, item: Consultation, code: str) -> None:
    """A unit does not take part after all.  Raises Rejected once it is over."""
    _refuse_over(item)
    unit = select(Agency.id).where(Agency.code == code).scalar_subquery()
    here = ConsultationUnit.consultation_id == item.id, ConsultationUnit.agency_id == unit
    await session.execute(delete(ConsultationUnit).where(*here))


async def draft(session: AsyncSession, item: Consultation, text: str, by: Actor) -> None:
    """Write down what came of it, for somebody else to publish.  `item` is locked.  Raises Rejected."""
    _refuse_over(item)
    if len(text.strip()) < SHORTEST_ANSWER:
        raise Rejected("move.answer_short", least=SHORTEST_ANSWER)
    item.text, item.drafted_by, item.drafted_at = text.strip(), by.id, now()
    await session.flush()
    await outbox.put(session, [calls.call(NOUN, str(item.id), "publish", draft_mark(item))])


async def dismiss(session: AsyncSession, staffer: Staffer, item: Consultation, why: str, by: Actor) -> None:
    """Nothing came of it: its cases are free for another one, and their timelines say why.  Raises Rejected."""
    _refuse_over(item)
    if len(why.strip()) < SHORTEST_TITLE:
        raise Rejected("move.text")
    for each in await cases(session, staffer, item):
        await case_work.add_line(session, each, "unconsult", by, note=why.strip())
    await session.execute(delete(ConsultationCase).where(ConsultationCase.consultation_id == item.id))
    item.dismissed_at = now()
    await session.flush()


async def publish(
    session: AsyncSession, context: ServiceContext, staffer: Staffer, item: Consultation, seen: str, by: Actor
) -> int:
    """Tell everybody whose case belongs to it what was decided, once.  Returns how many.

    `item` is locked.  seen: the moment of the draft that was read.  The cases go on by themselves: each has its own answer
    and its own rating.  Cases that are not this person's to see leave it unanswered, and may be taken up by whose
    they are.  Raises Rejected: without a draft, for one that was changed meanwhile, and for whoever wrote it.
    """
    _refuse_over(item)
    if item.drafted_at is None or draft_mark(item) != seen:
        raise Rejected("consult.redrafted")
    if item.drafted_by == by.id:
        raise Rejected("consult.own_draft")
    item.published_by, item.published_at = by.id, now()
    linked = await cases(session, staffer, item, Right.CONSULTATIONS_PUBLISH)
    others = ConsultationCase.appeal_id.not_in([each.id for each in linked])
    await session.execute(delete(ConsultationCase).where(ConsultationCase.consultation_id == item.id, others))
    for each in linked:
        step = await case_work.add_line(session, each, "published", by, text=item.text)
        await notifications.tell(session, context, each, "case.published", step=step, title=item.title, text=item.text)
    await consultation_votes.tell(session, context, item)
    return len(linked)


def draft_mark(item: Consultation) -> str:
    """What tells this draft from the one before it."""
    return item.drafted_at.isoformat() if item.drafted_at is not None else ""


def _refuse_over(item: Consultation) -> None:
    if item.published_at is not None:
        raise Rejected("consult.published")
    if item.dismissed_at is not None:
        raise Rejected("consult.dismissed")
