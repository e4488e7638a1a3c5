"""python -m benchmarks.bookings: a list of 2,000 dates, the last seat for 200 at once, 10,000 altered codes of a room.

NUANXIN_TEST_DATABASE names a PostgreSQL server; without it everything is SQLite.
"""

import asyncio
import random
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from bot.app import database_of
from bot.commands import migrate
from bot.services.bookings import attendance, booking, offerings, sittings
from bot.services.bookings.offerings import OfferingEntry
from bot.services.bookings.sittings import SittingEntry
from bot.services.bookings.states import SeatState
from bot.services.chats import chats
from bot.services.core.lifecycle import Actor, Role
from bot.settings import Settings
from bot.store.base import vault_of
from bot.store.db import Database
from bot.store.models import Channel, Chat, now
from tests.support import databases

SITTINGS, OFFERINGS, CROWD, LOOKS, ALTERED = 2_000, 40, 200, 300, 10_000
WRITER, APPROVER = Actor(Role.ORGANISER, 1), Actor(Role.APPROVER, 2)


async def main() -> None:
    folder = Path(tempfile.mkdtemp())
    if not databases.is_meant():
        await measure(Settings(var=folder, _env_file=None))
        return
    name = f"nuanxin_bookings_{random.randrange(10**6)}"
    await databases.execute(f'CREATE DATABASE "{name}"')
    try:
        await measure(Settings(var=folder, database_url=databases.url(name), _env_file=None))
    finally:
        await databases.drop(name)


async def measure(settings: Settings) -> None:
    await asyncio.to_thread(migrate.upgrade, settings)
    db = database_of(settings)
    first = await fill(db)
    async with db.begin() as session:
        await session.execute(text("ANALYZE"))  # as both databases do by themselves in time
    taken = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        async with db.read() as session:
            found = await sittings.ahead(session, "210106", "rider")
        taken.append((time.perf_counter() - began) * 1000)
    print(f"list of {SITTINGS} dates, {len(found)} shown in pages: {said(taken)}")
    people = [await somebody(db, number) for number in range(CROWD)]
    began, waits = time.perf_counter(), []

    async def take(number: int) -> tuple[str, int]:
        start = time.perf_counter()
        async with db.begin() as session:
            seat, *_ = await booking.take(session, await session.get_one(Chat, number), first)
        waits.append((time.perf_counter() - start) * 1000)
        return seat.state, seat.line

    seats = await asyncio.gather(*(take(number) for number in people))
    whole = time.perf_counter() - began
    booked = [state for state, _ in seats].count(SeatState.BOOKED)
    in_order = sorted(line for _, line in seats) == list(range(CROWD))
    print(
        f"last seat, {CROWD} at once: {booked} booked, places in line 1 to {CROWD - 1}: {in_order}, {whole:.1f} s, {said(waits)}"
    )
    await altered(db, first)
    await db.close()


async def altered(db: Database, number: int) -> None:
    chance, accepted = random.Random(1), 0
    async with db.read() as session:
        token = attendance.code(session, (await sittings.with_offering(session, number))[0])
        began = time.perf_counter()
        for _ in range(ALTERED):
            at = chance.randrange(len(token))
            other = token[:at] + chance.choice("0123456789abcdefs-") + token[at + 1 :]
            accepted += other != token and attendance.is_shown(session, other)
    each = (time.perf_counter() - began) / ALTERED * 1e6
    print(f"{ALTERED} altered codes of a room: {accepted} accepted, {each:.0f} us each")


async def fill(db: Database) -> int:
    """Returns the sitting with one seat."""
    first = 0
    async with db.begin() as session:
        for number in range(OFFERINGS):
            entry = OfferingEntry(
                "course", f"电动车保养课 {number}", "教您看刹车、电池和轮胎。", "2101", None, "兴工街", [], 2, 12
            )
            row = await offerings.write(session, None, entry, 1)
            await sittings.approve(session, row, APPROVER, row.version)
            for at in range(SITTINGS // OFFERINGS):
                start = now() + timedelta(hours=24 + at * 3 + number / 60)
                wanted = SittingEntry(start, start + timedelta(hours=2), "", 1, 0)
                made = (await sittings.add(session, row, wanted, WRITER)).id
                first = first or made
    return first


async def somebody(db: Database, number: int) -> int:
    async with db.begin() as session:
        vault = vault_of(session.get_bind().dialect)
        blank = chats.blank(Channel.WEB, vault.blind(f"nobody:{number}", "chats.key"), 8_000_000 + number)
        row = Chat(**chats.contents(blank), channel=blank.channel, key=blank.key, address=blank.address, version=0)
        session.add(row)
        await session.flush()
        return row.id


def said(taken: list[float]) -> str:
    ordered = sorted(taken)
    return f"median {statistics.median(ordered):.1f} ms, p95 {ordered[int(len(ordered) * 0.95)]:.1f} ms"


if __name__ == "__main__":
    asyncio.run(main())
