"""The lifecycle of a hazard as a table: its states, the steps between them, and who takes each."""

from dataclasses import dataclass
from enum import StrEnum

from bot.services.core.lifecycle import Actor, Lifecycle, Role, stays, steps


class HazardState(StrEnum):
    REPORTED = "reported"  # handed in; somebody has to look at it
    VALIDATED = "validated"  # somebody looked, or a rule did
    DISPATCHED = "dispatched"  # an agency has it
    HANDLING = "handling"  # its handler has begun
    RESOLVED = "resolved"  # the handler says it is done, with a photo
    VERIFIED = "verified"  # somebody else says so, too
    REWARDED = "rewarded"  # and whoever reported it has been thanked
    REOPENED = "reopened"  # it is not done
    DUPLICATE = "duplicate"  # the same as another one, which is followed
    REJECTED = "rejected"  # not ours, with a reason
    WITHDRAWN = "withdrawn"  # the reporter took it back


_S = HazardState
_LOOK = (Role.REVIEWER, Role.ADMIN)  # who checks; never who handled it, which the checks see to

HAZARD = Lifecycle(
    "hazard",
    HazardState,
    [
        *steps("validate", _S.REPORTED, _S.VALIDATED, Role.SYSTEM, *_LOOK),
        *steps("reject", f"{_S.REPORTED} {_S.VALIDATED}", _S.REJECTED, *_LOOK),
        *steps("link", f"{_S.REPORTED} {_S.VALIDATED}", _S.DUPLICATE, *_LOOK),
        *steps("dispatch", f"{_S.VALIDATED} {_S.REOPENED}", _S.DISPATCHED, Role.SYSTEM, *_LOOK),
        *steps("return", _S.DISPATCHED, _S.VALIDATED, Role.HANDLER),
        *steps("reassign", _S.HANDLING, _S.DISPATCHED, Role.SYSTEM, *_LOOK),
        *stays("reassign", _S.DISPATCHED, Role.SYSTEM, *_LOOK),
        *steps("begin", f"{_S.DISPATCHED} {_S.REOPENED}", _S.HANDLING, Role.HANDLER, Role.BACKEND),
        *steps("resolve", _S.HANDLING, _S.RESOLVED, Role.HANDLER, Role.BACKEND),
        *steps("verify", _S.RESOLVED, _S.VERIFIED, Role.WORKER, *_LOOK),
        *steps("reward", _S.VERIFIED, _S.REWARDED, Role.SYSTEM),
        *steps("reopen", f"{_S.RESOLVED} {_S.VERIFIED} {_S.REWARDED}", _S.REOPENED, Role.WORKER, *_LOOK),
        *steps("withdraw", f"{_S.REPORTED} {_S.VALIDATED}", _S.WITHDRAWN, Role.WORKER),
    ],
)

OPEN = frozenset({_S.REPORTED, _S.VALIDATED, _S.DISPATCHED, _S.HANDLING, _S.REOPENED})  # not done yet
DONE = frozenset({_S.VERIFIED, _S.REWARDED})
CLOSED = DONE | {_S.DUPLICATE, _S.REJECTED, _S.WITHDRAWN}


@dataclass(frozen=True)
class HazardMove:
    """A step somebody wants to make, with what it needs."""

    target: HazardState
    actor: Actor
    text: str = ""  # what the reporter reads; public, too, for resolve and reject
    note: str = ""  # what only staff reads
    key: str = ""  # makes the same news harmless twice
    verb: str = ""  # which step is meant; "" whichever leads there
    agency: str = ""  # the code of the agency, for dispatch and reassign; for dispatch, "" asks the rules
    parent: str = ""  # the number of the hazard this one is the same as
    point: tuple[float, float] | None = None  # where the handler stood: degrees, WGS-84
    off_site: str = ""  # why there is no such point, or a far one
    chat_id: int | None = None  # the worker who says so
