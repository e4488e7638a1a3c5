"""The numbers of entry passes: scans at a gate over many passes, a platform's list, altered codes, what a guard's page weighs.

    python -m benchmarks.passes [--passes 100000] [--roster 250000] [--rate 100] [--seconds 10] [--postgres URL]

The program runs in this process, the guard's phone speaks HTTP with it.  Scans come at a steady rate, whether earlier ones
were answered or not; /healthz at the same rate just before is what they are compared with.
"""

import argparse
import asyncio
import random
import secrets
import statistics
import tempfile
import time
from pathlib import Path

import aiohttp
from sqlalchemy import insert, select, text, update

from benchmarks.databases import POSTGRES, fresh
from benchmarks.machine import machine
from bot import log
from bot.app import Application
from bot.commands import migrate
from bot.services.passes import gate, rosters, signed
from bot.services.passes.states import PassState
from bot.settings import Settings
from bot.store.models import Agency, Pass, now
from knowledge import shipped
from tests.conftest import free_port
from tests.support.passes import TIEXI, altered, compound_entered, enrolled, pass_in
from tests.support.units import dispatch_everywhere

ROWS, KINDS, ALTERED = 1_000, 200, 10_000  # rows of one statement, different codes that are scanned, edits of one


async def fill(app: Application, many: int) -> list[int]:
    """So many active passes, copied from one that was applied for and checked; some of their numbers."""
    number = await pass_in(app, TIEXI, active=True)
    async with app.db.begin() as session:
        one = (await session.scalars(select(Pass).where(Pass.number == number))).one()
        same = {each.key: getattr(one, each.key) for each in Pass.__mapper__.column_attrs if each.key != "id"}
        same["state"] = PassState.APPLIED
        for at in range(0, many, ROWS):
            rows = [
                {**same, "number": f"P{at + each:011}", "alias": secrets.token_hex(12)}
                | {"owner": secrets.token_bytes(16), "key": secrets.token_bytes(16)}
                for each in range(min(ROWS, many - at))
            ]
            await session.execute(insert(Pass), rows)
        checked = update(Pass).where(Pass.state == PassState.APPLIED)
        await session.execute(checked.values(state=PassState.ACTIVE, version=Pass.version + 1))
        await session.execute(text("ANALYZE"))  # as both databases do by themselves in time
        return list(await session.scalars(select(Pass.id).where(Pass.state == PassState.ACTIVE).limit(KINDS)))


async def codes(app: Application, some: list[int]) -> list[str]:
    async with app.db.read() as session:
        return [gate.pass_code(session, await session.get_one(Pass, each)) for each in some]


async def asked(http: aiohttp.ClientSession, urls: list[str], rate: float, seconds: float) -> tuple[list[float], int]:
    """Milliseconds of each answer that was good, and how many were not; asked at a rate, come what may."""
    taken: list[float] = []

    async def ask(url: str) -> None:
        began = time.perf_counter()
        home = f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"  # no gate's phone asks so often
        async with http.get(url, headers={"X-Forwarded-For": home}) as answer:
            await answer.read()
            if answer.status == 200:
                taken.append((time.perf_counter() - began) * 1000)

    began, asking = time.perf_counter(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        asking.append(asyncio.create_task(ask(random.choice(urls))))
    await asyncio.gather(*asking)
    return taken, len(asking) - len(taken)


def said(taken: list[float], missed: int) -> str:
    p95 = statistics.quantiles(taken, n=20)[18]
    return f"p50 {statistics.median(taken):.1f} ms, p95 {p95:.1f} ms, {len(taken)} answered, {missed} not"


async def scans(app: Application, http: aiohttp.ClientSession, given: argparse.Namespace) -> None:
    ids = await fill(app, given.passes)
    async with app.db.begin() as session:
        unit = await session.scalar(select(Agency.id).where(Agency.code == "labour"))
        compound = await compound_entered(session, "兴工花园", "东门", agency_id=unit)
    await enrolled(app, compound, http)
    base = f"http://127.0.0.1:{app.port}"
    plain = await asked(http, [f"{base}/healthz"], given.rate, given.seconds)
    print(f"/healthz {given.rate:.0f} a second: {said(*plain)}")
    shown = [f"{base}/q/{each}" for each in await codes(app, ids)]
    found = await asked(http, shown, given.rate, given.seconds)
    print(f"scans {given.rate:.0f} a second over {given.passes + 1:,} passes: {said(*found)}")
    async with http.get(shown[0]) as answer:
        print(f"a guard's page: {len(await answer.read())} bytes before compression, without its files")


async def listed(app: Application, many: int) -> None:
    data = "\n".join(str(13_000_000_000 + number) for number in range(many)).encode()
    began = time.perf_counter()
    roster = await asyncio.to_thread(rosters.read, data)
    read = time.perf_counter() - began
    how = {"platform": "meituan", "region": "2101", "until": now().date(), "staff_id": 1}
    async with app.db.begin() as session:
        await rosters.take_over(session, app.services, roster, **how)
    print(f"a list of {len(roster.phones):,}: {time.perf_counter() - began:.1f} s, {read:.1f} of them to read it")


async def forged(app: Application) -> None:
    async with app.db.read() as session:
        token = (await codes(app, [(await session.scalars(select(Pass.id).limit(1))).one()]))[0]
        began = time.perf_counter()
        accepted = sum(signed.read(session, each) is not None for each in altered(token, ALTERED))
    each = (time.perf_counter() - began) / ALTERED * 1e6
    print(f"{ALTERED:,} altered codes of {len(token)} characters: {accepted} accepted, {each:.0f} us each")


async def main(given: argparse.Namespace) -> None:
    log.configure("CRITICAL", as_json=False)
    async with fresh(given.postgres) as url:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(
                var=Path(folder),
                database_url=url,
                port=free_port(),
                search="lexical",
                quiet_hours="0-0",
                _env_file=None,
            )
            await asyncio.to_thread(migrate.upgrade, settings)
            app = Application(settings, shipped(), demo=True)
            async with app.db.begin() as session:
                await dispatch_everywhere(session)
            await app.start()
            print(machine(), "PostgreSQL" if url else "SQLite")
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
                await scans(app, http, given)
            await forged(app)
            await listed(app, given.roster)
            await app.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passes", type=int, default=100_000)
    parser.add_argument("--roster", type=int, default=250_000)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--postgres", nargs="?", const=POSTGRES)
    asyncio.run(main(parser.parse_args()))
