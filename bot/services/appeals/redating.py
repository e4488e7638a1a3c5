"""What follows when the calendar gives an appeal another deadline: timers, a line in its timeline, news for its author."""

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import outbox
from bot.services.appeals import events, notifications
from bot.services.appeals.deadlines import DEADLINES
from bot.services.calendar.wording import by, day
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Role
from bot.store.models import Agency, Appeal, AppealStep, now


async def redate(session: AsyncSession, context: ServiceContext, appeal: Appeal) -> None:
    """Set a locked case right.  Its author hears of the first date, and of another one, once."""
    before = appeal.due_at
    await DEADLINES.follow(session, context, appeal)
    if appeal.due_at is None or appeal.due_at == before:
        return
    texts = context.knowledge.texts
    values = {"appeal_id": appeal.id, "name": "redate", "source": appeal.state, "target": appeal.state}
    values |= {"role": Role.SYSTEM, "text": day(texts, appeal.due_at), "at": now()}
    step = (await session.execute(insert(AppealStep).values(values).returning(AppealStep.id))).scalar_one()
    key, said = "case.dated" if before is None else "case.moved", by(texts, appeal.due_at)
    await notifications.tell(session, context, appeal, key, step=step, by=said, before=day(texts, before))
    if context.queue:
        appeal.version += 1  # Whoever has the case open on a page has nothing to look at anew; the backend has.
        agency = await session.get(Agency, appeal.agency_id) if appeal.agency_id else None
        await outbox.put(session, [events.updated(appeal, agency)])
