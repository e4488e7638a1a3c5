"""python -m bot open311 key add|list|remove: who may report through the API."""

import argparse
import sys
from typing import Any

from bot.commands.running import command, transaction
from bot.errors import Rejected
from bot.services.open311 import api_keys
from bot.settings import Settings


def add(commands: Any) -> None:
    parser = commands.add_parser("open311", help="keys to the Open311 API")
    key = parser.add_subparsers(dest="what", required=True, metavar="key").add_parser("key", help="add, list, remove")
    actions = key.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser("add", help="a new key, shown once")
    new.add_argument("name", metavar="NAME", help="of the client, for people")
    new.add_argument("--agency", default="", metavar="CODE", help="its news may move the hazards of this agency")
    new.add_argument("--exact", action="store_true", help="is told exact places instead of rounded ones")
    new.add_argument("--a-minute", type=int, default=60, metavar="N", help="calls it may write in a minute (60)")
    new.add_argument("--a-day", type=int, default=5_000, metavar="N", help="calls it may write in a day (5000)")
    new.set_defaults(run=_add)
    actions.add_parser("list", help="names, rights and use").set_defaults(run=_list)
    gone = actions.add_parser("remove", help="from now on it opens nothing")
    gone.add_argument("name", metavar="NAME")
    gone.set_defaults(run=_remove)


@command
async def _add(given: argparse.Namespace, settings: Settings) -> int:
    name, most = given.name[:60], {"a_minute": max(given.a_minute, 1), "a_day": max(given.a_day, 1)}
    async with transaction(settings) as session:
        try:
            key = await api_keys.add(session, name, agency=given.agency, exact=given.exact, **most)
        except Rejected as why:
            print(f"{given.name}: {why.key}: the name is taken, or there is no such agency", file=sys.stderr)
            return 1
    print(key)
    print("This is the only time it is shown; we keep its hash.", file=sys.stderr)
    return 0


@command
async def _list(_given: argparse.Namespace, settings: Settings) -> None:
    async with transaction(settings) as session:
        for key in await api_keys.listed(session):
            rights = " ".join(
                filter(None, ("exact" if key.exact else "", f"agency {key.agency_id}" if key.agency_id else ""))
            )
            state = f"removed {key.revoked_at:%Y-%m-%d}" if key.revoked_at else f"{key.a_minute}/min {key.a_day}/day"
            print(f"{key.name}\t{state}\t{rights or '-'}\tsince {key.created_at:%Y-%m-%d}")


@command
async def _remove(given: argparse.Namespace, settings: Settings) -> int:
    async with transaction(settings) as session:
        removed = await api_keys.remove(session, given.name)
    if removed:
        print(f"{given.name} opens nothing any more")
        return 0
    print(f"{given.name}: no such key", file=sys.stderr)
    return 1
