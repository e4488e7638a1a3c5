"""The buttons of points: see `bot.messaging.callbacks`, by which they are known."""

from bot.messaging.press import Callback


class Points(Callback, verb="pw"):
    """The account, and what there is for it."""


class ShowReward(Callback, verb="pr"):
    code: str


class BuyReward(Callback, verb="pb"):
    code: str
    entries: int  # of the account when it was shown: a second tap buys nothing
    version: int = 0  # of the reward when it was shown: nobody pays another price


class MyVouchers(Callback, verb="pv"):
    """List one's own."""


class CancelVoucher(Callback, verb="pc"):
    id: int
    sure: str = ""
