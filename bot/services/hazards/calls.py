"""Whom a hazard calls: what its last step leaves to whom, and whether that still waits."""

from collections.abc import Callable, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.queue import outbox
from bot.services.calendar.wording import for_staff
from bot.services.core.context import ServiceContext
from bot.services.hazards.queue import HAZARDS
from bot.services.hazards.states import OPEN, HazardState
from bot.services.staff import calls
from bot.services.staff.calls import CallSource, Matter, Wait
from bot.services.staff.permissions import Right
from bot.store.models import Hazard
from knowledge.texts import DEFAULT

NOUN = "hazard"
STEPS: Mapping[str, str] = {  # the lines of a timeline after which somebody else is to act -> as what
    "submit": "look",
    **dict.fromkeys(("validate", "return"), "dispatch"),
    **dict.fromkeys(("dispatch", "reassign"), "begin"),
    "reopen": "again",
    "left": "left",
    "warn": "due",
    "overdue": "overdue",
}


def _in(*states: HazardState) -> Callable[[Hazard], bool]:
    return lambda hazard: hazard.state in states


_WAITS: Mapping[str, Wait[Hazard]] = {
    "look": Wait(Right.HAZARDS_REVIEW, _in(HazardState.REPORTED)),
    "dispatch": Wait(Right.HAZARDS_REVIEW, _in(HazardState.VALIDATED)),
    "begin": Wait(Right.HAZARDS_HANDLE, _in(HazardState.DISPATCHED)),
    "again": Wait(Right.HAZARDS_HANDLE, _in(HazardState.REOPENED), owned=True),
    "left": Wait(Right.HAZARDS_HANDLE, lambda hazard: hazard.state in OPEN and hazard.handler_id is None),
    "due": Wait(Right.HAZARDS_HANDLE, _in(*OPEN), owned=True),
    "overdue": Wait(Right.HAZARDS_HANDLE, _in(*OPEN), owned=True),
}


async def after(session: AsyncSession, hazard: Hazard, step: str, mark: str = "") -> None:
    """Call whoever is to act after a line of its timeline."""
    if step in STEPS:
        await outbox.put(session, [calls.call(NOUN, hazard.number, STEPS[step], mark or hazard.version)])


async def look(session: AsyncSession, context: ServiceContext, number: str, what: str) -> Matter | None:
    """What waits.  A hazard that no unit has is for those who look and dispatch, whatever is said of it."""
    hazard, wait = await session.scalar(select(Hazard).where(Hazard.number == number)), _WAITS[what]
    if hazard is None or not wait.still(hazard):
        return None
    unhanded = hazard.agency_id is None or hazard.state in (HazardState.REPORTED, HazardState.VALIDATED)
    kind = context.knowledge.hazards.kinds[hazard.kind]
    say = context.knowledge.texts.say
    values = {"number": number, "kind": kind.label, "due": for_staff(context.knowledge.texts, hazard.due_at)}
    lines = {name: say(DEFAULT, f"call.hazard_{name}", **values) for name in (what, "colleague", "nobody")}
    matter = Matter(
        line=lines[what],
        right=Right.HAZARDS_REVIEW if unhanded else wait.right,
        region=hazard.region,
        unit=None if unhanded else hazard.agency_id,
        only=calls.people(hazard.handler_id) if wait.owned and not unhanded else calls.people(),
        urgent=bool(kind.urgent),
    )
    return matter if unhanded else matter.within_unit(lines["colleague"], lines["nobody"], Right.HAZARDS_REVIEW)


SOURCE = CallSource(HAZARDS, urls.HAZARDS, look)
