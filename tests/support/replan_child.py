"""Sets open cases right, two in a transaction, and stands still inside the transaction of one: to be killed there.

`python -m tests.support.replan_child FOLDER URL ROW CASES` works on one row of the outbox, as the relay of a process
does, until its so-manieth case, and says "here".
"""

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services import replanning
from bot.services.core.context import ServiceContext
from bot.services.replanning import Replanner
from bot.settings import Settings
from bot.store.models import Outbox
from bot.store.opening import database_of
from knowledge import appeals, hazards, texts


async def main(folder: str, url: str, row: str, cases: str) -> None:
    db = database_of(Settings(var=Path(folder), database_url=url, _env_file=None))
    # The rest of the content takes seconds to read.
    known: Any = SimpleNamespace(appeals=appeals.load(), hazards=hazards.load(), texts=texts.load())
    replanning.CHANGED = 2
    replanning.NOUNS = tuple((deadlines, standing(redate, int(cases))) for deadlines, redate in replanning.NOUNS)
    async with db.read() as session:
        leased = await session.get_one(Outbox, int(row))
    await Replanner(db, lambda: ServiceContext(known))(leased)


def standing(redate: replanning.Redate, cases: int) -> replanning.Redate:
    left = cases

    async def then_stand(session: AsyncSession, context: ServiceContext, case: Any) -> None:
        nonlocal left
        await redate(session, context, case)
        await session.flush()
        left -= 1
        if left == 0:
            sys.stdout.write("here\n")
            sys.stdout.flush()
            await asyncio.Event().wait()

    return then_stand


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
