"""The buttons under what was heard in a voice note: see `bot.messaging.callbacks`, by which they are known."""

from typing import Literal

from bot.messaging.press import Callback


class UseHeard(Callback, verb="he"):
    """What was heard in a voice note is what they said, or not; of one that was sent to a case, its number."""

    use: Literal["yes", "no"]
    number: str = ""
