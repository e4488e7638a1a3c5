"""python -m bot backend: what does not get out, what nobody could place, and the document of the wire."""

import argparse
from typing import Any

from bot.commands.running import command, opened, transaction
from bot.services.appeals import deliveries as appeal_deliveries
from bot.settings import Settings


def add(commands: Any) -> None:
    parser = commands.add_parser("backend", help="the backend queue: what is stuck, sending it again")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("stuck", help="events that are dead or wait for too long").set_defaults(run=_stuck)
    actions.add_parser("letters", help="what the backend said that fits no case").set_defaults(run=_letters)
    again = actions.add_parser("again", help="send dead and failed events once more")
    again.add_argument("numbers", nargs="*", metavar="NUMBER", help="of these cases only")
    again.set_defaults(run=_again)
    wire = actions.add_parser("asyncapi", help="the document of the wire, as docs/asyncapi.yaml holds it")
    wire.set_defaults(run=_asyncapi)


def _asyncapi(_given: argparse.Namespace, _settings: Settings) -> int:
    from bot.backend import asyncapi  # brings the clients of all brokers

    print(asyncapi.document(), end="")
    return 0


@command
async def _stuck(_given: argparse.Namespace, settings: Settings) -> None:
    async with opened(settings) as db, db.read() as session:
        found = await appeal_deliveries.stuck(session)
    for each in found:
        print(f"{each.number}  {each.delivery:8} since {each.since:%Y-%m-%d %H:%M}  {each.attempts} tries  {each.why}")
    print(f"{len(found)} stuck" + (": python -m bot backend again sends them once more" if found else ""))


@command
async def _letters(_given: argparse.Namespace, settings: Settings) -> None:
    async with opened(settings) as db, db.read() as session:
        found = await appeal_deliveries.letters(session)
    for each in found:
        print(f"{each.id}  {each.at:%Y-%m-%d %H:%M}  {each.why}\n    {each.body}")
    print(f"{len(found)} dead letters")


@command
async def _again(given: argparse.Namespace, settings: Settings) -> None:
    async with transaction(settings) as session:
        number = await appeal_deliveries.again(session, given.numbers)
    print(f"{number} events go out again")
