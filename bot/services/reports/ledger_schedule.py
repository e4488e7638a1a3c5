"""When ledgers are frozen: every night, whatever period was over last and is not frozen yet.

A night that was missed costs nothing: the next one finds the same periods.  Two timers at once freeze once.
"""

from datetime import time
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import jobs
from bot.queue.jobs import NightTimer
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.services.reports import ledgers

OF: Literal["ledger"] = "ledger"  # whose timers these are
NIGHT = time(1, 0)  # China time; on a Monday the week is there before the first meeting


async def ring(session: AsyncSession, context: ServiceContext, payload: NightTimer) -> None:
    """It is night."""
    await ensure(session)
    await ledgers.freeze_due(session, context)


async def ensure(session: AsyncSession) -> None:
    """See to it that a timer waits for the night."""
    await timers.ensure(session, jobs.TIMER.row({"of": OF}, subject=OF, due_at=timers.coming(NIGHT)))
