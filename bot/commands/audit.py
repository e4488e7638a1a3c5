"""python -m bot audit verify: whether anything was changed, taken away or moved in the logs."""

import argparse
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.running import command, opened
from bot.services.core import hash_chain
from bot.services.staff import audit
from bot.services.staff.audit import CHAINS, Head
from bot.settings import Settings
from bot.store.base import Base


def add(commands: Any) -> None:
    parser = commands.add_parser("audit", help="check the logs for changes")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    verify = actions.add_parser("verify", help="every row follows from the one before; exit 1 where one does not")
    verify.add_argument(
        "--head",
        action="append",
        default=[],
        type=Head.read,
        metavar="TABLE:ID:HASH",
        help="an end that was printed before and kept elsewhere: shows that nothing was cut off since",
    )
    verify.set_defaults(run=_verify)


@command
async def _verify(given: argparse.Namespace, settings: Settings) -> int:
    return await verify(settings, given.head)


async def verify(settings: Settings, known: Sequence[Head] = ()) -> int:
    """Print what was found.  Returns 1 when a chain is broken, or an end that was kept is not in it any more."""
    async with opened(settings) as db, db.read() as session:
        broken = [await _check(session, model, known) for model in CHAINS]
    return 1 if any(broken) else 0


async def _check(session: AsyncSession, model: type[Base], known: Sequence[Head]) -> bool:
    table = model.__tablename__
    at = await hash_chain.broken_at(session, model)
    if at is not None:
        print(f"BROKEN  {table}: row {at} does not follow from the one before it")
        return True
    for head in known:
        if head.table == table and not await audit.holds(session, model, head):
            print(f"BROKEN  {table}: row {head.id}, its end once, is gone or another one")
            return True
    print(f"ok      {await audit.head(session, model) or table + ': empty'}")
    return False
