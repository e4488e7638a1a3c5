"""python -m benchmarks.contacts: a city's lists of outlets and contacts imported, and how fast a worker's card is.

Peers have no such lists to compare with: neither FixMyStreet, Chatwoot nor Frappe Helpdesk knows who looks after a worker.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import event, select

from benchmarks.machine import machine
from bot.commands import migrate
from bot.services.contacts import contacts, directory, outlets
from bot.services.staff.permissions import Grant, Role, Staffer
from bot.settings import Settings
from bot.store.models import Agency, Outlet
from bot.store.opening import database_of
from knowledge import contacts as duties
from knowledge import places, volunteers
from knowledge.contacts.contacts import read as read_contacts
from knowledge.contacts.files import Known
from knowledge.contacts.outlets import read as read_outlets

OUTLETS, CONTACTS, CARDS = 1_573, 3_000, 2_000
WHERE = ("沈阳市铁西区", "沈阳市和平区", "沈阳市沈河区")


PLACES = places.load()


def known(**more: object) -> Known:
    spoken, grid = duties.load(), volunteers.load()
    platforms = {label: code for code, label in grid.platforms.items()}
    labels = {label: code for code, label in spoken.labels.items()}
    return Known(places=PLACES, platforms=platforms, duties=labels, **more)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(var=Path(folder), _env_file=None)
        await asyncio.to_thread(migrate.upgrade, settings)
        db = database_of(settings)
        async with db.begin() as session:
            session.add(Agency(code="u1", name="兴工社区", region="2101"))
        organiser = Staffer(1, "组织员", "organiser", grants=(Grant(Role.ORGANISER, "2101"),))
        head = "名称,平台,区县,地址,人数"
        lines = [f"第{at}站,美团,{WHERE[at % 3]},某路{at}号,30" for at in range(OUTLETS)]
        begun = time.perf_counter()
        found = read_outlets("\n".join([head, *lines]).encode(), "a.csv", "", known())
        async with db.begin() as session:
            await outlets.take_over(session, found.entries)
        head = "单位,职责,联系人,电话,时间,站点,平台,区县"
        kinds = ("社区联系人", "工会联系人")
        rows = [
            f"兴工社区,{kinds[at // OUTLETS]},李干事,024-25850000,周一至周五 8:30-17:00,第{at % OUTLETS}站,美团,{WHERE[at % OUTLETS % 3]}"
            for at in range(CONTACTS)
        ]
        async with db.begin() as session:
            words = known(
                units=await directory.units_by_name(session, ["2101"]),
                outlets=await directory.outlets_by_name(session, ["2101"]),
            )
            listed = read_contacts("\n".join([head, *rows]).encode(), "b.csv", words)
            await directory.take_over(session, organiser, listed.entries)
        took = time.perf_counter() - begun
        print(machine())
        print(f"import: {len(found.entries)} outlets and {len(listed.entries)} contacts in {took:.2f} s (at most 3 s)")
        await cards(db)
        await db.close()


async def cards(db: object) -> None:
    """What a card takes once the connection is there, and how many statements it is."""
    async with db.read() as session:  # type: ignore[attr-defined]
        numbers = list(await session.scalars(select(Outlet.id)))
        asked: list[str] = []
        bind = session.get_bind()
        event.listen(bind, "before_cursor_execute", lambda *given: asked.append(given[2]))
        took = []
        for at in range(CARDS):
            begun = time.perf_counter()
            await contacts.of_place(session, numbers[at % len(numbers)], "2101", "rider", ("community", "union"))
            took.append((time.perf_counter() - begun) * 1000)
    p99 = statistics.quantiles(took, n=100)[98]
    print(f"card: p99 {p99:.1f} ms, median {statistics.median(took):.1f} ms (p99 at most 10 ms)")
    print(
        f"statements a card: {len(asked) / CARDS:.0f}, writes: {sum(not each.startswith('SELECT') for each in asked)}"
    )


if __name__ == "__main__":
    asyncio.run(main())
