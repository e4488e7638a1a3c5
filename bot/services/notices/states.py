"""The lifecycle of a notice as a table: its states, the steps between them, and who takes each.

Approved and scheduled are one state: the last approval sets the moment of the start.
"""

from enum import StrEnum

from bot.services.core.lifecycle import Lifecycle, Role, steps


class NoticeState(StrEnum):
    DRAFT = "draft"
    PENDING = "pending_approval"
    SCHEDULED = "scheduled"  # agreed to; begins at `start_at`
    LATE = "late"  # should have begun long ago: somebody decides whether it still makes sense
    FREEZING = "freezing"  # its audience is being written down
    SENDING = "sending"
    PAUSED = "paused_by_user"
    QUIET = "paused_quiet"  # whoever is left sleeps
    FAULTY = "paused_errors"  # too much went wrong: somebody looks at it
    COMPLETED = "completed"
    SOME_FAILED = "some_failed"  # everybody's copy is settled, some of them badly
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # its validity ended before it began


_S = NoticeState
_BEFORE = f"{_S.PENDING} {_S.SCHEDULED} {_S.LATE}"
_STOPPED = f"{_S.PAUSED} {_S.QUIET} {_S.FAULTY}"
_WRITERS = (Role.ORGANISER, Role.APPROVER)

NOTICE = Lifecycle(
    "notice",
    NoticeState,
    [
        *steps("submit", _S.DRAFT, _S.PENDING, Role.ORGANISER),
        *steps("recall", _S.DRAFT, _S.SCHEDULED, *_WRITERS),  # for `unsay` only; a trigger asks for approvals else
        *steps("edit", f"{_S.SCHEDULED} {_S.LATE}", _S.DRAFT, Role.ORGANISER),
        *steps("return", _S.PENDING, _S.DRAFT, *_WRITERS),  # its author takes it back, or the second person refuses
        *steps("approve", _S.PENDING, _S.SCHEDULED, Role.APPROVER),
        *steps("begin", _S.SCHEDULED, _S.FREEZING, Role.SYSTEM),
        *steps("miss", _S.SCHEDULED, _S.LATE, Role.SYSTEM),
        *steps("begin", _S.LATE, _S.FREEZING, *_WRITERS),
        *steps("expire", f"{_S.SCHEDULED} {_S.LATE}", _S.EXPIRED, Role.SYSTEM),
        *steps("send", _S.FREEZING, _S.SENDING, Role.SYSTEM),
        *steps("pause", f"{_S.FREEZING} {_S.SENDING} {_S.QUIET}", _S.PAUSED, *_WRITERS),
        *steps("wait", _S.SENDING, _S.QUIET, Role.SYSTEM),
        *steps("wake", _S.QUIET, _S.SENDING, Role.SYSTEM),
        *steps("stumble", _S.SENDING, _S.FAULTY, Role.SYSTEM),
        *steps("resume", f"{_S.PAUSED} {_S.FAULTY}", _S.FREEZING, *_WRITERS),
        *steps("complete", _S.SENDING, _S.COMPLETED, Role.SYSTEM),
        *steps("complete", _S.SENDING, _S.SOME_FAILED, Role.SYSTEM),
        *steps("again", _S.SOME_FAILED, _S.SENDING, *_WRITERS),
        *steps("cancel", f"{_BEFORE} {_S.DRAFT} {_S.FREEZING} {_S.SENDING} {_STOPPED}", _S.CANCELLED, *_WRITERS),
    ],
)

ACTIVE = (NoticeState.FREEZING, NoticeState.SENDING, NoticeState.QUIET)  # the bulk lanes look at these
ENDED = (NoticeState.COMPLETED, NoticeState.SOME_FAILED, NoticeState.EXPIRED)
BEGUN = frozenset(ACTIVE) | {NoticeState.PAUSED, NoticeState.FAULTY, NoticeState.COMPLETED, NoticeState.SOME_FAILED}
