"""The lifecycles of an offering, of its sittings and of their seats, as tables."""

from enum import StrEnum

from bot.services.core.lifecycle import Lifecycle, Role, steps


class OfferingState(StrEnum):
    DRAFT = "draft"  # written, and not looked at by a second person yet
    APPROVED = "approved"  # its sittings can be booked
    OFF = "off"  # nobody comes to it any more


class SittingState(StrEnum):
    DRAFT = "draft"  # waits for its offering to be approved
    OPEN = "open"  # can be booked
    CLOSED = "closed"  # booking is over, and it takes place
    DONE = "done"
    CANCELLED = "cancelled"


class SeatState(StrEnum):
    WAITING = "waiting"  # in line
    OFFERED = "offered"  # a seat is held for them
    BOOKED = "booked"
    ATTENDED = "attended"  # was there
    ABSENT = "absent"  # did not come, and did not say so
    CANCELLED = "cancelled"  # given back, or the sitting does not take place


_O, _S, _P = OfferingState, SittingState, SeatState
_ROOM = (Role.ORGANISER, Role.PROVIDER)  # who is there and sees who came
_ANYBODY = (Role.WORKER, Role.SYSTEM, Role.ORGANISER, Role.PROVIDER)

OFFERING = Lifecycle(
    "offering",
    OfferingState,
    [
        *steps("approve", _O.DRAFT, _O.APPROVED, Role.APPROVER),
        *steps("stop", f"{_O.DRAFT} {_O.APPROVED}", _O.OFF, Role.ORGANISER),
    ],
)

SITTING = Lifecycle(
    "sitting",
    SittingState,
    [
        *steps("open", _S.DRAFT, _S.OPEN, Role.ORGANISER, Role.APPROVER),
        *steps("close", _S.OPEN, _S.CLOSED, Role.SYSTEM),
        *steps("finish", _S.CLOSED, _S.DONE, Role.SYSTEM),
        *steps("cancel", f"{_S.DRAFT} {_S.OPEN} {_S.CLOSED}", _S.CANCELLED, Role.ORGANISER, Role.SYSTEM),
    ],
)

SEAT = Lifecycle(
    "seat",
    SeatState,
    [
        *steps("book", _P.WAITING, _P.BOOKED, Role.WORKER),  # at once, while there are seats
        *steps("offer", _P.WAITING, _P.OFFERED, Role.SYSTEM),
        *steps("accept", _P.OFFERED, _P.BOOKED, Role.WORKER),
        *steps("lapse", _P.OFFERED, _P.WAITING, Role.SYSTEM),
        *steps("attend", f"{_P.BOOKED} {_P.ABSENT}", _P.ATTENDED, Role.WORKER, *_ROOM),
        *steps("absent", _P.BOOKED, _P.ABSENT, Role.SYSTEM),
        *steps("miss", _P.ATTENDED, _P.ABSENT, *_ROOM),
        *steps("excuse", _P.ABSENT, _P.CANCELLED, *_ROOM),
        *steps("cancel", f"{_P.WAITING} {_P.OFFERED} {_P.BOOKED}", _P.CANCELLED, *_ANYBODY),
    ],
)

RUNNING = (SittingState.OPEN, SittingState.CLOSED)  # it takes place, as far as anybody knows
HELD = (SeatState.BOOKED, SeatState.OFFERED)  # what counts as taken
SEATED = (*HELD, SeatState.WAITING)  # whose seat or place in line is theirs
