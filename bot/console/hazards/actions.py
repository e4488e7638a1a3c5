"""What somebody can do with a hazard now: the lifecycle's steps and the work beside it, as one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.services.hazards.states import HAZARD, OPEN, HazardState
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import Hazard


@dataclass(frozen=True, slots=True)
class HazardAction:
    """right: of bot.services.staff.permissions.  target: the state it leads to, by the step of the same name."""

    right: Right
    target: HazardState


ACTS: Mapping[str, HazardAction] = {  # in the order in which they are offered
    "validate": HazardAction(Right.HAZARDS_REVIEW, HazardState.VALIDATED),
    "dispatch": HazardAction(Right.HAZARDS_REVIEW, HazardState.DISPATCHED),
    "begin": HazardAction(Right.HAZARDS_HANDLE, HazardState.HANDLING),
    "resolve": HazardAction(Right.HAZARDS_HANDLE, HazardState.RESOLVED),
    "return": HazardAction(Right.HAZARDS_HANDLE, HazardState.VALIDATED),
    "reassign": HazardAction(Right.HAZARDS_REVIEW, HazardState.DISPATCHED),
    "verify": HazardAction(Right.HAZARDS_REVIEW, HazardState.VERIFIED),
    "reopen": HazardAction(Right.HAZARDS_REVIEW, HazardState.REOPENED),
    "link": HazardAction(Right.HAZARDS_REVIEW, HazardState.DUPLICATE),
    "reject": HazardAction(Right.HAZARDS_REVIEW, HazardState.REJECTED),
}


WORK: Mapping[str, tuple[Right, Callable[[Hazard], bool]]] = {  # what moves nothing
    "log": (Right.HAZARDS_LOG, lambda hazard: hazard.state in OPEN),
    "extend": (Right.HAZARDS_EXTEND, lambda hazard: hazard.state in OPEN and not hazard.extension),
}


def possible(staffer: Staffer, hazard: Hazard) -> list[str]:
    """What this person may do with this hazard as it stands."""
    names = []
    for name, act in ACTS.items():
        role = staffer.role_for(act.right, **where(hazard))
        if role is not None and HAZARD.allows(name, hazard.state, act.target, role):
            names.append(name)
    own = staffer.id == hazard.handler_id
    names = [name for name in names if not (own and name in ("verify", "reopen"))]
    return [*names, *(name for name, (right, when) in WORK.items() if when(hazard) and _may(staffer, hazard, right))]


def _may(staffer: Staffer, hazard: Hazard, right: Right) -> bool:
    """Whether somebody works on a hazard so; who handles it gets no more time from themselves."""
    own = right is Right.HAZARDS_EXTEND and staffer.id == hazard.handler_id
    return not own and staffer.may(right, **where(hazard))


def where(hazard: Hazard) -> dict[str, Any]:
    """Where rights for it are asked for."""
    return {"district": hazard.region or None, "agency": hazard.agency_id or 0}
