"""python -m bot stations: import a file of stations, and ask what is near a point."""

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.commands import migrate
from bot.commands.running import command, opened, transaction
from bot.services.stations import stations
from bot.settings import Settings
from knowledge import places
from knowledge.geo import DATUMS, Point
from knowledge.hours import SHANGHAI
from knowledge.stations import NearStation, Station, Stations, read, vocabulary
from knowledge.stations.read import Import

LIMIT = 5  # stations that `near` names


def add(commands: Any) -> None:
    parser = commands.add_parser("stations", help="import stations; ask what is near a point")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    load = actions.add_parser("import", help="CSV, XLSX or GeoJSON: all rows or none, preview first")
    load.add_argument("file", type=Path, metavar="FILE")
    load.add_argument("--datum", choices=DATUMS, required=True, help="phones: wgs84; Amap, Tencent: gcj02; Baidu: bd09")
    load.add_argument("--preview", action="store_true", help="show what would be imported, write nothing")
    load.add_argument("--replace", action="store_true", help="remove stations that are not in the file")
    load.set_defaults(run=_import)
    near = actions.add_parser("near", help="the nearest stations, WGS-84")
    near.add_argument("latitude", type=float, metavar="LAT")
    near.add_argument("longitude", type=float, metavar="LON")
    near.add_argument("--json", action="store_true", help="one JSON object a line")
    near.add_argument(
        "--open-at", type=datetime.fromisoformat, metavar="ISO", help="open then; China time without zone"
    )
    near.set_defaults(run=_near)


@command
async def _import(given: argparse.Namespace, settings: Settings) -> int:
    try:
        data = given.file.read_bytes()
    except OSError as error:
        print(f"{given.file}: {error.strerror}", file=sys.stderr)
        return 1
    found = read.read(data, given.file.name, given.datum, places.load(), vocabulary.load())
    _show(found)
    if found.refused:
        print("什么都没有写入。改好上面的问题再来一次。")
        return 1
    if not given.preview:
        await asyncio.to_thread(migrate.upgrade, settings)
        async with transaction(settings) as session:
            await (stations.replace if given.replace else stations.merge)(session, found.stations)
        print(f"写入 {len(found.stations)} 个站点。")
    return 0


def _show(found: Import) -> None:
    for row in found.preview:
        where = f"{row.point.lat:.5f}, {row.point.lon:.5f}"
        print(f"第 {row.row} 行  {row.name}  {where}  约在 {row.district or '？'}  {row.hours}")
    for problem in found.problems:
        print(f"{'错误' if problem.fault else '提醒'}  第 {problem.row} 行：{problem.text}")


@command
async def _near(given: argparse.Namespace, settings: Settings) -> None:
    at = given.open_at
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=SHANGHAI)
    known = await _known(settings)
    point = Point(given.latitude, given.longitude)
    for near in Stations(known).nearest(point, at=at, limit=LIMIT):
        print(json.dumps(_values(near), ensure_ascii=False) if given.json else _line(near))


async def _known(settings: Settings) -> list[Station]:
    """The imported stations; the sample while there are none."""
    migrate_needed = not settings.database_url and not (settings.var / "nuanxin.db").exists()
    if not migrate_needed:
        async with opened(settings) as db, db.read() as session:
            if found := await stations.load(session):
                return found
    return list(read.sample(places.load(), vocabulary.load()))


def _values(near: NearStation) -> dict[str, Any]:
    station = near.station
    return {
        "id": station.id,
        "name": station.name,
        "kind": station.kind,
        "metres": round(near.metres, 1),
        "lat": station.point.lat,
        "lon": station.point.lon,
        "address": station.address,
        "region": station.region,
        "services": sorted(station.services),
        "hours": str(station.hours) if station.hours else None,
        "open": station.hours.open_at(datetime.now(UTC)) if station.hours and near.open is None else near.open,
        "closes_at": near.closes_at.isoformat() if near.closes_at else None,
        "checked": station.checked_text or None,
        "sample": station.sample,
    }


def _line(near: NearStation) -> str:
    hours = near.station.hours.text() if near.station.hours else "开放时间不详"
    return f"{near.metres:8.0f} 米  {near.wind}  {near.station.name}  {hours}{'  示例' if near.station.sample else ''}"
