"""Backups that are killed at any moment: is each one whole or absent, and does what was acknowledged come back?

    python -m benchmarks.backups [--kills 20] [--rows 20000] [--postgres URL]

Fills a database, kills `python -m bot backup` after a random while again and again, then lets one end, verifies it,
puts it back into an empty installation and compares the rows.  Prints how large it is and how long each took.
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyrage

from benchmarks.databases import POSTGRES, fresh
from benchmarks.machine import machine
from bot.backup import archive, backups, database
from bot.backup.archive import Manifest
from bot.commands import migrate
from bot.folders import folders_of
from bot.settings import Settings
from bot.store.models import SeenUpdate
from bot.store.opening import database_of, vault_of

PHOTOS, SIZE = 40, 200_000  # files, and bytes of each
TARGET = "city.backup"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--postgres", nargs="?", const=POSTGRES)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_main(given, Path(folder)))


async def _main(given: argparse.Namespace, folder: Path) -> None:
    async with fresh(given.postgres) as one, fresh(given.postgres) as another:
        old, new = (
            Settings(var=folder / name, database_url=url, _env_file=None) for name, url in (("o", one), ("n", another))
        )
        await drill(old, new, folder, given)


async def drill(old: Settings, new: Settings, folder: Path, given: argparse.Namespace) -> None:
    """Fill, kill, back up, restore; prints what was seen."""
    await asyncio.to_thread(migrate.upgrade, old)
    await fill(old, given.rows)
    pair = pyrage.x25519.Identity.generate()
    (folder / "backup.key").write_text(str(pair), encoding="ascii")
    command = [sys.executable, "-m", "bot", "backup", str(folder / TARGET), "--to", str(pair.to_public())]
    environment = {**os.environ, "NUANXIN_VAR": str(old.var), "NUANXIN_DATABASE_URL": old.database_url}
    whole = await asyncio.to_thread(timed, command, environment)
    identities = archive.identities(folder / "backup.key")
    size = (folder / TARGET).stat().st_size
    counts = {"whole": 0, "absent": 0, "broken": 0}
    for _ in range(given.kills):
        counts[await killed(command, environment, folder / TARGET, random.uniform(0, whole), identities)] += 1
    (folder / TARGET).unlink(missing_ok=True)
    await asyncio.to_thread(timed, command, environment)
    new.var.mkdir(exist_ok=True)
    for key in ("vault.key", "secret.key"):
        (new.var / key).write_bytes((old.var / key).read_bytes())
    await backups.verify(old, folder / TARGET, identities, folders_of(old), migrate.upgrade)
    began = time.perf_counter()
    manifest = await backups.restore(new, folder / TARGET, identities)
    took = time.perf_counter() - began
    after = await counted(new, manifest)
    lost = {name for name, rows in manifest.tables.items() if after[name] != rows}
    print(machine())
    print(
        f"{manifest.database}: {sum(manifest.tables.values()):,} rows, {len(manifest.files)} files, {size / 2**20:.1f} MB"
    )
    print(f"a backup, the program's start included: {whole:.1f} s; put back: {took:.1f} s")
    print(f"killed {given.kills} times at a random moment: " + ", ".join(f"{n} {word}" for word, n in counts.items()))
    print(f"verified; rows put back: {'all' if not lost else f'not of {sorted(lost)}'}")
    if counts["broken"] or lost:
        sys.exit(1)


async def fill(settings: Settings, rows: int) -> None:
    db = database_of(settings)
    async with db.begin() as session:
        session.add_all(SeenUpdate(channel="web", id=each, answer={"text": "x" * 80}) for each in range(rows))
    await db.close()
    vault, [uploads, *_] = vault_of(settings), folders_of(settings)
    uploads.path.mkdir(exist_ok=True)
    for each in range(PHOTOS):
        (uploads.path / f"{each:032x}").write_bytes(vault.seal(os.urandom(SIZE), uploads.purpose(f"{each:032x}")))


async def counted(settings: Settings, manifest: Manifest) -> dict[str, int]:
    """Rows of each table that the backup had."""
    db = database_of(settings)
    async with db.connect() as connection:
        found = await database.counted(connection, manifest.tables)
    await db.close()
    return found


def timed(command: list[str], environment: dict[str, str]) -> float:
    """Seconds until a command ends well."""
    began = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


async def killed(
    command: list[str], environment: dict[str, str], target: Path, after: float, identities: list[object]
) -> str:
    """Kill a backup after some seconds: "absent", "whole", or "broken" for what must not be."""
    await asyncio.to_thread(target.unlink, missing_ok=True)
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=subprocess.DEVNULL)
    await asyncio.sleep(after)
    if process.returncode is None:
        process.kill()
    await process.wait()
    if not await asyncio.to_thread(target.exists):
        return "absent"
    with tempfile.TemporaryDirectory() as scratch:
        try:
            await asyncio.to_thread(archive.unpack, target, Path(scratch), identities)
        except archive.Unusable:
            return "broken"
    return "whole"


if __name__ == "__main__":
    main()
