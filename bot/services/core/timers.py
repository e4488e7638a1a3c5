"""The timers of a case are outbox rows with a date, and each one checks on ringing whether it still matters.

Which ones a case has follows from its clock, its deadline and what has been said already, so they can be set anew at any
time without anything being said twice.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, time
from typing import Any, cast

from sqlalchemy import delete, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import jobs, outbox
from bot.queue.jobs import CaseTimer
from bot.services.core.case_clock import CaseClock
from bot.services.core.working_days import DAY, ZONE, Calendar, YearUnknown
from bot.store.models import Outbox, OutboxState, now

WARNINGS = (0.5, 0.8)  # shares of the time after which the handler is reminded
LATE = (1, 5)  # working days after the deadline at which it goes one level up
PENDING = 5  # working days a question waits for the worker
OF_CLOCK = ("warn", "overdue", "pending")  # what the clock of a case sets


def running(
    number: str, clock: CaseClock, due_at: datetime | None, *, said: Collection[str] = (), of: str = "appeal"
) -> list[Outbox]:
    """Reminders and the first escalation of a case.  The later ones are set when the deadline has passed.

    said: keys of what the timeline says of this clock.  A reminder that was given is set again only for a later moment.
    """
    if due_at is None or overdue_key(0, due_at) in said:
        return []
    given = {share for share in WARNINGS if any(key.startswith(f"warn:{share}:") for key in said)}
    moments = {share: clock.used(due_at, share) for share in WARNINGS}
    rows = [
        timer(number, "warn", at, due=due_at, share=share, of=of)
        for share, at in moments.items()
        if share not in given or at > now()
    ]
    return [*rows, timer(number, "overdue", due_at, due=due_at, days=0, of=of)]


def late(
    number: str, due_at: datetime, calendar: Calendar, *, said: Collection[str] = (), of: str = "appeal"
) -> list[Outbox]:
    """The escalations after a deadline; none into a year whose calendar nobody knows."""
    rows = []
    for days in LATE:
        try:
            at = calendar.working_days_after(due_at, days)
        except YearUnknown:
            break
        if overdue_key(days, due_at) not in said:
            rows.append(timer(number, "overdue", at, due=due_at, days=days, of=of))
    return rows


def pending(number: str, paused_at: datetime, calendar: Calendar) -> list[Outbox]:
    """When a case goes on without the worker's answer; nothing while the calendar of the year is not known."""
    try:
        at = calendar.working_days_after(paused_at, PENDING)
    except YearUnknown:
        return []
    return [timer(number, "pending", at, since=paused_at)]


def timer(number: str, what: str, at: datetime, *, of: str = "appeal", **details: Any) -> Outbox:
    """Something to look at again later.  Moments among the details are compared when it rings.

    of: the kind of case, as bot.services.timer_handlers knows it.
    """
    plain = {name: written(value) if isinstance(value, datetime) else value for name, value in details.items()}
    payload = {"of": of, "do": what, "number": number, **plain}
    return jobs.TIMER.row(cast(CaseTimer, payload), subject=f"{what}:{number}", due_at=max(at, now()))


async def ensure(session: AsyncSession, row: Outbox) -> None:
    """See to it that a row of this kind and subject waits.  The one that is underway does not count: it is leased."""
    waits = Outbox.state == OutboxState.WAITING, Outbox.due_at > now() + outbox.LEASE
    same = Outbox.kind == row.kind, Outbox.subject == row.subject
    if await session.scalar(select(Outbox.id).where(*same, *waits).limit(1)) is None:
        await outbox.put(session, [row])


def coming(hour: time) -> datetime:
    """The next time it is this hour in China."""
    at = now().astimezone(ZONE)
    today = datetime.combine(at.date(), hour, ZONE)
    return today if today > at else today + DAY


async def set_anew(session: AsyncSession, number: str, rows: Sequence[Outbox]) -> None:
    """Give a case these timers of its clock in place of those that wait.

    What is about to ring is left to ring: it finds that the deadline is another one.
    """
    gone = Outbox.subject.in_(_subjects([number])), Outbox.due_at > now() + outbox.LEASE
    await session.execute(delete(Outbox).where(*_WAITING, *gone))
    await outbox.put(session, rows)


async def waiting(session: AsyncSession, numbers: Iterable[str]) -> dict[str, list[tuple[str, datetime]]]:
    """Of each case the timers of its clock that wait: their subjects and dates."""
    found: dict[str, list[tuple[str, datetime]]] = {}
    asked = select(Outbox.subject, Outbox.due_at).where(*_WAITING, Outbox.subject.in_(_subjects(numbers)))
    for subject, due_at in await session.execute(asked):
        found.setdefault(subject.partition(":")[2], []).append((subject, due_at))
    return found


def are_set(wanted: Iterable[Outbox], found: Iterable[tuple[str, datetime]]) -> bool:
    """Whether these timers wait and no others; what is about to ring is told by its subject alone."""
    soon = now() + outbox.LEASE
    return Counter((each.subject, max(each.due_at, soon)) for each in wanted) == Counter(
        (subject, max(due_at, soon)) for subject, due_at in found
    )


def warn_key(share: float, due_at: datetime) -> str:
    """Under which key a timeline says that a share of the time is used up."""
    return f"warn:{share}:{due_at.astimezone(UTC):%Y%m%d%H%M%S}"


def overdue_key(days: int, due_at: datetime) -> str:
    """Under which key a timeline says that a deadline passed so many working days ago."""
    return f"overdue:{days}:{due_at.astimezone(UTC):%Y%m%d%H%M%S}"


def written(moment: datetime) -> str:
    """A moment as timers write it: in UTC, so that the same moment is the same text."""
    return moment.astimezone(UTC).isoformat()


def _subjects(numbers: Iterable[str]) -> list[str]:
    return [f"{what}:{number}" for number in numbers for what in OF_CLOCK]


# Spelled out, because a partial index is used only for a condition that is known before the values are.
_WAITING = (
    Outbox.kind == literal(jobs.TIMER.kind, literal_execute=True),
    Outbox.state == literal(OutboxState.WAITING, literal_execute=True),
)
