"""Which unit an appeal goes to: one that takes its kind there, and neither the one it is about nor one that gave it back."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Actor, Role
from bot.services.staff import accounts
from bot.services.staff.permissions import Right
from bot.services.units import agencies, desks
from bot.store.models import Agency, Appeal, AppealStep

HOPS = 3  # returns after which an administrator has to designate the unit
GIVEN = ("assign", "reassign")  # the steps that give a case to a unit


async def suggested(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, kind: str | None = None
) -> int | None:
    """The unit that is proposed for a case, or for one of another kind; None when an administrator has to name one."""
    if appeal.hops >= HOPS:
        return None
    back = select(AppealStep.agency_id).where(AppealStep.appeal_id == appeal.id, AppealStep.name == "return")
    never = {appeal.about_id, *await session.scalars(back)} - {None}
    desk = context.knowledge.appeals.kinds[kind or appeal.kind].desk
    agency = await desks.unit_for(session, desk, appeal.region, but=never)
    return agency.id if agency is not None else None


async def named(session: AsyncSession, appeal: Appeal, code: str, actor: Actor) -> Agency:
    """The unit somebody names for a case; "" is the proposed one.

    Raises Rejected: there is no such unit, it is another place's, or the case is about it.
    """
    if not code:
        code = await session.scalar(select(Agency.code).where(Agency.id == appeal.agency_id)) or ""
    agency = await agencies.named(session, code, appeal.region)
    await refuse_far(session, appeal, agency, actor)
    if agency.id == appeal.about_id:
        raise Rejected("move.about_itself")
    return agency


async def refuse_far(session: AsyncSession, appeal: Appeal, unit: Agency, actor: Actor) -> None:
    """Raises Rejected for a unit that lies outside of somebody's districts: where a case lies may not be known yet."""
    if appeal.region or actor.id is None or actor.role is not Role.ADMIN:
        return
    staffer = await accounts.staffer_of(session, actor.id)
    if staffer is not None and not staffer.near(Right.APPEALS_ASSIGN, unit.region):
        raise Rejected("move.agency")
