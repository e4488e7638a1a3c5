"""Whom an application to the grid calls: who may take it in that district."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.services.core.context import ServiceContext
from bot.services.staff.calls import CallSource, Matter
from bot.services.staff.permissions import Right
from bot.services.volunteers.roster import VOLUNTEERS
from bot.services.volunteers.states import VolunteerState
from bot.store.models import Volunteer
from knowledge.texts import DEFAULT

NOUN = "volunteer"


async def look(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    volunteer = await session.scalar(select(Volunteer).where(Volunteer.number == number))
    if volunteer is None or volunteer.state != VolunteerState.APPLIED:
        return None
    line = context.knowledge.texts.say(DEFAULT, "call.volunteer", number=number)
    return Matter(line=line, right=Right.VOLUNTEERS_APPROVE, region=volunteer.district)


SOURCE = CallSource(VOLUNTEERS, urls.VOLUNTEERS, look)
