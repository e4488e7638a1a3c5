"""The stations that somebody of staff keeps: filtered, counted, and what workers said about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, case, delete, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services import staff, stations
from bot.services.rights import Staffer
from bot.store.models import StationReport, StationRow
from knowledge.stations import Station

PAGE = 50  # rows
AGED = timedelta(days=180)  # since somebody last made sure


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which stations somebody wants to see."""

    view: str = "all"  # one of VIEWS
    kind: str = ""
    text: str = ""  # in the name or the address


VIEWS = ("all", "reported", "due", "closed")


def visible(staffer: Staffer, action: str = "stations.read") -> ColumnElement[bool]:
    return staff.within(StationRow.region, staffer.districts(action))


async def listed(
    session: AsyncSession, staffer: Staffer, wanted: Wanted, today: date, page: int
) -> Sequence[StationRow]:
    """One more than a page when there are further ones; longest unchecked first."""
    query = select(StationRow).where(visible(staffer), _views(today)[wanted.view])
    if wanted.kind:
        query = query.where(StationRow.kind == wanted.kind)
    if wanted.text:
        held = (column.contains(wanted.text, autoescape=True) for column in (StationRow.name, StationRow.address))
        query = query.where(or_(*held))
    query = query.order_by(StationRow.checked.is_not(None), StationRow.checked, StationRow.id)
    return (await session.scalars(query.offset((page - 1) * PAGE).limit(PAGE + 1))).all()


async def counts(session: AsyncSession, staffer: Staffer, today: date) -> Mapping[str, int]:
    """How many stations each view has, in one look."""
    sums = [func.sum(case((condition, 1), else_=0)) for condition in _views(today).values()]
    row = (await session.execute(select(*sums).where(visible(staffer)))).one()
    return {name: int(count or 0) for name, count in zip(VIEWS, row, strict=True)}


async def open_reports(session: AsyncSession, station_id: str) -> Sequence[StationReport]:
    """What workers said and nobody has looked at, newest first."""
    query = select(StationReport).where(StationReport.station_id == station_id, StationReport.settled_at.is_(None))
    return (await session.scalars(query.order_by(StationReport.id.desc()).limit(50))).all()


async def take_over(session: AsyncSession, staffer: Staffer, found: Sequence[Station], *, only: bool) -> None:
    """Import stations; `only` these are left in the districts the person keeps."""
    if only:
        await session.execute(delete(StationRow).where(visible(staffer, "stations.edit")))
    await stations.merge(session, found)


def _views(today: date) -> dict[str, ColumnElement[bool]]:
    reported = select(StationReport.id).where(
        StationReport.station_id == StationRow.id, StationReport.settled_at.is_(None)
    )
    return {
        "all": true(),
        "reported": reported.exists(),
        "due": or_(StationRow.checked.is_(None), StationRow.checked < today - AGED),
        "closed": StationRow.closed.is_(True),
    }
