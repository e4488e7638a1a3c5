"""Writing down what became of events: in one statement for all that went well."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import log
from bot.backend.publisher import Away, PublishOutcome
from bot.errors import Refused, TryLater
from bot.queue.outbox import ClaimedJob
from bot.store.models import Appeal, Outbox, OutboxState, now

logger = log.get(__name__)

AGAIN = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 60))  # between tries of one row; the last repeats
WEEK = timedelta(days=7)  # after that, and TRIES, a row that only fails is dead: somebody has to look
TRIES = 10
WHY = 200  # characters of a reason that are kept

Pair = tuple[ClaimedJob, PublishOutcome]


async def write(connection: AsyncConnection, pairs: Sequence[Pair]) -> None:
    """Note the outcomes of a batch."""
    taken = [job.id for job, outcome in pairs if outcome.error is None]
    if taken:
        await connection.execute(_SENT, {"ids": taken, "at": now()})
    numbers = [{"which": job.subject, "theirs": outcome.number} for job, outcome in pairs if outcome.number]
    if numbers:
        await connection.execute(_NUMBER, numbers)
    kept = [_failure(job, outcome.error) for job, outcome in pairs if outcome.error is not None]
    if kept:
        await connection.execute(_KEPT, kept)


def _failure(job: ClaimedJob, error: Exception) -> dict[str, Any]:
    """A row that did not go.  It keeps its content, so that it can be sent again, even when it is dead."""
    state = OutboxState.DEAD if _hopeless(job, error) else OutboxState.WAITING
    if state is OutboxState.DEAD:
        logger.error("event dead", row=job.id, number=job.subject, why=str(error))
    return {"row": job.id, "new_state": state, "new_due_at": _next(job, error), "new_why": _why(error)}


def _hopeless(job: ClaimedJob, error: Exception) -> bool:
    if isinstance(error, Away):
        return False
    worn_out = job.attempts >= TRIES and now() - job.created_at > WEEK
    return worn_out or isinstance(error, Refused)


def _next(job: ClaimedJob, error: Exception) -> datetime:
    """When a row may be tried again.  Of one whose backend is away the breaker decides alone."""
    if isinstance(error, Away):
        return now()
    wish = error.after if isinstance(error, TryLater) else None
    return now() + (wish or AGAIN[min(job.attempts, len(AGAIN) - 1)]) * random.uniform(1.0, 1.2)


def _why(error: Exception) -> str:
    return (log.hide(str(error)) or type(error).__name__)[:WHY]


_TABLE = Outbox.__table__
_SENT = (
    update(_TABLE)  # type: ignore[arg-type]
    .where(_TABLE.c.id.in_(bindparam("ids", expanding=True)))
    .values(state=OutboxState.SENT, payload=None, why="", sent_at=bindparam("at"), attempts=_TABLE.c.attempts + 1)
)
_KEPT = (
    update(_TABLE)  # type: ignore[arg-type]
    .where(_TABLE.c.id == bindparam("row"))
    .values(
        state=bindparam("new_state"),
        due_at=bindparam("new_due_at"),
        why=bindparam("new_why"),
        attempts=_TABLE.c.attempts + 1,
    )
)
_APPEALS = Appeal.__table__
_NUMBER = (
    update(_APPEALS)  # type: ignore[arg-type]
    .where(_APPEALS.c.number == bindparam("which"))
    .values(
        backend_number=case((_APPEALS.c.backend_number == "", bindparam("theirs")), else_=_APPEALS.c.backend_number)
    )
)
