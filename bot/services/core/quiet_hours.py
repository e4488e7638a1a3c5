"""Quiet hours: what is not urgent waits until the morning."""

from datetime import datetime, time, timedelta

from bot.services.core.working_days import ZONE

EVENING, MORNING = time(22), time(8)  # China time


def waking(at: datetime, start: time = EVENING, end: time = MORNING) -> datetime:
    """The moment itself outside quiet hours, else when they end.  `start` may be later in the day than `end`."""
    local = at.astimezone(ZONE)
    clock = local.timetz().replace(tzinfo=None)
    across = start > end
    quiet = (clock >= start or clock < end) if across else (start <= clock < end)
    if start == end or not quiet:
        return at
    day = local.date() + timedelta(days=1 if across and clock >= start else 0)
    return datetime.combine(day, end, ZONE)


def of(own: str, usual: tuple[time, time]) -> tuple[time, time]:
    """The hours somebody chose for themselves; the usual ones when they chose none."""
    return read(own) if own else usual


def read(text: str) -> tuple[time, time]:
    """Quiet hours as `22-8`; the same hour twice means none.  Raises ValueError."""
    start, end = text.split("-")
    return time(int(start)), time(int(end))
