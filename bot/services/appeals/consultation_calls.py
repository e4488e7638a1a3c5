"""Whom a consultation calls: who may publish what a colleague wrote down."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.services.appeals import consultations
from bot.services.appeals.consultations import CONSULTATIONS
from bot.services.core.context import ServiceContext
from bot.services.staff import calls
from bot.services.staff.calls import CallSource, Matter
from bot.services.staff.permissions import Right
from bot.store.models import Consultation
from knowledge.texts import DEFAULT

NOUN = consultations.NOUN


async def look(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    item = await session.get(Consultation, int(number), populate_existing=True)
    if item is None or item.drafted_at is None or item.published_at is not None or item.dismissed_at is not None:
        return None
    line = context.knowledge.texts.say(DEFAULT, "call.consultation", title=item.title)
    return Matter(line, Right.CONSULTATIONS_PUBLISH, region=item.district, but=calls.people(item.drafted_by))


SOURCE = CallSource(CONSULTATIONS, urls.ALIKE, look, int)
