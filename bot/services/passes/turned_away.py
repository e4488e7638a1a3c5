"""被拦了: a tap is counted, five people within a month call whoever answers for the gate, and one more tap is an appeal."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import outbox
from bot.services.appeals import appeals
from bot.services.appeals.appeals import AppealDraft, AppealReceipt
from bot.services.core.context import ServiceContext
from bot.services.staff import calls
from bot.store.models import Chat, Compound, Naming, TurnedAway, now
from knowledge.texts import DEFAULT

REASONS = ("code", "register", "vehicle", "manner", "other")
WITHIN = timedelta(days=30)
NOUN = "compound"  # which calls
FEWEST = 5  # people that make it more than one guard's bad day
ONCE = timedelta(days=1)  # within which one person counts once at a compound
KIND = "access"  # of the appeal
CALL = "turned_away"


def many() -> ColumnElement[bool]:
    """The condition that so many people were turned away at a compound lately."""
    said = select(func.count(TurnedAway.reporter.distinct())).where(_lately(), TurnedAway.compound_id == Compound.id)
    return said.scalar_subquery() >= FEWEST


def _lately() -> ColumnElement[bool]:
    return TurnedAway.at > now() - WITHIN


async def report(session: AsyncSession, compound: Compound, reason: str, reporter: bytes) -> bool:
    """Count it, once a day for one person; whether it was.  The fifth person within a month calls."""
    mine = TurnedAway.compound_id == compound.id, TurnedAway.reporter == reporter, TurnedAway.at > now() - ONCE
    if await session.scalar(select(TurnedAway.id).where(*mine).limit(1)) is not None:
        return False
    values = {"compound_id": compound.id, "reason": reason, "reporter": reporter, "at": now()}
    await session.execute(insert(TurnedAway).values(values))
    if await people(session, compound.id) == FEWEST:
        await outbox.put(session, [calls.call(NOUN, str(compound.id), CALL, f"{now():%Y-%m-%d}")])
    return True


async def people(session: AsyncSession, compound_id: int) -> int:
    """How many were turned away there lately."""
    query = select(func.count(TurnedAway.reporter.distinct()))
    return await session.scalar(query.where(_lately(), TurnedAway.compound_id == compound_id)) or 0


async def counts(session: AsyncSession, compound_id: int) -> Mapping[str, int]:
    """How often lately, by reason; never who."""
    query = select(TurnedAway.reason, func.count()).where(_lately(), TurnedAway.compound_id == compound_id)
    return dict((await session.execute(query.group_by(TurnedAway.reason).order_by(TurnedAway.reason))).all())


async def appeal(
    session: AsyncSession, context: ServiceContext, chat: Chat, compound: Compound, reason: str
) -> AppealReceipt:
    """An appeal about it, filled in, without a name; five of one place are one common problem.  Raises Rejected."""
    say = context.knowledge.texts.say
    why = say(DEFAULT, f"turned.why_{reason}")
    draft = AppealDraft(
        kind=KIND,
        story=say(DEFAULT, "turned.story", name=compound.name, why=why),
        naming=Naming.ANONYMOUS,
        region=compound.region,
        place=compound.name,
    )
    await appeals.refuse_unread(session, context, KIND, compound.region)
    return await appeals.submit(session, context, chat, draft)
