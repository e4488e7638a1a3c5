"""What lists and forms of compounds may name, for whoever hands them in."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core.request import RequestContext
from bot.services.contacts import directory
from bot.services.core.working_days import china_date
from bot.services.staff.permissions import Right
from bot.store.models import now
from knowledge.contacts.files import Known


def today() -> date:
    return china_date(now())


async def known(context: RequestContext, session: AsyncSession) -> Known:
    """Units around somebody's districts, and the places of the country."""
    mine = context.staffer.districts(Right.COMPOUNDS_EDIT)
    return Known(places=context.knowledge.places, platforms={}, units=await directory.units_by_name(session, mine))
