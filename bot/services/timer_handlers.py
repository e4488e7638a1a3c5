"""Who is meant by a timer: its payload says of what kind of case it is."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Refused
from bot.queue import jobs
from bot.queue.jobs import Timer
from bot.services import planned
from bot.services.appeals import calls as appeal_calls
from bot.services.appeals import consultation_calls, help_calls, helpers
from bot.services.appeals import timers as appeal_timers
from bot.services.bookings import calls as booking_calls
from bot.services.bookings import line as booking_line
from bot.services.bookings import sittings as booking_sittings
from bot.services.bookings import timers as booking_timers
from bot.services.chats import second_thoughts
from bot.services.contacts import calls as contact_calls
from bot.services.core.context import ServiceContext
from bot.services.hazards import calls as hazard_calls
from bot.services.hazards import timers as hazard_timers
from bot.services.notices import calls as notice_calls
from bot.services.notices import start as notice_start
from bot.services.passes import calls as pass_calls
from bot.services.passes import transitions as pass_transitions
from bot.services.points import calls as reward_calls
from bot.services.points import vouchers
from bot.services.policies import calls as policy_calls
from bot.services.privacy import erasure, retention
from bot.services.reports import ledger_schedule
from bot.services.staff import calls
from bot.services.staff.calls import CallSource
from bot.services.stations import calls as station_calls
from bot.services.volunteers import calls as volunteer_calls
from bot.services.volunteers import transitions as volunteer_transitions
from bot.store.db import Database
from bot.store.models import Outbox

Ring = Callable[[AsyncSession, ServiceContext, Any], Awaitable[None]]  # each with its own payload

CALLS = (
    *(appeal_calls, help_calls, consultation_calls, hazard_calls, notice_calls, volunteer_calls),
    *(policy_calls, station_calls, booking_calls, reward_calls),
)
SOURCES: dict[str, CallSource] = {
    **{each.NOUN: each.SOURCE for each in CALLS},
    **contact_calls.SOURCES,
    **pass_calls.SOURCES,
}

RINGS: dict[str, Ring] = {
    "appeal": appeal_timers.ring,
    "hazard": hazard_timers.ring,
    helpers.NOUN: helpers.ring,
    "notice": notice_start.ring,
    "volunteer": volunteer_transitions.ring,
    "voucher": vouchers.ring,
    second_thoughts.OF: partial(second_thoughts.ring, planned.DO),
    booking_sittings.OF: booking_timers.ring_sitting,
    booking_line.OF: booking_timers.ring_seat,
    pass_transitions.OF: pass_transitions.ring,
    erasure.OF: erasure.ring,
    ledger_schedule.OF: ledger_schedule.ring,
    retention.OF: retention.ring,
    calls.OF: partial(calls.ring, SOURCES),
}


class TimerHandler:
    """Carries out timers."""

    def __init__(self, db: Database, services: Callable[[], ServiceContext]) -> None:
        self.db, self.services = db, services

    async def __call__(self, row: Outbox) -> None:
        """Raises Refused when nobody knows what it is about any more."""
        async with self.db.begin() as session:
            await ring(session, self.services(), jobs.TIMER.payload(row))


async def ring(session: AsyncSession, context: ServiceContext, payload: Timer) -> None:
    """A timer has rung.  Raises Refused when nobody knows what it is about any more."""
    try:
        await RINGS[payload["of"]](session, context, payload)
    except LookupError as error:
        raise Refused(f"nothing to ring for: {error!r}") from error
