"""What somebody can do with a case now: the lifecycle's steps and the handling beside it, as one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.services.appeals.case_work import IN_HAND, waits_for_review
from bot.services.appeals.effects import TOP
from bot.services.appeals.helpers import AT_WORK
from bot.services.appeals.queue import BUSY
from bot.services.appeals.states import APPEAL, OPEN, AppealState
from bot.services.core.lifecycle import Actor, Role
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import Appeal, now


@dataclass(frozen=True, slots=True)
class AppealAction:
    """right: of bot.services.staff.permissions.  target: the state it leads to, by the step of the same name.

    No target: it moves nothing.  stays: the step of this name leaves the case in its state.
    skips: a state on the way that is passed through without a word.
    """

    right: Right
    target: AppealState | None = None
    when: Callable[[Appeal], bool] = lambda appeal: True
    skips: AppealState | None = None
    stays: bool = False


# In the order in which they are offered: what one does most comes first.
ACTS: Mapping[str, AppealAction] = {
    "assign": AppealAction(Right.APPEALS_ASSIGN, AppealState.ASSIGNED, skips=AppealState.ACCEPTED),
    "accept": AppealAction(Right.APPEALS_ASSIGN, AppealState.ACCEPTED),
    "begin": AppealAction(Right.APPEALS_HANDLE, AppealState.IN_PROGRESS),
    "answer": AppealAction(Right.APPEALS_REVIEW, AppealState.ANSWERED),
    "send_back": AppealAction(Right.APPEALS_REVIEW, None, waits_for_review),
    "propose": AppealAction(Right.APPEALS_HANDLE, None, lambda case: case.state == AppealState.IN_PROGRESS),
    "ask": AppealAction(Right.APPEALS_HANDLE, AppealState.PENDING_INFO),
    "hand_over": AppealAction(Right.APPEALS_HANDLE, None, lambda case: case.state in IN_HAND),
    "return": AppealAction(Right.APPEALS_HANDLE, AppealState.ACCEPTED),
    "reassign": AppealAction(Right.APPEALS_ASSIGN, AppealState.ASSIGNED),
    "recategorise": AppealAction(Right.APPEALS_ASSIGN, stays=True, when=lambda case: not case.confidential),
    "help": AppealAction(Right.APPEALS_ASSIGN, None, lambda case: case.state in AT_WORK and not case.confidential),
    "verify": AppealAction(Right.APPEALS_ASSIGN, AppealState.VERIFIED),
    "close": AppealAction(Right.APPEALS_ASSIGN, AppealState.CLOSED),
    "unmerge": AppealAction(Right.APPEALS_ASSIGN, AppealState.ACCEPTED),
    "log": AppealAction(Right.APPEALS_LOG),
    "extend": AppealAction(Right.APPEALS_EXTEND, None, lambda case: _may_be_put_off(case)),
    "escalate": AppealAction(Right.APPEALS_ASSIGN, None, lambda case: case.state in BUSY and case.level < TOP),
    "about": AppealAction(Right.APPEALS_ASSIGN, None, lambda case: case.state in OPEN),
    "locate": AppealAction(Right.APPEALS_ASSIGN, None, lambda case: case.state in BUSY),
    "merge": AppealAction(Right.APPEALS_ASSIGN, AppealState.MERGED),
    "reject": AppealAction(Right.APPEALS_ASSIGN, AppealState.REJECTED),
}


def possible(staffer: Staffer, case: Appeal) -> list[str]:
    """What this person may do with this case as it stands."""
    names = [name for name in ACTS if _is_possible(staffer, case, name)]
    return [name for name in names if name != "answer" or not has_handled(staffer, case)]


def has_handled(staffer: Staffer, case: Appeal) -> bool:
    """Whether they handled the case, and so must not review it."""
    return staffer.id in (case.handler_id, case.proposal_by)


def actor(staffer: Staffer, case: Appeal, right: Right) -> Actor:
    """Who somebody acts as.  Raises Denied."""
    subject, district = f"appeal:{case.number}", case.region or None
    return staffer.require(right, district=district, agency=case.agency_id or 0, category=case.kind, subject=subject)


def _is_possible(staffer: Staffer, case: Appeal, name: str) -> bool:
    act = ACTS[name]
    role = staffer.role_for(act.right, case.region or None, case.agency_id or 0, case.kind)
    own = name == "extend" and staffer.id == case.handler_id  # Somebody else gives more time.
    if role is None or own or not act.when(case):
        return False
    target = case.state if act.stays else act.target
    return target is None or any(APPEAL.allows(name, source, target, role) for source in _sources(case, act, role))


def _sources(case: Appeal, act: AppealAction, role: Role) -> list[str]:
    """Where the case stands, and what it may pass through from there."""
    skips = act.skips is not None and APPEAL.allows("accept", case.state, act.skips, role)
    return [case.state, *([act.skips] if skips and act.skips is not None else [])]


def _may_be_put_off(case: Appeal) -> bool:
    return case.state in BUSY and not case.extended and case.due_at is not None and case.due_at > now()
