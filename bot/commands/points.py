"""python -m bot points reconcile: whether every account, every chain and every stock adds up."""

import argparse
from typing import Any

from bot.commands.running import command, opened
from bot.services.points import reconciliation
from bot.settings import Settings


def add(commands: Any) -> None:
    points = commands.add_parser("points", help="whether the points add up")
    points.add_argument("what", choices=["reconcile"])
    points.set_defaults(run=_run)


@command
async def _run(_given: argparse.Namespace, settings: Settings) -> int:
    return await reconcile(settings)


async def reconcile(settings: Settings) -> int:
    """Print what does not add up.  Returns 1 when anything does not."""
    wrong = 0
    async with opened(settings) as db, db.begin() as session:
        if db.dialect == "postgresql":  # One snapshot: nothing moves while it is counted.  SQLite has one writer.
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        async for finding in reconciliation.findings(session):
            print(finding)
            wrong += 1
    print("the points add up" if not wrong else f"{wrong} to look at")
    return 1 if wrong else 0
