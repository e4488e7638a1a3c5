"""Whom a question to a helping unit calls: its handlers, until one of them replied."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.services.appeals import helpers
from bot.services.appeals.queue import BUSY
from bot.services.calendar.wording import for_staff
from bot.services.core.context import ServiceContext
from bot.services.staff.calls import CallSource, Matter
from bot.services.staff.permissions import Right
from bot.store.models import Appeal, AppealHelper
from knowledge.texts import DEFAULT

NOUN = helpers.NOUN


async def look(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    row = await session.get(AppealHelper, int(number), populate_existing=True)
    appeal = await session.get(Appeal, row.appeal_id, populate_existing=True) if row is not None else None
    if row is None or appeal is None or row.replied_at is not None or appeal.state not in BUSY:
        return None
    kind = context.knowledge.appeals.kinds[appeal.kind].label
    due = for_staff(context.knowledge.texts, row.due_at)
    line = context.knowledge.texts.say(DEFAULT, f"call.help_{what}", number=appeal.number, kind=kind, due=due)
    return Matter(line, Right.APPEALS_HELP, region=appeal.region, unit=row.agency_id, category=appeal.kind)


SOURCE = CallSource(helpers.HELPS, urls.HELP, look, key=int)
