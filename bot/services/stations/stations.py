"""Stations in the database: imported as a whole, read into a snapshot, reported on by workers."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.chats import witnesses
from bot.services.core.revisions import touch
from bot.services.staff import calls
from bot.store.models import StationReport, StationRow, now
from knowledge import hours
from knowledge.geo import Point
from knowledge.stations import Station

NOUN = "station"
NAME = "stations"
PARTS = ("hours", "address", "phone", "services", "gone", "other")  # what may be wrong about one


class Report(StrEnum):
    CLOSED = "closed"
    WRONG = "wrong"


async def replace(session: AsyncSession, stations: Sequence[Station]) -> None:
    """Put these stations in the place of all others: all of them or, if anything fails, none."""
    await session.execute(delete(StationRow))
    if stations:
        await session.execute(insert(StationRow), [_values(station) for station in stations])
    await touch(session, NAME)


async def merge(session: AsyncSession, stations: Sequence[Station]) -> None:
    """Add these stations and change those that have the same id; the others stay."""
    stations = sorted(stations, key=lambda station: station.id)  # Two who import write the same rows in the same order.
    ids = [station.id for station in stations]
    for at in range(0, len(ids), 500):  # SQLite takes so many variables in one statement.
        await session.execute(delete(StationRow).where(StationRow.id.in_(ids[at : at + 500])))
    await session.execute(insert(StationRow), [_values(station) for station in stations])
    await touch(session, NAME)


async def seed_demo(session: AsyncSession, sample: Sequence[Station]) -> None:
    """Enter the sample of the demo, so that the console has stations to look after; where there are any, nothing."""
    if sample and await session.scalar(select(StationRow.id).limit(1)) is None:
        await merge(session, sample)


def differences(row: StationRow, station: Station) -> list[str]:
    """The columns in which a station says something else than its row."""
    return [name for name, value in _values(station).items() if name != "changed_at" and getattr(row, name) != value]


async def change(session: AsyncSession, row: StationRow, station: Station) -> None:
    """Write what an editor made of a station; whether it is doubtful stays."""
    for name, value in _values(station).items():
        setattr(row, name, value)
    await touch(session, NAME)


async def drop(session: AsyncSession, row: StationRow) -> None:
    """Take a station out with what workers said about it.  Raises Rejected: without any the sample would be shown."""
    if await session.scalar(select(StationRow.id).where(StationRow.id != row.id).limit(1)) is None:
        raise Rejected("station.last")
    await session.execute(delete(StationReport).where(StationReport.station_id == row.id))
    await session.delete(row)
    await touch(session, NAME)


async def confirm(session: AsyncSession, row: StationRow, today: date) -> None:
    """Somebody made sure of all that is known: what workers said against it is settled."""
    row.checked, row.checked_month, row.doubtful_at = today, False, None
    open_ones = update(StationReport).where(StationReport.station_id == row.id, StationReport.settled_at.is_(None))
    await session.execute(open_ones.values(settled_at=now()))
    await touch(session, NAME)


async def load(session: AsyncSession) -> list[Station]:
    """All stations, in the order of their ids."""
    rows = await session.scalars(select(StationRow).order_by(StationRow.id))
    return [station_of(row) for row in rows]


async def report(session: AsyncSession, station_id: str, what: Report, reporter: bytes) -> bool:
    """Note that somebody found a station closed or something wrong.

    Returns whether it became doubtful: two people said so within a week, independently of each other.
    """
    await session.execute(insert(StationReport).values(station_id=station_id, what=what, reporter=reporter, at=now()))
    about = StationReport.station_id == station_id, StationReport.settled_at.is_(None)
    if not await witnesses.agree(session, StationReport.reporter, StationReport.at, *about):
        return False
    doubt = (
        update(StationRow)
        .where(StationRow.id == station_id, StationRow.doubtful_at.is_(None))
        .values(doubtful_at=now())
        .returning(StationRow.id)
    )
    became = (await session.execute(doubt)).scalar_one_or_none() is not None
    if became:
        await touch(session, NAME)
        await outbox.put(session, [calls.call(NOUN, station_id, "doubtful", now().isoformat())])
    return became


async def explain(session: AsyncSession, station_id: str, reporter: bytes, part: str, text: str) -> None:
    """Keep what somebody said is wrong with the report they began with; with none that is open, nothing."""
    mine = (
        select(StationReport.id)
        .where(StationReport.station_id == station_id, StationReport.reporter == reporter)
        .where(StationReport.what == Report.WRONG, StationReport.settled_at.is_(None))
    )
    newest = mine.order_by(StationReport.id.desc()).limit(1).scalar_subquery()
    await session.execute(update(StationReport).where(StationReport.id == newest).values(part=part, text=text))


def station_of(row: StationRow) -> Station:
    return Station(
        id=row.id,
        name=row.name,
        kind=row.kind,
        point=Point(row.latitude, row.longitude),
        datum=row.datum,  # type: ignore[arg-type]
        address=row.address,
        region=row.region,
        services=frozenset(row.services),
        hours=hours.read(row.hours) if row.hours else None,
        phone=row.phone,
        checked=row.checked,
        checked_month=row.checked_month,
        closed=row.closed,
        doubtful=row.doubtful_at is not None,
        photo=row.photo,
        offer=row.offer,
        offer_from=row.offer_from,
        offer_until=row.offer_until,
    )


def _values(station: Station) -> dict[str, Any]:
    return {
        "id": station.id,
        "name": station.name,
        "kind": station.kind,
        "latitude": station.point.lat,
        "longitude": station.point.lon,
        "datum": station.datum,
        "address": station.address,
        "region": station.region,
        "services": sorted(station.services),
        "hours": str(station.hours) if station.hours else "",
        "phone": station.phone,
        "checked": station.checked,
        "checked_month": station.checked_month,
        "closed": station.closed,
        "photo": station.photo,
        "offer": station.offer,
        "offer_from": station.offer_from,
        "offer_until": station.offer_until,
        "changed_at": now(),
    }
