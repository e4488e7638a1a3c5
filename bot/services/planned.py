"""What is done when somebody's minute to think again is over, by noun: cases are withdrawn, vouchers returned, drafts cleared."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.states import AppealMove, AppealState
from bot.services.chats import notifications
from bot.services.chats.second_thoughts import Do
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import WORKER, IllegalStep
from bot.services.hazards import transitions as hazard_transitions
from bot.services.hazards.states import HazardMove, HazardState
from bot.services.points import vouchers
from bot.services.volunteers import transitions as volunteer_transitions
from bot.services.volunteers.states import VolunteerMove, VolunteerState
from bot.store.models import Chat


async def _withdraw_appeal(session: AsyncSession, context: ServiceContext, chat: Chat, number: str) -> None:
    wanted = AppealMove(AppealState.WITHDRAWN, WORKER)
    try:
        await appeal_transitions.move(session, context, number, wanted)
    except IllegalStep as step:  # Somebody was quicker: it has been answered by now.
        state = context.knowledge.texts.say(chat.language, f"appeal.state_{step.source}")
        await _tell(session, context, chat, "appeal.cannot_withdraw", number=number, state=state)
        return
    await _tell(session, context, chat, "appeal.withdrawn", number=number)


async def _withdraw_hazard(session: AsyncSession, context: ServiceContext, chat: Chat, number: str) -> None:
    try:
        await hazard_transitions.move(session, context, number, HazardMove(HazardState.WITHDRAWN, WORKER))
    except IllegalStep:
        await _tell(session, context, chat, "hazard.moved_on", number=number)
        return
    await _tell(session, context, chat, "hazard.withdrawn", number=number)


async def _return_voucher(session: AsyncSession, context: ServiceContext, chat: Chat, number: str) -> None:
    returned = await vouchers.cancel(session, int(number), chat.id)
    await _tell(session, context, chat, "points.cancelled" if returned else "points.not_cancelled")


async def _resign(session: AsyncSession, context: ServiceContext, chat: Chat, number: str) -> None:
    wanted = VolunteerMove(VolunteerState.RESIGNED, WORKER)
    try:
        await volunteer_transitions.change(session, context, number, wanted)
    except IllegalStep as step:
        state = context.knowledge.texts.say(chat.language, f"volunteer.state_{step.source}")
        await _tell(session, context, chat, "volunteer.not_now", state=state)
        return
    await _tell(session, context, chat, "volunteer.resigned", number=number)


async def _forget(session: AsyncSession, context: ServiceContext, chat: Chat, number: str) -> None:
    """What was held for a way back is gone with the plan."""


async def _tell(session: AsyncSession, context: ServiceContext, chat: Chat, key: str, **values: Any) -> None:
    await notifications.tell(session, context, chat, key, urgent=True, **values)


DO: Mapping[str, Do] = {
    "appeal": _withdraw_appeal,
    "hazard": _withdraw_hazard,
    "voucher": _return_voucher,
    "volunteer": _resign,
    "draft": _forget,
}
