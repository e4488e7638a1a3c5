"""When ledgers are frozen: every night, whatever period was over last and is not frozen yet.

A night that was missed costs nothing: the next one finds the same periods.  Two timers at once freeze once.
"""

from datetime import datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import outbox
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.services.core.working_days import DAY, ZONE
from bot.services.reports import ledgers
from bot.store.models import Lane, Outbox, OutboxState, now

OF = "ledger"  # whose timers these are
NIGHT = time(1, 0)  # China time; on a Monday the week is there before the first meeting


async def ring(session: AsyncSession, context: ServiceContext, payload: dict[str, Any]) -> None:
    """It is night."""
    await ensure(session)
    await ledgers.freeze_due(session, context)


async def ensure(session: AsyncSession) -> None:
    """See to it that a timer waits for the night.  The one that rings just now does not count: it is leased."""
    waits = Outbox.state == OutboxState.WAITING, Outbox.subject == OF, Outbox.due_at > now() + outbox.LEASE
    if await session.scalar(select(Outbox.id).where(Outbox.kind == timers.KIND, *waits).limit(1)) is None:
        payload = {"of": OF}
        await outbox.put(session, [outbox.row(timers.KIND, payload, subject=OF, lane=Lane.BULK, due_at=_night(now()))])


def _night(at: datetime) -> datetime:
    local = at.astimezone(ZONE)
    tonight = datetime.combine(local.date(), NIGHT, ZONE)
    return tonight if tonight > local else tonight + DAY
