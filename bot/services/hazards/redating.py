"""What follows when the calendar gives a hazard another deadline: timers, a line in its timeline, news for who follows it."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.calendar.wording import by, day
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM
from bot.services.hazards import followers, hazards
from bot.services.hazards.deadlines import DEADLINES
from bot.store.models import Hazard, now


async def redate(session: AsyncSession, context: ServiceContext, hazard: Hazard) -> None:
    """Set a locked hazard right.  Its reporter and followers hear of the first date, and of another one, once."""
    before = hazard.due_at
    await DEADLINES.follow(session, context, hazard)
    if hazard.due_at is None or hazard.due_at == before:
        return
    hazard.updated_at = now()
    texts = context.knowledge.texts
    await hazards.note(session, hazard, "redate", SYSTEM, text=day(texts, hazard.due_at))
    key, said = "hazard.dated" if before is None else "hazard.moved", by(texts, hazard.due_at, of="hazard")
    await followers.tell(session, context, hazard, key, by=said, before=day(texts, before))
