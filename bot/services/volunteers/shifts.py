"""Hours volunteers gave: check-in and check-out in chat, counted once somebody of staff approved them."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.messaging.callbacks import NewAppeal
from bot.services.chats import notifications
from bot.services.core.context import ServiceContext
from bot.services.identity import identities
from bot.services.points import ledger as points_ledger
from bot.store.models import Shift, Volunteer, now


async def open_one(session: AsyncSession, volunteer: Volunteer) -> Shift | None:
    """The shift somebody is on."""
    found: Shift | None = await session.scalar(
        select(Shift).where(Shift.volunteer_id == volunteer.id, Shift.ended_at.is_(None))
    )
    return found


async def start(session: AsyncSession, context: ServiceContext, volunteer: Volunteer) -> Shift:
    """Check in.  Somebody who is on a shift stays on it; one forgotten long ago ends first."""
    known = await open_one(session, volunteer)
    if known is not None and now() - known.started_at < _longest(context):
        return known
    if known is not None:
        await stop(session, context, volunteer)
    shift = Shift(volunteer_id=volunteer.id, started_at=now())
    session.add(shift)
    await session.flush()
    return shift


async def stop(session: AsyncSession, context: ServiceContext, volunteer: Volunteer, note: str = "") -> Shift | None:
    """Check out; None for somebody who is on no shift.  One that was forgotten counts for the longest shift at most."""
    shift = await open_one(session, volunteer)
    if shift is not None:
        shift.ended_at = min(now(), shift.started_at + _longest(context))
        shift.state, shift.note = "ended", note
        await session.flush()
    return shift


async def settle(
    session: AsyncSession, context: ServiceContext, shift_id: int, staff_id: int | None, *, approve: bool, why: str = ""
) -> Shift:
    """Count the hours and give the points for them, or do not, with a reason.

    Raises Rejected when there is none, or it is settled already.
    """
    volunteer = await _volunteer_of(session, shift_id)
    shift = await session.get(Shift, shift_id, with_for_update=True, populate_existing=True)
    if volunteer is None or shift is None or shift.state != "ended" or shift.ended_at is None:
        raise Rejected("volunteer.shift_settled")
    if not approve and len(why.strip()) < 2:
        raise Rejected("volunteer.reason", least=2)
    shift.state, shift.staff_id = ("approved" if approve else "refused"), staff_id
    chat = await identities.chat_behind(session, volunteer.alias)
    if approve:
        shift.minutes = int((shift.ended_at - shift.started_at).total_seconds() // 60)
        wanted = shift.minutes // 60 * context.knowledge.grid.points
        given = await points_ledger.grant(session, chat, wanted, f"shift:{shift.id}", staff_id=staff_id) if chat else 0
        await notifications.tell(session, context, chat, "volunteer.told_hours", minutes=shift.minutes, points=given)
    else:
        shift.note = why
        answer = [[("volunteer.object", NewAppeal())]]
        await notifications.tell(session, context, chat, "volunteer.told_hours_refused", choices=answer, reason=why)
    return shift


async def _volunteer_of(session: AsyncSession, shift_id: int) -> Volunteer | None:
    """Whose shift it is."""
    query = select(Volunteer).join(Shift, Shift.volunteer_id == Volunteer.id).where(Shift.id == shift_id)
    volunteer: Volunteer | None = await session.scalar(query)
    return volunteer


async def minutes(session: AsyncSession, volunteer: Volunteer) -> tuple[int, int]:
    """Minutes that count, and shifts that wait for approval."""
    counted = select(func.coalesce(func.sum(Shift.minutes), 0)).where(Shift.volunteer_id == volunteer.id)
    waiting = select(func.count()).where(Shift.volunteer_id == volunteer.id, Shift.state == "ended")
    return int(await session.scalar(counted) or 0), int(await session.scalar(waiting) or 0)


def _longest(context: ServiceContext) -> timedelta:
    return timedelta(hours=context.knowledge.grid.longest)
