"""Undoing a wrong dispatch: a case changes its kind, and with it the unit, in one go and with one message."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.appeals import dispatch, transitions
from bot.services.appeals.states import TO_DISPATCH, AppealMove, AppealState
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Actor
from bot.store.models import Agency, Appeal


async def recategorise(
    session: AsyncSession, context: ServiceContext, appeal: Appeal, by: Actor, *, kind: str, why: str, agency: str = ""
) -> None:
    """Change the kind of a case.

    A unit that has it keeps it only when `agency` is its code; "" gives it to the unit that takes the new kind there.
    Raises Rejected, IllegalStep.
    """
    changed = AppealMove(AppealState(appeal.state), by, verb="recategorise", kind=kind, text=why)
    code = agency or await _desk(session, context, appeal, kind)
    if appeal.state in TO_DISPATCH or code in ("", await _code(session, appeal.agency_id)):
        await transitions.move(session, context, appeal.number, changed)
        return
    await transitions.move(session, context.silently(), appeal.number, changed)
    given = AppealMove(AppealState.ASSIGNED, by, verb="reassign", agency=code, kind=kind, text=why)
    await transitions.move(session, context, appeal.number, given)


async def _desk(session: AsyncSession, context: ServiceContext, appeal: Appeal, kind: str) -> str:
    """The code of the unit that takes a kind where the case belongs; "" for none."""
    if kind not in context.knowledge.appeals.kinds:
        return ""
    return await _code(session, await dispatch.suggested(session, context, appeal, kind))


async def _code(session: AsyncSession, agency_id: int | None) -> str:
    agency = await session.get(Agency, agency_id) if agency_id is not None else None
    return agency.code if agency is not None else ""
