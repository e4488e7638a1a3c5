"""The buttons of passes, compounds and their gates: see `bot.messaging.callbacks`, by which they are known."""

from bot.messaging.press import Callback


class FindCompound(Callback, verb="ef"):
    """How one gets in somewhere; it is asked where."""


class ReportCompound(Callback, verb="er"):
    """It is otherwise than we say."""

    id: int


class ShowPass(Callback, verb="ep"):
    """How one's pass stands."""


class ApplyForPass(Callback, verb="ea"):
    """The form."""


class PassLooks(Callback, verb="ew"):
    """Who looked at one's name."""


class RenewPass(Callback, verb="en"):
    """Half a year more."""


class WithdrawPass(Callback, verb="ex"):
    """Give it up; asked once more before it holds."""

    sure: str = ""


class ShowCode(Callback, verb="ec"):
    """What a guard scans, at this moment."""


class WasTurnedAway(Callback, verb="et"):
    """At a compound; without a reason it is asked."""

    id: int
    reason: str = ""


class TurnedAppeal(Callback, verb="eq"):
    """An appeal about it."""

    id: int
    reason: str
