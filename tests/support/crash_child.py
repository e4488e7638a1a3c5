"""Reserves a reward, and stands still in the middle of issuing its code: to be killed there.

`python -m tests.support.crash_child FOLDER URL CHAT` says "reserved" when the points are held, "issuing" before the code is committed.
"""

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from bot.services.core.context import ServiceContext
from bot.services.points import vouchers
from bot.settings import Settings
from bot.store.models import Chat, Voucher
from bot.store.opening import database_of
from knowledge import texts


async def main(folder: str, url: str, chat_id: str) -> None:
    db = database_of(Settings(var=Path(folder), database_url=url, _env_file=None))
    known: Any = SimpleNamespace(texts=texts.load())  # The rest of it takes seconds to read.
    context = ServiceContext(known)
    async with db.begin() as session:
        await vouchers.reserve(session, await session.get_one(Chat, int(chat_id)), "water")
    say("reserved")
    async with db.begin() as session:
        number = await session.scalar(select(Voucher.id))
        await vouchers.ring(session, context, {"do": "issue", "number": str(number)})
        await session.flush()
        say("issuing")
        await asyncio.Event().wait()


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
