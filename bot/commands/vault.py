"""python -m bot vault: change the key that seals identities, and see whether everything still opens."""

import argparse
from collections.abc import AsyncIterator
from typing import Any

from bot.commands.running import command, opened
from bot.folders import folders_of
from bot.settings import Settings
from bot.store import sealing
from bot.store.sealing import SealedFile

SAMPLE = 200  # values of each place that are opened


def add(commands: Any) -> None:
    parser = commands.add_parser("vault", help="seal anew with the newest key; see whether everything opens")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    rotate = actions.add_parser("rotate", help="seal with the newest key what an older one sealed; safe to repeat")
    rotate.set_defaults(run=_rotate)
    check = actions.add_parser("check", help="open a sample of everything that is sealed")
    check.add_argument("--all", action="store_true", help="everything, not a sample")
    check.set_defaults(run=_check)


@command
async def _rotate(_given: argparse.Namespace, settings: Settings) -> int:
    return await turn(settings)


@command
async def _check(given: argparse.Namespace, settings: Settings) -> int:
    return await examine(settings, most=None if given.all else SAMPLE)


async def turn(settings: Settings) -> int:
    """Seal everything with the newest key.  Returns 1 when something would not open."""
    async with opened(settings) as db:
        places = sealing.rotate(db, folders_of(settings))
        return await _print(places, "{0.sealed} sealed anew, {0.closed} would not open")


async def examine(settings: Settings, *, most: int | None) -> int:
    """Open a sample of everything.  Returns 1 when something would not open."""
    async with opened(settings) as db:
        places = sealing.check(db, folders_of(settings), most=most)
        return await _print(places, "{1}: {0.opened} opened, {0.closed} would not open")


async def _print(places: AsyncIterator[SealedFile], line: str) -> int:
    closed = 0
    async for found in places:
        keys = ", ".join(f"{count} by key {number}" for number, count in sorted(found.keys.items())) or "nothing"
        print(f"{'MEND' if found.closed else 'ok  '}  {found.place}: {line.format(found, keys)}")
        closed += found.closed
    return 1 if closed else 0
