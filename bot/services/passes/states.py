"""The lifecycle of a pass, as a table."""

from enum import StrEnum

from bot.services.core.lifecycle import Lifecycle, Role, stays, steps


class PassState(StrEnum):
    APPLIED = "applied"  # somebody has to check who it is
    ACTIVE = "active"
    SUSPENDED = "suspended"  # turned away, until somebody else than who suspended it has looked
    REJECTED = "rejected"
    EXPIRED = "expired"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"  # its owner gave it up


class Door(StrEnum):
    """How somebody was checked."""

    ROSTER = "roster"  # the platform's list has the number that they shared as their own
    COUNTER = "counter"  # a station's counter looked at them
    CONTACT = "contact"  # the unit that looks after their outlet did
    ORGANISER = "organiser"


_S = PassState
DOORS = {
    Role.SYSTEM: Door.ROSTER,
    Role.COUNTER: Door.COUNTER,
    Role.HANDLER: Door.CONTACT,
    Role.ORGANISER: Door.ORGANISER,
}

PASS = Lifecycle(
    "pass",
    PassState,
    [
        *steps("check", _S.APPLIED, _S.ACTIVE, *DOORS),
        *steps("reject", _S.APPLIED, _S.REJECTED, Role.ORGANISER),
        *steps("suspend", _S.ACTIVE, _S.SUSPENDED, Role.ORGANISER, Role.ADMIN),
        *steps("reinstate", _S.SUSPENDED, _S.ACTIVE, Role.ORGANISER, Role.ADMIN),
        *steps("revoke", _S.SUSPENDED, _S.REVOKED, Role.ADMIN),
        *steps("expire", _S.ACTIVE, _S.EXPIRED, Role.SYSTEM),
        *steps("renew", _S.EXPIRED, _S.ACTIVE, Role.SYSTEM, Role.ORGANISER),
        *stays("renew", _S.ACTIVE, Role.SYSTEM, Role.ORGANISER),
        *steps("withdraw", f"{_S.APPLIED} {_S.ACTIVE} {_S.SUSPENDED}", _S.WITHDRAWN, Role.WORKER),
    ],
)

OPEN = (_S.APPLIED, _S.ACTIVE, _S.SUSPENDED)  # one of these a person has at most
