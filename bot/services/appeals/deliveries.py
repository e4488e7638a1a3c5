"""How far a case is on its way to the backend.  That is apart from how far the case is: it is read off the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.queue import jobs
from bot.services.core.counting import capped, counted
from bot.store.models import Appeal, DeadLetter, Outbox, OutboxState, now

STUCK = timedelta(minutes=15)  # An event that waits longer than this is shown to people.


class EventDelivery(StrEnum):
    DESK = "desk"  # no backend: the console is the desk
    QUEUED = "queued"
    SENDING = "sending"  # a relay has it
    SENT = "sent"  # the broker, or the backend's address, has it
    ACKNOWLEDGED = "acknowledged"  # the backend has said something about the case
    FAILED = "failed"  # and will be tried again
    DEAD = "dead"  # and will not, until somebody says so


@dataclass(frozen=True, slots=True)
class Stuck:
    """An event that does not get out."""

    number: str
    delivery: EventDelivery
    since: datetime
    attempts: int
    why: str


async def of(session: AsyncSession, appeal: Appeal) -> tuple[EventDelivery, str]:
    """How far what the backend is to know of a case has got, and why not further."""
    oldest = select(Outbox).where(_unsent(), Outbox.subject == appeal.number).order_by(Outbox.id).limit(1)
    row = await session.scalar(oldest)
    if row is not None:
        return _state(row), row.why
    if not appeal.forwarded:
        return EventDelivery.DESK, ""
    return (EventDelivery.ACKNOWLEDGED if appeal.news_at or appeal.backend_number else EventDelivery.SENT), ""


async def stuck(session: AsyncSession, limit: int = 50) -> list[Stuck]:
    """Events that are dead, or that wait for too long; the oldest first."""
    rows = await session.scalars(select(Outbox).where(_unsent(), _late()).order_by(Outbox.id).limit(limit))
    return [Stuck(row.subject, _state(row), row.created_at, row.attempts, row.why) for row in rows]


async def counts(session: AsyncSession) -> dict[str, Any]:
    """For /readyz and doctor: events waiting, since when the oldest of them, dead ones, letters nobody could place."""
    waiting = and_(_unsent(), Outbox.state == OutboxState.WAITING)
    oldest = await session.scalar(select(Outbox.created_at).where(waiting).order_by(Outbox.id).limit(1))
    dead = and_(_unsent(), Outbox.state == OutboxState.DEAD)
    numbers = {"waiting": waiting, "dead": dead}
    asked = {name: capped(Outbox, condition) for name, condition in numbers.items()}
    counts = await counted(session, {**asked, "dead_letters": capped(DeadLetter, true())})
    return {**counts, "oldest_seconds": round((now() - oldest).total_seconds(), 1) if oldest else 0.0}


async def again(session: AsyncSession, numbers: Sequence[str] = ()) -> int:
    """Send what is dead once more, of these cases or of all; and what waits for another try, at once.

    Returns how many events that is.
    """
    failed = or_(Outbox.state == OutboxState.DEAD, Outbox.attempts > 0)
    chosen = update(Outbox).where(_unsent(), failed)
    if numbers:
        chosen = chosen.where(Outbox.subject.in_(numbers))
    values = {"state": OutboxState.WAITING, "due_at": now(), "attempts": 0, "why": ""}
    return len((await session.scalars(chosen.values(values).returning(Outbox.id))).all())


async def letters(session: AsyncSession, limit: int = 50) -> list[DeadLetter]:
    """What the backend said that fits no case of ours, newest first."""
    return list(await session.scalars(select(DeadLetter).order_by(DeadLetter.id.desc()).limit(limit)))


def _unsent() -> ColumnElement[bool]:
    # Spelled out, because a partial index is used only for a condition that is known before the values are.
    return and_(Outbox.kind == literal(jobs.EVENT.kind, literal_execute=True), Outbox.sent_at.is_(None))


def _late() -> ColumnElement[bool]:
    return or_(Outbox.state == OutboxState.DEAD, Outbox.created_at < now() - STUCK)


def _state(row: Outbox) -> EventDelivery:
    if row.state == OutboxState.DEAD:
        return EventDelivery.DEAD
    if row.attempts:
        return EventDelivery.FAILED
    return EventDelivery.SENDING if row.due_at > now() else EventDelivery.QUEUED
