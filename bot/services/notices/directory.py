"""The notices that somebody of staff may read: filtered, in the order they want, a page at a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core import keyset, periods
from bot.services.core.districts import inside
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.staff.accounts import within
from bot.store.models import Notice

LISTED = 50  # notices of a page
BEGINNING = Place()
DOES = ("say", "edit", "unsay")
SORTS: Mapping[str, Sequence[Key]] = {
    "newest": (Key(Notice.id, falling=True),),
    "oldest": (Key(Notice.id),),
    "people": (Key(Notice.count, falling=True), Key(Notice.id, falling=True)),
}


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """Which notices somebody looks for."""

    state: str = ""  # a NoticeState
    does: str = ""  # one of DOES
    district: str = ""
    since: date | None = None  # the first and the last day on which its sending began, by China's clock
    until: date | None = None

    def condition(self) -> ColumnElement[bool]:
        parts = periods.within(Notice.started_at, self.since, self.until)
        if self.state:
            parts.append(Notice.state == self.state)
        if self.does:
            parts.append(Notice.does == self.does)
        if self.district:
            parts.append(inside(Notice.district, self.district))
        return and_(true(), *parts)


async def listed(
    session: AsyncSession,
    districts: Iterable[str],
    wanted: NoticeFilter,
    place: Place = BEGINNING,
    *,
    sort: str = "newest",
    size: int = LISTED,
) -> Page:
    """A page of the notices of these districts, in one of SORTS."""
    mine = select(Notice).where(within(Notice.district, districts))
    return await keyset.page(session, mine, Notice.id, [Part(wanted.condition(), SORTS[sort])], place, size)
