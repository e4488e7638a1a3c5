"""The button that has the number of an appeal sent as a text message: see `bot.messaging.callbacks`."""

from bot.messaging.press import Callback


class TextReceipt(Callback, verb="tx"):
    number: str
