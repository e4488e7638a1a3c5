"""Stations in the database: imported as a whole, read into a snapshot, reported on by workers."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.revisions import touch
from bot.store.models import Channel, Chat, StationReport, StationRow, now
from knowledge import hours
from knowledge.geo import Point
from knowledge.stations import Station

AGREE = 2  # people who say independently that something is wrong
KNOWN = timedelta(days=1)  # how long we have known a web chat that counts: a new one is a click away
WITHIN = timedelta(days=7)
NAME = "stations"


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

    Returns whether it became doubtful: two people said so within a week, independently of each other.  Whoever opened
    the web chat less than a day before they said so is written down, and counts for nobody.
    """
    await session.execute(insert(StationReport).values(station_id=station_id, what=what, reporter=reporter, at=now()))
    said = await session.execute(
        select(StationReport.reporter, StationReport.at, Chat.channel, Chat.created_at)
        .join(Chat, Chat.key == StationReport.reporter)
        .where(StationReport.station_id == station_id, StationReport.settled_at.is_(None))
        .where(StationReport.at > now() - WITHIN)
    )
    if len({who for who, at, channel, since in said if channel != Channel.WEB or at - since >= KNOWN}) < AGREE:
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
    return became


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
