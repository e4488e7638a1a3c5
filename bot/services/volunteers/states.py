"""The lifecycle of a volunteer of the grid as a table.  A draft is a form not handed in yet."""

from dataclasses import dataclass
from enum import StrEnum

from bot.services.core.lifecycle import Actor, Lifecycle, Role, steps


class VolunteerState(StrEnum):
    APPLIED = "applied"  # handed in
    REVIEWING = "reviewing"  # somebody of the district looks at it
    APPROVED = "approved"  # may begin the training
    TRAINING = "training"  # works through the checklist
    ACTIVE = "active"  # has a certificate that holds
    PAUSED = "paused"  # has no time just now
    SUSPENDED = "suspended"  # may not act, for a reason they can answer
    LAPSED = "lapsed"  # the certificate has expired
    RESIGNED = "resigned"  # left
    REJECTED = "rejected"  # with a reason; may apply again later
    DISMISSED = "dismissed"  # may not act any more


_S = VolunteerState
_STAFF = (Role.ORGANISER, Role.ADMIN)
_LEAVABLE = " ".join(each for each in _S if each not in (_S.RESIGNED, _S.REJECTED, _S.DISMISSED))

VOLUNTEER = Lifecycle(
    "volunteer",
    VolunteerState,
    [
        *steps("review", _S.APPLIED, _S.REVIEWING, *_STAFF),
        *steps("approve", _S.REVIEWING, _S.APPROVED, *_STAFF),
        *steps("reject", _S.REVIEWING, _S.REJECTED, *_STAFF),
        *steps("train", _S.APPROVED, _S.TRAINING, Role.WORKER),
        *steps("certify", _S.TRAINING, _S.ACTIVE, Role.SYSTEM),
        *steps("pause", _S.ACTIVE, _S.PAUSED, Role.WORKER),
        *steps("resume", _S.PAUSED, _S.ACTIVE, Role.WORKER),
        *steps("suspend", f"{_S.ACTIVE} {_S.PAUSED}", _S.SUSPENDED, *_STAFF),
        *steps("reinstate", _S.SUSPENDED, _S.ACTIVE, *_STAFF),
        *steps("dismiss", _S.SUSPENDED, _S.DISMISSED, Role.ADMIN),
        *steps("lapse", f"{_S.ACTIVE} {_S.PAUSED} {_S.SUSPENDED}", _S.LAPSED, Role.SYSTEM),
        *steps("renew", _S.LAPSED, _S.ACTIVE, *_STAFF),
        *steps("resign", _LEAVABLE, _S.RESIGNED, Role.WORKER),
    ],
)

CLOSED = frozenset({_S.RESIGNED, _S.REJECTED, _S.DISMISSED})
CERTIFIED = frozenset({_S.ACTIVE, _S.PAUSED, _S.SUSPENDED})  # the certificate runs on, and may lapse


@dataclass(frozen=True)
class VolunteerMove:
    """A step somebody wants to make, with what it needs."""

    target: VolunteerState
    actor: Actor
    text: str = ""  # what the volunteer reads
    key: str = ""  # makes the same thing harmless twice
    team_id: int | None = None  # for approve
