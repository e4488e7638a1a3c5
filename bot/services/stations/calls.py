"""Whom a station calls: its organisers, once two people said independently that it is closed or wrong."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.services.core.context import ServiceContext
from bot.services.staff.calls import CallSource, Matter
from bot.services.staff.permissions import Right
from bot.services.stations import stations
from bot.services.stations.directory import STATIONS
from bot.store.models import StationRow
from knowledge.texts import DEFAULT

NOUN = stations.NOUN
DISTRICT = 6  # digits of a station's region that say in which district it is


async def look(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    row = await session.get(StationRow, number, populate_existing=True)
    if row is None or row.doubtful_at is None:
        return None
    line = context.knowledge.texts.say(DEFAULT, "call.station", name=row.name)
    return Matter(line, Right.STATIONS_EDIT, region=row.region[:DISTRICT])


SOURCE = CallSource(STATIONS, f"{urls.STATIONS}/at", look)
