"""python -m bot restore: put a backup into an empty installation, or try one out."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from alembic.util import CommandError

import knowledge
from bot.backup import archive, backups
from bot.backup.archive import Unusable
from bot.commands import migrate, privacy
from bot.commands.backup import described
from bot.errors import CannotStart
from bot.folders import folders_of
from bot.settings import Settings

NEWER = "this backup was made by a newer version of the program: {}"


def add(commands: Any) -> None:
    parser = commands.add_parser("restore", help="put a backup into an empty installation; safe to repeat when killed")
    parser.add_argument("source", type=Path, help="a file that `backup` made")
    parser.add_argument("--identity", type=Path, metavar="FILE", help="private key of age that opens it")
    parser.add_argument("--verify", action="store_true", help="only try: into a scratch place, compared, thrown away")
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace, settings: Settings) -> int:
    try:
        private = archive.identities(given.identity) if given.identity else []
        if given.verify:
            trial = backups.verify(settings, given.source, private, folders_of(settings), migrate.upgrade)
            found = asyncio.run(trial)
            print(f"whole, and opens with the keys of this installation: {described(found)}")
            return 0
        found = asyncio.run(backups.restore(settings, given.source, private))
    except (Unusable, OSError) as error:
        raise CannotStart(str(error)) from None
    except CommandError as error:
        raise CannotStart(NEWER.format(error)) from None
    print(f"put back: {described(found)}")
    erased = _finish(settings)
    print(f"migrated; erased again whoever had asked for it since: {erased}")
    print("`python -m bot doctor` says what is still missing; then start it")
    return 0


def _finish(settings: Settings) -> int:
    """All that comes before the first answer: the newest tables, and nobody who was erased."""
    try:
        migrate.upgrade(settings)
    except CommandError as error:
        raise CannotStart(NEWER.format(error)) from None
    erased = asyncio.run(privacy.reapply(settings, knowledge.load(), ()))
    backups.finish(settings.var)
    return erased
