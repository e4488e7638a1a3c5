"""The stations that somebody of staff keeps: filtered, counted, and what workers said about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.core import counting, keyset, map_clusters
from bot.services.core.districts import inside
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.core.map_clusters import Chart, Pin
from bot.services.staff import accounts
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import Right, Staffer
from bot.services.stations import stations
from bot.store.base import locked
from bot.store.models import StationReport, StationRow
from knowledge.stations import Station

PAGE = 50  # rows
DRAWN = 5_000  # stations on one map
SOME = 500  # ids in one statement, as many as SQLite takes
AGED = timedelta(days=180)  # since somebody last made sure


@dataclass(frozen=True, slots=True)
class StationFilter:
    """Which stations somebody wants to see."""

    view: str = "all"  # one of VIEWS
    kind: str = ""
    text: str = ""  # in the name or the address
    district: str = ""

    def condition(self, today: date) -> ColumnElement[bool]:
        parts = [_views(today)[self.view]]
        if self.kind:
            parts.append(StationRow.kind == self.kind)
        if self.district:
            parts.append(inside(StationRow.region, self.district))
        if self.text:
            columns = (StationRow.name, StationRow.address)
            parts.append(or_(*(column.icontains(self.text, autoescape=True) for column in columns)))
        return and_(*parts)


VIEWS = ("all", "open", "reported", "doubtful", "due", "closed")
_CHECKED = func.coalesce(StationRow.checked, date.min)
SORTS: Mapping[str, Sequence[Key]] = {
    "unchecked": (Key(_CHECKED), Key(StationRow.id)),
    "checked": (Key(_CHECKED, falling=True), Key(StationRow.id)),
    "changed": (Key(StationRow.changed_at, falling=True), Key(StationRow.id)),
}


def visible(staffer: Staffer, right: Right = Right.STATIONS_READ) -> ColumnElement[bool]:
    return accounts.within(StationRow.region, staffer.districts(right))


STATIONS = Lookup("station", StationRow, StationRow.id, visible)


async def listed(
    session: AsyncSession,
    staffer: Staffer,
    wanted: StationFilter,
    today: date,
    place: Place,
    *,
    sort: str = "unchecked",
    size: int = PAGE,
    right: Right = Right.STATIONS_READ,
) -> Page:
    """A page in one of SORTS; usually those nobody ever checked, then longest unchecked first."""
    mine = select(StationRow).where(visible(staffer, right), wanted.condition(today))
    return await keyset.page(session, mine, StationRow.id, [Part(true(), SORTS[sort])], place, size)


async def chart(
    session: AsyncSession,
    staffer: Staffer,
    wanted: StationFilter,
    today: date,
    middle: tuple[float, float] | None,
    span: float | None,
) -> tuple[Chart, Mapping[str, str]]:
    """They on a map, in red those that are closed or doubted; and the names of those that stand alone."""
    columns = (StationRow.id, StationRow.name, StationRow.latitude, StationRow.longitude)
    bad = or_(StationRow.closed, StationRow.doubtful_at.is_not(None))
    here = map_clusters.inside(StationRow.latitude, StationRow.longitude, middle, span)
    query = select(*columns, bad).where(visible(staffer), wanted.condition(today), here)
    query = query.order_by(StationRow.id).limit(DRAWN)
    rows = (await session.execute(query)).all()
    drawn = map_clusters.drawn([Pin(row[0], row[2], row[3], bool(row[4])) for row in rows], middle, span)
    alone = {each.name for each in drawn.clusters}
    return drawn, {row[0]: row[1] for row in rows if row[0] in alone}


async def counts(session: AsyncSession, staffer: Staffer, today: date) -> Mapping[str, int]:
    """How many stations each view has, in one look."""
    return await counting.of_views(session, _views(today), visible(staffer))


async def open_reports(session: AsyncSession, station_id: str) -> Sequence[StationReport]:
    """What workers said and nobody has looked at, newest first."""
    query = select(StationReport).where(StationReport.station_id == station_id, StationReport.settled_at.is_(None))
    return (await session.scalars(query.order_by(StationReport.id.desc()).limit(50))).all()


@dataclass(frozen=True, slots=True)
class Import:
    """What an import did, by the ids of the stations."""

    added: Sequence[str]
    changed: Mapping[str, Sequence[str]]  # with the columns that say something else now
    removed: Sequence[str]


async def elsewhere(session: AsyncSession, staffer: Staffer, found: Sequence[Station]) -> list[str]:
    """Ids in a file that stations of other districts have: whoever imported them would take those away."""
    rows = await _rows(session, [each.id for each in found], ~visible(staffer, Right.STATIONS_EDIT))
    return [row.id for row in rows]


async def take_over(session: AsyncSession, staffer: Staffer, found: Sequence[Station], *, only: bool) -> Import:
    """Import stations; `only` these are left in the districts the person keeps.

    Raises Rejected for an id that a station of another district has.
    """
    known = {row.id: row for row in await _rows(session, [each.id for each in found], lock=True)}
    mine = set(await session.scalars(select(StationRow.id).where(visible(staffer, Right.STATIONS_EDIT))))
    if not mine.issuperset(known):
        raise Rejected("station.gone")
    changed = {each.id: stations.differences(known[each.id], each) for each in found if each.id in known}
    removed = sorted(mine - {each.id for each in found}) if only else []
    if only:
        await session.execute(delete(StationRow).where(visible(staffer, Right.STATIONS_EDIT)))
    await stations.merge(session, found)
    added = sorted(each.id for each in found if each.id not in known)
    return Import(added, {name: columns for name, columns in changed.items() if columns}, removed)


async def _rows(
    session: AsyncSession, ids: Sequence[str], *conditions: ColumnElement[bool], lock: bool = False
) -> list[StationRow]:
    found: list[StationRow] = []
    ids = sorted(ids)  # Two who import lock the same rows in the same order.
    for at in range(0, len(ids), SOME):
        query = select(StationRow).where(StationRow.id.in_(ids[at : at + SOME]), *conditions).order_by(StationRow.id)
        found += await session.scalars(locked(query) if lock else query)
    return found


def _views(today: date) -> dict[str, ColumnElement[bool]]:
    reported = select(StationReport.id).where(
        StationReport.station_id == StationRow.id, StationReport.settled_at.is_(None)
    )
    return {
        "all": true(),
        "open": StationRow.closed.is_(False),
        "reported": reported.exists(),
        "doubtful": StationRow.doubtful_at.is_not(None),
        "due": or_(StationRow.checked.is_(None), StationRow.checked < today - AGED),
        "closed": StationRow.closed.is_(True),
    }
