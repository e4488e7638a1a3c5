"""留言: a message to a contact is an appeal of the light kind; its unit answers without a reviewer, also by a reply in chat.

So it has a number, a deadline, a timeline and a vault like any other; it is counted apart.
"""

import math
from datetime import timedelta
from statistics import median

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.appeals import appeals, transitions
from bot.services.appeals.appeals import AppealDraft, AppealReceipt
from bot.services.appeals.filing import Desk
from bot.services.appeals.queue import APPEALS
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.calendar import time_limits
from bot.services.contacts.contacts import ShownContact
from bot.services.core.context import ServiceContext
from bot.services.core.districts import inside
from bot.services.core.lifecycle import SYSTEM, Actor
from bot.services.core.working_days import Limit, china_date
from bot.services.staff import accounts, audit, holders
from bot.services.staff.audit import By
from bot.services.staff.permissions import Right, Staffer
from bot.services.units import readers
from bot.store.models import Agency, Appeal, Chat, now

KIND = "contact"
RECENT = timedelta(days=30)
ENOUGH = 20  # answers from which on it is said how long one usually takes
LOOKED_AT = 2_000  # answers
ANSWERABLE = (AppealState.ASSIGNED, AppealState.IN_PROGRESS)
# Why a message takes no answer now, where it has not had one.
NOT_NOW = {
    AppealState.SUBMITTED: "message.not_given",
    AppealState.ACCEPTED: "message.not_given",
    AppealState.REOPENED: "message.not_given",
    AppealState.PENDING_INFO: "message.waits",
    AppealState.REJECTED: "message.put_away",
    AppealState.MERGED: "message.put_away",
}


async def limit(session: AsyncSession, context: ServiceContext, region: str) -> Limit:
    """Until when a message of today has to be answered."""
    rules = await time_limits.rules(session)
    return rules.limit(context.knowledge.appeals.kinds[KIND], region, china_date(now()))


async def leave(
    session: AsyncSession, context: ServiceContext, chat: Chat, contact: ShownContact, story: str, region: str
) -> AppealReceipt:
    """File it with the contact's unit, and propose the contact's own colleague.

    Where nobody answers for the unit, whoever dispatches hears of it instead.  Raises Rejected where nobody does.
    """
    unit = await session.get_one(Agency, contact.agency_id)
    staffed = (await holders.crew(session, Right.APPEALS_HANDLE, unit.id)).of(region, KIND)
    if not (staffed or context.queue) and await readers.unread(
        session, [context.knowledge.appeals.kinds[KIND]], region
    ):
        raise Rejected("message.nobody", unit=unit.name, name=contact.name)
    draft = AppealDraft(KIND, story, region=region, unit=Desk(unit.id, unit.code, unit.name))
    receipt = await appeals.submit(session, context, chat, draft)
    if staffed and not context.queue:
        silent = context.silently()  # The receipt says who has it.
        await transitions.move(session, silent, receipt.number, AppealMove(AppealState.ACCEPTED, SYSTEM))
        given = AppealMove(AppealState.ASSIGNED, SYSTEM, agency=unit.code)
        appeal = await transitions.move(session, silent, receipt.number, given)
        appeal.handler_id = contact.staff_id if contact.staff_id in staffed else None
        await session.flush()
    return receipt


async def staffer_behind(session: AsyncSession, chat: Chat) -> Staffer | None:
    """The colleague whose chat this is, with the rights they have now."""
    person = await accounts.of_chat(session, chat.id)
    return await accounts.staffer_of(session, person.id) if person is not None else None


async def to_answer(
    session: AsyncSession, context: ServiceContext, chat: Chat, number: str, *, lock: bool = False
) -> Staffer:
    """Who may answer a message from this chat; lock: nobody moves it until the transaction ends.

    Raises Rejected, in the same words for whatever they may not answer, else with what became of it.
    """
    staffer = await staffer_behind(session, chat)
    appeal = await APPEALS.find(session, staffer, number, Right.APPEALS_HANDLE, lock=lock) if staffer else None
    if staffer is None or appeal is None or not context.knowledge.appeals.kinds[appeal.kind].light:
        raise Rejected("message.not_yours")
    if appeal.state not in ANSWERABLE:
        raise Rejected(NOT_NOW.get(AppealState(appeal.state), "message.over"), number=number)
    return staffer


async def answer(session: AsyncSession, context: ServiceContext, chat: Chat, number: str, text: str) -> Appeal:
    """A colleague's reply in chat is the answer.  Raises Rejected."""
    staffer = await to_answer(session, context, chat, number, lock=True)
    appeal = await appeals.get(session, number)
    unit, subject = appeal.agency_id or 0, f"appeal:{number}"
    actor = staffer.require(
        Right.APPEALS_HANDLE, district=appeal.region or None, agency=unit, category=appeal.kind, subject=subject
    )
    if appeal.state == AppealState.ASSIGNED:
        await transitions.move(session, context.silently(), number, AppealMove(AppealState.IN_PROGRESS, actor))
    appeal = await transitions.move(session, context, number, direct(appeal, actor, text))
    await audit.note(session, By(staffer.id, actor.role), "appeal.answer", subject, how="by_chat")
    return appeal


def direct(appeal: Appeal, actor: Actor, text: str) -> AppealMove:
    """The answer that leaves without a reviewer; ledgers count it apart by its key."""
    return AppealMove(AppealState.ANSWERED, actor, text=text, key=f"direct:{appeal.version}")


async def usual_hours(session: AsyncSession, region: str) -> int | None:
    """Hours until half of the messages of a city were answered, of the last 30 days; None of too few."""
    since = now() - RECENT
    query = select(Appeal.created_at, Appeal.answered_at).where(Appeal.kind == KIND, Appeal.created_at > since)
    query = query.where(Appeal.answered_at.is_not(None), inside(Appeal.region, region[:4])).limit(LOOKED_AT)
    took = [(answered - asked).total_seconds() / 3600 for asked, answered in await session.execute(query) if answered]
    return max(1, math.ceil(round(median(took), 1))) if len(took) >= ENOUGH else None
