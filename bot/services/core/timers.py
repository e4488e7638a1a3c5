"""The clock of a case: timers are outbox rows with a date, and each one checks on ringing whether it still matters."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import outbox
from bot.services.core.working_days import Calendar, YearUnknown, part
from bot.store.models import Appeal, Lane, Outbox, now

KIND = "timer"
WARNINGS = (0.5, 0.8)  # shares of the time after which the handler is reminded
LATE = (1, 5)  # working days after the deadline at which it goes one level up


def timers(number: str, start: datetime, due_at: datetime | None, *, of: str = "appeal") -> list[Outbox]:
    """Reminders and the first escalation of a case.  Later ones are set when the deadline has passed."""
    if due_at is None:
        return []
    rows = [timer(number, "warn", part(start, due_at, share), due=due_at, share=share, of=of) for share in WARNINGS]
    return [*rows, timer(number, "overdue", due_at, due=due_at, days=0, of=of)]


def late(number: str, due_at: datetime, calendar: Calendar, *, of: str = "appeal") -> list[Outbox]:
    """The escalations after a deadline; none into a year whose calendar nobody knows."""
    rows = []
    for days in LATE:
        try:
            at = calendar.working_days_after(due_at, days)
        except YearUnknown:
            break
        rows.append(timer(number, "overdue", at, due=due_at, days=days, of=of))
    return rows


def timer(number: str, what: str, at: datetime, *, of: str = "appeal", **details: Any) -> Outbox:
    """Something to look at again later.  Moments among the details are compared when it rings.

    of: the kind of case, as bot.services.timer_handlers knows it.
    """
    plain = {name: written(value) if isinstance(value, datetime) else value for name, value in details.items()}
    payload = {"of": of, "do": what, "number": number, **plain}
    return outbox.row(KIND, payload, subject=f"{what}:{number}", lane=Lane.BULK, due_at=max(at, now()))


async def restart(session: AsyncSession, appeal: Appeal) -> None:
    """The deadline moved: set its timers anew.  Old ones ring in vain, because their deadline is another one."""
    await outbox.put(session, timers(appeal.number, now(), appeal.due_at))


def concerns(appeal: Appeal, due: str) -> bool:
    """Whether a timer that was set for a deadline still means this case."""
    return appeal.due_at is not None and appeal.paused_at is None and written(appeal.due_at) == due


def written(moment: datetime) -> str:
    """A moment as timers write it: in UTC, so that the same moment is the same text."""
    return moment.astimezone(UTC).isoformat()
