"""Making a backup of a running installation, trying one out, and putting one back.

What is copied first decides what may be missing: a file exists before the row that names it is committed, and the
deletion log is written after the deletion.  So the database comes first, then the files, the deletion log at the end.
"""

import asyncio
import fcntl
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import make_url

from bot.backup import archive, database
from bot.backup.archive import Archive, Keys, Manifest, Unusable
from bot.services.privacy import deletion_log
from bot.settings import Settings
from bot.store import sealing
from bot.store.db import Database, connect
from bot.store.opening import database_of, vault_of
from bot.store.sealing import Folder
from bot.store.vault import CannotOpen, Vault, private

FOLDERS = ("uploads", "web")  # of sealed files below NUANXIN_VAR
UNFINISHED = "restoring"  # below NUANXIN_VAR while a backup is being put back
WORD = "nuanxin"  # sealed in every backup, so that a wrong key shows before anything is put back
SAMPLE = 200  # values of each place that a trial opens


async def make(settings: Settings, target: Path, keys: Sequence[Any]) -> Manifest:
    """Back up into a file, for the private keys that belong to `keys`.  Raises Unusable."""
    db = database_of(settings)
    with _working(settings.var) as work:
        try:
            copy = work / database.NAME
            tables = await database.save(db, settings.database, copy)
            revision = await _revision(db)
        finally:
            await db.close()
        manifest = Manifest(
            program=version("nuanxin"),
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            revision=revision,
            database=db.dialect,
            tables=tables,
            files={},
            keys=_shown(vault_of(settings)),
        )
        await asyncio.to_thread(_write, settings.var, copy, target, keys, manifest)
    return manifest


def _write(var: Path, copy: Path, target: Path, keys: Sequence[Any], manifest: Manifest) -> None:
    with archive.writing(target, keys) as into:
        into.add(copy, database.NAME)
        for folder in FOLDERS:
            _add_folder(into, var, folder)
        with suppress(FileNotFoundError):
            into.add(var / deletion_log.NAME, deletion_log.NAME)
        manifest.files = into.files
        into.finish(manifest)


def _add_folder(into: Archive, var: Path, name: str) -> None:
    for path in sorted((var / name).rglob("*")):
        if path.is_file() and not path.name.endswith(sealing.HALF):
            with suppress(FileNotFoundError):  # Erased meanwhile, and so is its row.
                into.add(path, path.relative_to(var).as_posix())


async def verify(
    settings: Settings,
    source: Path,
    identities: Sequence[Any],
    folders: list[Folder],
    upgrade: Callable[[Settings], None],
) -> Manifest:
    """Restore a backup into a scratch place and compare: files, rows of every table, a sample of what is sealed.

    `folders` are those of sealed files; `upgrade` brings the copy to the newest tables, as a real restore would.
    Changes nothing of what is here.  Raises Unusable, and what `upgrade` raises.
    """
    vault = vault_of(settings)
    with _working(settings.var) as work:
        manifest = await asyncio.to_thread(archive.unpack, source, work, identities)
        _check_fits(settings, manifest)
        async with database.scratch(settings.database, work / database.NAME, vault) as url:
            await _compare(connect(url, vault), manifest)
            await asyncio.to_thread(upgrade, settings.model_copy(update={"database_url": url}))
            moved = [Folder(work / each.path.relative_to(settings.var), each.purpose) for each in folders]
            await _open_sample(connect(url, vault), moved)
    return manifest


async def _compare(db: Database, manifest: Manifest) -> None:
    try:
        if not await database.sound(db):
            raise Unusable("the database in this backup is damaged")
        async with db.connect() as connection:
            rows = await database.counted(connection, manifest.tables)
    finally:
        await db.close()
    for name, expected in manifest.tables.items():
        if rows[name] != expected:
            raise Unusable(f"{name} has {rows[name]} rows, and had {expected} when this backup was made")


async def _open_sample(db: Database, folders: list[Folder]) -> None:
    try:
        async for place in sealing.check(db, folders, most=SAMPLE):
            if place.closed:
                raise Unusable(f"{place.closed} values of {place.place} do not open with these keys")
    finally:
        await db.close()


async def restore(settings: Settings, source: Path, identities: Sequence[Any]) -> Manifest:
    """Put a backup into an empty installation.  Raises Unusable, having changed nothing.

    Until `finish` the installation counts as unfinished: nobody is answered from it, and killed in between it is
    restored once more.
    """
    again = is_unfinished(settings.var)
    if not again and not await _is_empty(settings):
        raise Unusable("this installation is not empty: restore into an empty database and an empty NUANXIN_VAR")
    with _working(settings.var) as work:
        manifest = await asyncio.to_thread(archive.unpack, source, work, identities)
        _check_fits(settings, manifest)
        _mark(settings.var, source)
        await database.load(settings.database, work / database.NAME, again=again)
        for name in manifest.files:
            if name.split("/", 1)[0] in FOLDERS:
                _move(work / name, settings.var / name)
        deletion_log.merge(settings.var, work / deletion_log.NAME)
    return manifest


def finish(var: Path) -> None:
    """All that belongs to a restored backup is done: it may answer."""
    (var / UNFINISHED).unlink(missing_ok=True)


def is_unfinished(var: Path) -> bool:
    """Whether a backup was being put back here and was not finished."""
    return (var / UNFINISHED).exists()


def _mark(var: Path, source: Path) -> None:
    (var / UNFINISHED).write_text(f"{source}\n", encoding="utf-8")
    archive.settle(var)


def _move(old: Path, new: Path) -> None:
    new.parent.mkdir(parents=True, exist_ok=True)
    old.replace(new)


def _check_fits(settings: Settings, manifest: Manifest) -> None:
    """A backup is for one kind of database, and is of no use without its keys.  Raises Unusable."""
    kind = make_url(settings.database).get_backend_name()
    if manifest.database != kind:
        raise Unusable(f"this is a backup of {manifest.database}, and NUANXIN_DATABASE_URL names {kind}")
    vault, keys = vault_of(settings), manifest.keys
    missing = set(keys.vault) - vault.numbers
    try:
        vault.open(bytes.fromhex(keys.sealed), WORD)
    except CannotOpen:
        missing |= {keys.vault[0]}
    if missing:
        numbers = ", ".join(map(str, sorted(missing)))
        raise Unusable(f"NUANXIN_VAULT_KEY (or vault.key) is another one: this backup needs key {numbers} of then")
    if vault.blind(WORD, WORD).hex() != keys.secret:
        raise Unusable("NUANXIN_SECRET_KEY (or secret.key) is another one than when this backup was made")


def _shown(vault: Vault) -> Keys:
    numbers = [vault.current, *sorted(vault.numbers - {vault.current})]
    sealed = vault.seal(WORD.encode(), WORD).hex()
    return Keys(vault=numbers, sealed=sealed, secret=vault.blind(WORD, WORD).hex())


async def _is_empty(settings: Settings) -> bool:
    db = database_of(settings)
    try:
        return await database.is_empty(db)
    finally:
        await db.close()


async def _revision(db: Database) -> str:
    async with db.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision()) or ""


@contextmanager
def _working(var: Path) -> Iterator[Path]:
    """A folder of our own on the same disk, for one backup or restore at a time; what a killed one left is removed."""
    private(var)
    with (var / "backup.lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unusable("another backup or restore is underway here") from None
        work = var / "backup.work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o700)
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
