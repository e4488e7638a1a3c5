"""Which unit takes a matter: of those that sit at its desk, the one for the smallest region around the place.

One rule for appeals and hazards.  A district without a unit of its own at a desk is served by its city's, then its
province's, then the one for the whole country; of two for the same region, the one that was entered first.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.models import Agency, AgencyDesk
from knowledge.regions import around


def first_at(desk: Any, regions: Sequence[Any], *columns: Any, but: Collection[int] = ()) -> Select[Any]:
    """These columns of the unit that takes what a desk takes, for the smallest of these regions; `but` none of these.

    desk, regions: values, or the bound parameters of a statement that is made once.
    """
    query = select(*columns).select_from(Agency).join(AgencyDesk, AgencyDesk.agency_id == Agency.id)
    query = query.where(AgencyDesk.desk == desk, Agency.active, or_(*(Agency.region == each for each in regions)))
    if but:
        query = query.where(Agency.id.not_in(but))
    return query.order_by(func.length(Agency.region).desc(), Agency.id).limit(1)


async def unit_for(session: AsyncSession, desk: str, region: str, *, but: Collection[int] = ()) -> Agency | None:
    found: Agency | None = await session.scalar(first_at(desk, around(region), Agency, but=but))
    return found
