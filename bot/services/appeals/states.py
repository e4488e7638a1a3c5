"""The lifecycle of an appeal as a table: its states, the steps between them, and who takes each."""

from dataclasses import dataclass
from enum import StrEnum

from bot.services.core.lifecycle import Actor, Lifecycle, Role, stays, steps


class AppealState(StrEnum):
    SUBMITTED = "submitted"  # the worker handed it in
    ACCEPTED = "accepted"  # somebody looked at it, or a rule did
    ASSIGNED = "assigned"  # an agency has it
    IN_PROGRESS = "in_progress"  # its handler has begun
    PENDING_INFO = "pending_info"  # the worker was asked something; the clock stands still
    ANSWERED = "answered"  # the reviewed answer is with the worker
    VERIFIED = "verified"  # the worker, or a call-back, says that it is settled
    CLOSED = "closed"  # locked
    CLOSED_UNRATED = "closed_unrated"  # the worker did not say anything; never counted as satisfied
    REOPENED = "reopened"  # the worker is not satisfied
    REJECTED = "rejected"  # not ours, with a reason and where to go
    MERGED = "merged"  # handled together with another one
    WITHDRAWN = "withdrawn"  # the worker took it back


_S = AppealState
_OPEN = f"{_S.SUBMITTED} {_S.ACCEPTED} {_S.ASSIGNED} {_S.IN_PROGRESS} {_S.PENDING_INFO} {_S.REOPENED}"

APPEAL = Lifecycle(
    "appeal",
    AppealState,
    [
        *steps("accept", _S.SUBMITTED, _S.ACCEPTED, Role.SYSTEM, Role.ADMIN, Role.BACKEND),
        *steps("reject", _S.SUBMITTED, _S.REJECTED, Role.ADMIN, Role.BACKEND),
        *steps("merge", f"{_S.SUBMITTED} {_S.ACCEPTED}", _S.MERGED, Role.ADMIN),
        *steps("unmerge", _S.MERGED, _S.ACCEPTED, Role.ADMIN, Role.SYSTEM),
        *steps("assign", f"{_S.ACCEPTED} {_S.REOPENED}", _S.ASSIGNED, Role.SYSTEM, Role.ADMIN, Role.BACKEND),
        *steps("reassign", f"{_S.IN_PROGRESS} {_S.PENDING_INFO}", _S.ASSIGNED, Role.SYSTEM, Role.ADMIN),
        *stays("reassign", _S.ASSIGNED, Role.SYSTEM, Role.ADMIN),
        *stays("recategorise", _OPEN, Role.ADMIN),
        *steps("return", _S.ASSIGNED, _S.ACCEPTED, Role.HANDLER, Role.BACKEND),
        *steps("begin", _S.ASSIGNED, _S.IN_PROGRESS, Role.HANDLER, Role.BACKEND),
        *steps("ask", _S.IN_PROGRESS, _S.PENDING_INFO, Role.HANDLER, Role.BACKEND, Role.WORKER),
        *steps("resume", _S.PENDING_INFO, _S.IN_PROGRESS, Role.WORKER, Role.SYSTEM, Role.BACKEND),
        *steps("answer", _S.IN_PROGRESS, _S.ANSWERED, Role.HANDLER, Role.REVIEWER, Role.ADMIN, Role.BACKEND),
        *steps("verify", _S.ANSWERED, _S.VERIFIED, Role.WORKER, Role.ADMIN),
        *steps("expire", _S.ANSWERED, _S.CLOSED_UNRATED, Role.SYSTEM),
        *steps("close", _S.VERIFIED, _S.CLOSED, Role.SYSTEM, Role.ADMIN),
        *steps(
            "reopen",
            f"{_S.ANSWERED} {_S.VERIFIED} {_S.CLOSED} {_S.CLOSED_UNRATED}",
            _S.REOPENED,
            Role.WORKER,
        ),
        *steps("withdraw", _OPEN, _S.WITHDRAWN, Role.WORKER),
    ],
)

OPEN = frozenset(AppealState(name) for name in _OPEN.split()) | {
    AppealState.ANSWERED
}  # somebody still has to do something
TO_DISPATCH = frozenset({_S.SUBMITTED, _S.ACCEPTED, _S.REOPENED})  # no unit works on it
DONE = frozenset({AppealState.VERIFIED, AppealState.CLOSED, AppealState.CLOSED_UNRATED})


@dataclass(frozen=True)
class AppealMove:
    """A step somebody wants to make, with what it needs."""

    target: AppealState
    actor: Actor
    text: str = ""  # what the worker reads
    note: str = ""  # what only staff reads
    key: str = ""  # makes the same news harmless twice
    verb: str = ""  # which step is meant; "" whichever leads there
    agency: str = ""  # the code of the agency, for assign and reassign
    kind: str = ""  # of knowledge.appeals, for recategorise; with reassign, what it has just been changed to
    reason: str = ""  # the code of a rejection
    parent: str = ""  # the number of the case this one is merged into
    rating: str = ""  # "good", "fair", "poor"
    backend_number: str = ""
