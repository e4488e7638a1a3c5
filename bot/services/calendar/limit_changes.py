"""Setting a limit in place of the one in the content: for the whole country, or a shorter one for a district."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.calendar import time_limits
from bot.services.calendar.time_limits import NAME, Limited
from bot.services.core import revisions
from bot.services.core.working_days import Limit, LimitUnit, china_date
from bot.services.staff import audit
from bot.services.staff.accounts import DISTRICT
from bot.services.staff.audit import By
from bot.store.base import locked
from bot.store.models import LimitChange, Revision, now

LONGEST = {LimitUnit.WORKING_DAYS: 90, LimitUnit.HOURS: 24 * 90}
AHEAD = timedelta(days=366)  # how early a limit may be set
SHORTEST = 4  # characters of a source


@dataclass(frozen=True, slots=True)
class LimitWish:
    """What somebody wants to hold.  limit: None for "as around it again".  district: GB/T 2260 code, "" for all."""

    district: str
    limit: Limit | None
    source: str
    valid_from: date


async def change(session: AsyncSession, by: By, kind: Limited, wish: LimitWish) -> None:
    """Set a limit for cases whose time begins on a day or later; the ones that are open keep theirs.

    Raises Rejected: out of bounds, without a source, in the past, or longer than what holds around the district.
    """
    today = china_date(now())
    if not DISTRICT.fullmatch(wish.district):
        raise Rejected("people.district")
    if wish.limit is not None and not 0 < wish.limit.amount <= LONGEST[wish.limit.unit]:
        raise Rejected("limit.amount", days=LONGEST[LimitUnit.WORKING_DAYS], hours=LONGEST[LimitUnit.HOURS])
    if len(wish.source) < SHORTEST:
        raise Rejected("limit.source", least=SHORTEST)
    if not today <= wish.valid_from <= today + AHEAD:
        raise Rejected("limit.from", first=today, last=today + AHEAD)
    await session.execute(locked(select(Revision).where(Revision.name == NAME)))  # Whoever sets another one waits.
    if wish.district and wish.limit is not None:
        around = (await time_limits.load(session)).limit(kind, wish.district[:-2], wish.valid_from)
        if not wish.limit.within(around):
            raise Rejected(f"limit.longer_{around.unit}", most=around.amount)
    amount, unit = (wish.limit.amount, str(wish.limit.unit)) if wish.limit else (None, "")
    row: dict[str, Any] = {"district": wish.district, "amount": amount, "unit": unit, "source": wish.source}
    session.add(LimitChange(kind=kind.code, valid_from=wish.valid_from, staff_id=by.staff_id, **row))
    await revisions.touch(session, NAME)
    await audit.note(session, by, "limit.change", f"limit:{kind.code}", **row, valid_from=wish.valid_from.isoformat())


async def changes(session: AsyncSession, districts: Iterable[str], most: int = 50) -> Sequence[LimitChange]:
    """What was set for these districts or around them, the newest first."""
    mine = tuple(districts)
    rows = await session.scalars(select(LimitChange).order_by(LimitChange.id.desc()).limit(1_000))
    near = [row for row in rows if row.district.startswith(mine) or any(d.startswith(row.district) for d in mine)]
    return near[:most]
