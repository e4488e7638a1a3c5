"""What a step of a volunteer needs, besides being in the lifecycle's table.  Each raises Rejected or SamePerson."""

from collections.abc import Awaitable, Callable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.core.context import ServiceContext
from bot.services.identity import identities
from bot.services.staff.permissions import Right, SamePerson
from bot.services.volunteers import training
from bot.services.volunteers.states import VolunteerMove
from bot.store.models import Staff, Team, Volunteer, now

Check = Callable[[AsyncSession, ServiceContext, Volunteer, VolunteerMove], Awaitable[None]]

SHORTEST_REASON = 4  # characters


async def _check_reason(
    session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove
) -> None:
    if len(wanted.text.strip()) < SHORTEST_REASON:
        raise Rejected("volunteer.reason", least=SHORTEST_REASON)


async def _check_stranger(session: AsyncSession, volunteer: Volunteer, wanted: VolunteerMove, right: Right) -> None:
    """Nobody decides about themselves."""
    chat = await identities.chat_behind(session, volunteer.alias)
    linked = await session.scalar(select(Staff.chat_id).where(Staff.id == wanted.actor.id))
    if chat is not None and linked == chat.id:
        raise SamePerson(right, f"volunteer:{volunteer.number}")


async def _check_approve(
    session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove
) -> None:
    """Somebody of the district, who is neither the applicant nor the leader of the team they go to."""
    await _check_stranger(session, volunteer, wanted, Right.VOLUNTEERS_APPROVE)
    if wanted.team_id is None:
        return
    team = await session.get(Team, wanted.team_id)
    if team is None or not volunteer.district.startswith(team.district):
        raise Rejected("volunteer.team")
    if team.leader_id is not None and team.leader_id == wanted.actor.id:
        raise SamePerson(Right.VOLUNTEERS_APPROVE, f"volunteer:{volunteer.number}")


async def _check_trained(
    session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove
) -> None:
    if await training.missing(session, context, volunteer):
        raise Rejected("volunteer.untrained")


async def _check_certificate(
    session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove
) -> None:
    if volunteer.expires_at is None or volunteer.expires_at <= now():
        raise Rejected("volunteer.expired")


async def _check_reinstate(
    session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove
) -> None:
    await _check_certificate(session, context, volunteer, wanted)
    await _check_stranger(session, volunteer, wanted, Right.VOLUNTEERS_APPROVE)


async def _check_dismiss(
    session: AsyncSession, context: ServiceContext, volunteer: Volunteer, wanted: VolunteerMove
) -> None:
    """Two people: one suspends, another one dismisses."""
    await _check_reason(session, context, volunteer, wanted)
    if volunteer.suspended_by is not None and volunteer.suspended_by == wanted.actor.id:
        raise SamePerson(Right.VOLUNTEERS_DISMISS, f"volunteer:{volunteer.number}")


CHECKS: dict[str, Check] = {
    "approve": _check_approve,
    "reject": _check_reason,
    "certify": _check_trained,
    "resume": _check_certificate,
    "suspend": _check_reason,
    "reinstate": _check_reinstate,
    "dismiss": _check_dismiss,
}
