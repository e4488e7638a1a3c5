"""What a step of a volunteer does besides: certificate, timers, the end of an open shift, the message."""

import calendar
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.messaging.callbacks import AskRenewal, NewAppeal, Train
from bot.queue import outbox
from bot.services.chats import notifications
from bot.services.core import numbers, timers
from bot.services.core.context import ServiceContext
from bot.services.core.working_days import shown
from bot.services.identity import identities
from bot.services.volunteers import shifts
from bot.services.volunteers.states import VolunteerMove
from bot.store.models import Volunteer, now

Effect = Callable[[AsyncSession, ServiceContext, Volunteer, VolunteerMove], Awaitable[None]]


async def _nothing(session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove) -> None:
    """Their own step: the chat has answered already."""


async def _review(session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove) -> None:
    await tell(session, context, volunteer, "volunteer.told_reviewing")


async def _approve(session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove) -> None:
    volunteer.team_id = wanted.team_id
    await tell(
        session, context, volunteer, "volunteer.told_approved", choices=[[("volunteer.begin_training", Train())]]
    )


async def _reject(session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove) -> None:
    await _leave(session, context, volunteer)
    days = context.knowledge.grid.reapply
    await tell(session, context, volunteer, "volunteer.told_rejected", reason=wanted.text, days=days)


async def _certify(session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove) -> None:
    await issue(session, context, volunteer)


async def _rest(session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove) -> None:
    await shifts.stop(session, context, volunteer)


async def _suspend(session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove) -> None:
    volunteer.suspended_by = wanted.actor.id
    await shifts.stop(session, context, volunteer)
    answer = [[("volunteer.object", NewAppeal())]]
    await tell(session, context, volunteer, "volunteer.told_suspended", choices=answer, reason=wanted.text)


async def _reinstate(
    session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove
) -> None:
    volunteer.suspended_by = None
    await tell(session, context, volunteer, "volunteer.told_reinstated")


async def _dismiss(session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove) -> None:
    volunteer.liaison, volunteer.team_id = False, None
    await _leave(session, context, volunteer)
    answer = [[("volunteer.object", NewAppeal())]]
    await tell(session, context, volunteer, "volunteer.told_dismissed", choices=answer, reason=wanted.text)


async def _lapse(session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove) -> None:
    await shifts.stop(session, context, volunteer)
    await tell(
        session, context, volunteer, "volunteer.told_lapsed", choices=[[("volunteer.ask_renewal", AskRenewal())]]
    )


async def _resign(session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove) -> None:
    volunteer.liaison, volunteer.team_id = False, None
    await shifts.stop(session, context, volunteer)
    await _leave(session, context, volunteer)


async def _appoint(session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove) -> None:
    await tell(session, context, volunteer, "volunteer.told_appointed")


async def _unappoint(
    session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove
) -> None:
    await tell(session, context, volunteer, "volunteer.told_unappointed")


async def issue(session: AsyncSession, context: ServiceContext, volunteer: Volunteer) -> None:
    """A certificate for one term, or one more: number, end, reminders, and a code anybody may check."""
    grid, at = context.knowledge.grid, now()
    begins = volunteer.expires_at if volunteer.expires_at is not None and volunteer.expires_at > at else at
    volunteer.certificate = volunteer.certificate or _certificate_number(at)
    volunteer.certified_at, volunteer.renewal_at = at, None
    volunteer.expires_at = months_after(begins, grid.months)
    end, number = volunteer.expires_at, volunteer.number
    early = end - timedelta(days=grid.remind)
    rows = [timers.timer(number, do, when, of="volunteer", due=end) for do, when in (("remind", early), ("lapse", end))]
    await outbox.put(session, rows)
    link = f"{context.base_url}{urls.CERTIFICATES}/{volunteer.certificate}"
    values = {"certificate": volunteer.certificate, "until": f"{shown(end):%Y-%m-%d}", "link": link}
    await tell(session, context, volunteer, "volunteer.told_certified", qr=link, **values)


async def remind(session: AsyncSession, context: ServiceContext, volunteer: Volunteer) -> None:
    """The certificate ends soon."""
    until = f"{shown(volunteer.expires_at):%Y-%m-%d}" if volunteer.expires_at else ""
    again = [[("volunteer.ask_renewal", AskRenewal())]]
    await tell(session, context, volunteer, "volunteer.told_reminded", choices=again, until=until)


async def tell(session: AsyncSession, context: ServiceContext, volunteer: Volunteer, key: str, **values: Any) -> None:
    """Queue a message for a volunteer."""
    chat = await identities.chat_behind(session, volunteer.alias)
    await notifications.tell(session, context, chat, key, number=volunteer.number, **values)


def months_after(moment: datetime, months: int) -> datetime:
    """The same day some months later; of a shorter month the last one."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _certificate_number(at: datetime) -> str:
    """Not to be guessed: whoever asks about a number has seen the certificate."""
    return f"NX{at:%y}-{numbers.new_code(9)}"


async def _leave(session: AsyncSession, context: ServiceContext, volunteer: Volunteer) -> None:
    volunteer.closed_at = now()
    await identities.left(session, context.knowledge.retention, volunteer.alias)


EFFECTS: dict[str, Effect] = {
    "review": _review,
    "approve": _approve,
    "reject": _reject,
    "train": _nothing,
    "certify": _certify,
    "pause": _rest,
    "resume": _nothing,
    "suspend": _suspend,
    "reinstate": _reinstate,
    "dismiss": _dismiss,
    "lapse": _lapse,
    "renew": _certify,
    "resign": _resign,
    "appoint": _appoint,
    "unappoint": _unappoint,
}
