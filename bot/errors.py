"""The four meanings of an error; whatever is none of these is a bug of ours.

Rejected: the person's - ask again and say what is wrong.  Refused, TryLater: the other side's - for good, or
for now.  Down: no database - nothing was done, and the same again may well work.
"""

from datetime import timedelta
from typing import Any


class Rejected(Exception):
    """What a person sent does not fit.  Carries the key of the text that says why, and its values."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key, self.values = key, values


class Refused(Exception):
    """The other side will never take this."""


class Blocked(Refused):
    """The person does not want to hear from us."""


class TryLater(Exception):
    """Not now.  `after` is the other side's own wish, if it gave one."""

    def __init__(self, why: str = "", after: timedelta | None = None) -> None:
        super().__init__(why)
        self.after = after


class Unclear(TryLater):
    """Nobody knows whether the other side took it: the answer did not come, or made no sense."""


class CannotStart(Exception):
    """The operator has to mend something first; the sentence says what."""


class Down(Exception):
    """No database just now: nothing was done, the same again may well work."""
