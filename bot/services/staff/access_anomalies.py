"""Readers: whose looks at names, phones and photos are far more than those of their colleagues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from sqlalchemy import case, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.models import View, now

WEEK = timedelta(days=7)
LEAST, TIMES = 10, 3  # unusual: so many looks or more, and more than so many times what is usual among the others


@dataclass(frozen=True, slots=True)
class UnusualReader:
    """What somebody looked at within a week.  `usual` is the median of the others who looked, 0 without any."""

    staff_id: int
    looks: int
    cases: int
    refused: int
    usual: float

    @property
    def unusual(self) -> bool:
        return self.looks >= LEAST and self.looks > TIMES * self.usual


async def unusual(session: AsyncSession) -> list[UnusualReader]:
    """Of the last seven days, most looks first.  What was refused counts: somebody wanted to see it."""
    refused = func.sum(case((View.denied, 1), else_=0))
    counted = (
        select(View.staff_id, func.count(), func.count(distinct(View.subject)), refused)
        .where(View.at > now() - WEEK, View.staff_id.is_not(None))
        .group_by(View.staff_id)
    )
    found = (await session.execute(counted)).all()
    looks = {staff_id or 0: count for staff_id, count, *_ in found}
    readers = [
        UnusualReader(staff_id or 0, count, cases, no, _usual(looks, staff_id or 0))
        for staff_id, count, cases, no in found
    ]
    return sorted((each for each in readers if each.unusual), key=lambda each: (-each.looks, each.staff_id))


def _usual(looks: Mapping[int, int], staff_id: int) -> float:
    others: Sequence[int] = [count for each, count in looks.items() if each != staff_id]
    return median(others) if others else 0.0
