"""The buttons of compounds and their gates: see `bot.messaging.callbacks`, by which they are known."""

from bot.messaging.press import Callback


class FindCompound(Callback, verb="ef"):
    """How one gets in somewhere; it is asked where."""


class ReportCompound(Callback, verb="er"):
    """It is otherwise than we say."""

    id: int
