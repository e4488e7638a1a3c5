"""Visits to outlets: what somebody saw there, and when somebody goes again."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.core import timers
from bot.services.core.working_days import ZONE, china_date
from bot.services.staff import calls
from bot.services.staff.permissions import Staffer
from bot.store.models import Outlet, Visit, now

NOUN = "outlet"
ANCHOR = "#visit-"  # between the number of an outlet and the one of a visit there
SHOWN = 50  # visits of one outlet
SHORTEST, LONGEST = 5, 1_000  # characters
OLDEST = 3 * 365  # days since somebody went: older ones are not kept
FARTHEST = 366  # days until somebody goes again
MORNING = time(9)  # China time: when somebody hears that they wanted to go


async def add(
    session: AsyncSession, staffer: Staffer, outlet: Outlet, on: date, text: str, next_on: date | None
) -> Visit:
    """Write down a visit; what the same unit had planned for this outlet is done by it.  Raises Rejected."""
    today = china_date(now())
    if on > today:
        raise Rejected("visit.future")
    if (today - on).days > OLDEST:
        raise Rejected("visit.old", most=OLDEST // 365)
    if next_on is not None and not 0 < (next_on - today).days <= FARTHEST:
        raise Rejected("visit.next")
    if not SHORTEST <= len(text) <= LONGEST:
        raise Rejected("visit.text", least=SHORTEST, most=LONGEST)
    same = Visit.outlet_id == outlet.id, Visit.agency_id.is_not_distinct_from(staffer.agency_id)
    await session.execute(update(Visit).where(*same, Visit.done_at.is_(None)).values(done_at=now()))
    visit = Visit(outlet_id=outlet.id, agency_id=staffer.agency_id, staff_id=staffer.id, on=on, text=text)
    visit.next_on = next_on
    session.add(visit)
    await session.flush()
    if next_on is not None:
        at = datetime.combine(next_on, MORNING, ZONE).astimezone(UTC)
        row = timers.timer(place_of(visit), "visit", at, of=calls.OF, noun=NOUN, mark=str(visit.id))
        await outbox.put(session, [row])
    return visit


async def of_outlet(session: AsyncSession, number: int) -> Sequence[Visit]:
    """Newest first."""
    query = select(Visit).where(Visit.outlet_id == number).order_by(Visit.on.desc(), Visit.id.desc()).limit(SHOWN)
    return (await session.scalars(query)).all()


def place_of(visit: Visit) -> str:
    """Where a visit stands on the pages of outlets: calls name it so, and lead there."""
    return f"{visit.outlet_id}{ANCHOR}{visit.id}"


def outlet_of(place: str) -> int:
    return int(place.partition(ANCHOR)[0])


async def due(session: AsyncSession, place: str) -> Visit | None:
    """The visit at a place, if its unit wanted to make it by now and has not; without one, the first of the outlet."""
    outlet, _, number = place.partition(ANCHOR)
    open_ones = Visit.outlet_id == int(outlet), Visit.done_at.is_(None), Visit.next_on <= china_date(now())
    query = select(Visit).where(*open_ones, *([Visit.id == int(number)] if number else [])).order_by(Visit.id)
    found: Visit | None = await session.scalar(query.limit(1).execution_options(populate_existing=True))
    return found
