"""What a step of a hazard does besides: deadlines, timers, messages, the identities' date."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging.callbacks import JudgeHazard
from bot.queue import outbox
from bot.services.calendar.wording import by
from bot.services.chats import notifications
from bot.services.core import timers
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import Role
from bot.services.hazards import followers, points
from bot.services.hazards.deadlines import DEADLINES
from bot.services.hazards.states import HazardMove
from bot.store.models import Agency, Hazard, HazardFollower, now

Effect = Callable[[AsyncSession, ServiceContext, Hazard, HazardMove], Awaitable[None]]

TOP = 3  # the highest level of escalation
REOPENINGS = 2  # the third time goes to the top level
REMIND = timedelta(days=3)  # after which the reporter is asked once more whether it is fixed


async def _validate(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    """Nobody is told: the agency is named in the next moment."""
    if wanted.actor.role is not Role.HANDLER:  # Given back by an agency, it is no better than before.
        await points.give(session, hazard, "validated")


async def _reject(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    await points.take_back(session, hazard, "validated")
    await _close(session, context, hazard)
    await followers.tell(session, context, hazard, "hazard.rejected", text=wanted.text)


async def _link(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    """Its reporter follows the other one from now on; the identity stays the same."""
    hazard.closed_at = now()
    await followers.tell(session, context, hazard, "hazard.linked", other=wanted.parent)
    if hazard.alias is not None and hazard.parent_id is not None:
        # The alias is the owner here: whoever reports twice is told twice rather than not at all.
        session.add(HazardFollower(alias=hazard.alias, hazard_id=hazard.parent_id, owner=hazard.alias[:16].encode()))


async def _dispatch(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    """A reason says why another unit has it now."""
    hazard.handler_id = None
    agency = await session.scalar(select(Agency).where(Agency.id == hazard.agency_id))
    name, due = agency.name if agency else "", by(context.knowledge.texts, hazard.due_at, of="hazard")
    key = "hazard.reassigned" if wanted.text else "hazard.dispatched"
    await followers.tell(session, context, hazard, key, agency=name, by=due, why=wanted.text)


async def _return(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    hazard.hops += 1
    hazard.agency_id = hazard.handler_id = None
    await followers.tell(session, context, hazard, "hazard.returned")


async def _begin(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    hazard.handler_id = wanted.actor.id
    await followers.tell(
        session, context, hazard, "hazard.begun", by=by(context.knowledge.texts, hazard.due_at, of="hazard")
    )


async def _resolve(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    hazard.result, hazard.resolved_at = wanted.text, now()
    hazard.handler_id = wanted.actor.id if wanted.actor.id is not None else hazard.handler_id
    await followers.tell(session, context, hazard, "hazard.resolved", choices=verdicts(hazard), text=wanted.text)
    again = timers.timer(hazard.number, "remind", now() + REMIND, of="hazard", version=hazard.version)
    await outbox.put(session, [again])


def verdicts(hazard: Hazard) -> list[notifications.Row]:
    """The buttons that say whether it is fixed."""
    number = hazard.number
    return [[("hazard.fixed", JudgeHazard(number, "yes")), ("hazard.not_fixed", JudgeHazard(number, "no"))]]


async def _verify(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    await _close(session, context, hazard)
    await followers.tell(session, context, hazard, "hazard.verified", but=wanted.chat_id)


async def _reward(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    """Nobody is told anew: they see the points when they look at them."""


async def _reopen(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    await points.take_back(session, hazard, "verified")
    hazard.reopened += 1
    hazard.level = TOP if hazard.reopened > REOPENINGS else hazard.level
    hazard.closed_at = hazard.resolved_at = None
    await DEADLINES.restart(session, context, hazard)
    await followers.reopened(session, hazard)
    await followers.tell(
        session,
        context,
        hazard,
        "hazard.reopened",
        but=wanted.chat_id,
        by=by(context.knowledge.texts, hazard.due_at, of="hazard"),
    )


async def _withdraw(session: AsyncSession, context: ServiceContext, hazard: Hazard, wanted: HazardMove) -> None:
    await points.take_back(session, hazard, "validated")
    await _close(session, context, hazard)


async def _close(session: AsyncSession, context: ServiceContext, hazard: Hazard) -> None:
    hazard.closed_at = now()
    await followers.closed(session, context.knowledge.retention, hazard)


EFFECTS: dict[str, Effect] = {
    "validate": _validate,
    "reject": _reject,
    "link": _link,
    "dispatch": _dispatch,
    "reassign": _dispatch,
    "return": _return,
    "begin": _begin,
    "resolve": _resolve,
    "verify": _verify,
    "reward": _reward,
    "reopen": _reopen,
    "withdraw": _withdraw,
}
