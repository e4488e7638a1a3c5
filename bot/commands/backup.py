"""python -m bot backup: everything this installation keeps in one encrypted file, made while it runs."""

import argparse
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.backup import archive, backups
from bot.backup.archive import Manifest, Unusable
from bot.commands import migrate
from bot.commands.running import command
from bot.errors import CannotStart
from bot.folders import folders_of
from bot.settings import Settings

NAME = "nuanxin-{:%Y%m%dT%H%M%SZ}.backup"
DAY = 86_400.0  # seconds
NOBODY = """Nobody is named who could open this backup.  `age-keygen -o backup.key` makes a key pair; its public half goes
into NUANXIN_BACKUP_RECIPIENTS or --to, its private half away from this machine.  --plain writes it unencrypted."""


def add(commands: Any) -> None:
    parser = commands.add_parser("backup", help="everything in one encrypted file, made while the bot runs")
    parser.add_argument("target", type=Path, help="a file that is not there yet, or a folder that is")
    parser.add_argument("--to", action="append", default=[], metavar="age1...", help="public keys it is encrypted for")
    parser.add_argument("--plain", action="store_true", help="not encrypted")
    parser.add_argument("--keep", type=int, metavar="N", help="in a folder: keep the newest N backups")
    parser.add_argument("--verify", action="store_true", help="restore it into a scratch place, and compare")
    parser.add_argument("--identity", type=Path, metavar="FILE", help="private key, to verify what is encrypted")
    parser.set_defaults(run=_run)


@command
async def _run(given: argparse.Namespace, settings: Settings) -> None:
    keys = _recipients(given, settings)
    private = archive.identities(given.identity) if given.identity else []
    target = given.target / NAME.format(datetime.now(UTC)) if given.target.is_dir() else given.target
    if given.keep is not None and given.keep < 1:
        raise CannotStart("--keep 1 or more: a folder that keeps no backup has none")
    if target.exists():
        raise CannotStart(f"{target} is there already")
    if given.verify and keys and not private:
        raise CannotStart("--verify needs --identity: what is encrypted opens with the private key only")
    try:
        made = await backups.make(settings, target, keys)
        print(f"{target}: {described(made)}")
        if given.verify:
            await backups.verify(settings, target, private, folders_of(settings), migrate.upgrade)
            print("verified: restored into a scratch place, every file and table as it was")
    except (Unusable, OSError) as error:
        raise CannotStart(str(error)) from None
    if given.keep and given.target.is_dir():
        _tidy(given.target, given.keep)


def _recipients(given: argparse.Namespace, settings: Settings) -> Sequence[Any]:
    names = given.to or settings.backup_recipients.split()
    if given.plain:
        return ()
    if not names:
        raise CannotStart(NOBODY)
    try:
        return archive.recipients(names)
    except ValueError as error:
        raise CannotStart(str(error)) from None


def described(manifest: Manifest) -> str:
    """What a backup holds, in a line."""
    rows, size = sum(manifest.tables.values()), sum(file.size for file in manifest.files.values())
    return (
        f"{manifest.database} at {manifest.revision}, {len(manifest.tables)} tables, {rows} rows, "
        f"{len(manifest.files)} files, {size / 2**20:.1f} MB, of {manifest.made_at}; "
        f"opens with vault keys {', '.join(map(str, manifest.keys.vault))} of this installation"
    )


def _tidy(folder: Path, keep: int) -> None:
    """Remove what is older than the newest few, and what killed backups left."""
    for old in sorted(folder.glob("nuanxin-*.backup"))[:-keep]:
        old.unlink()
    for left in folder.glob(".nuanxin-*.backup.partial"):
        if time.time() - left.stat().st_mtime > DAY:
            left.unlink()
