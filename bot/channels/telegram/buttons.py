"""What people tap: buttons under a message (`verb:argument:argument`, at most 64 bytes) and keys of the menu."""

import re
from typing import Any

from telegram import Update
from telegram.ext import CallbackQueryHandler, MessageHandler, filters

from bot.channels.telegram.receiver import Callback
from bot.channels.telegram.unit import Context, current


def pressed(verb: str, callback: Callback) -> CallbackQueryHandler[Context, Any]:
    """The handler of all buttons of a verb."""
    return CallbackQueryHandler(callback, pattern=re.compile(rf"{verb}(?::|$)"))


def tapped(key: str, callback: Callback) -> MessageHandler[Context, Any]:
    """The handler of one key of the menu, tapped, or typed without its picture."""
    return MessageHandler(_Key(key), callback)


def arguments(update: Update) -> list[str]:
    """What stands behind the verb of the pressed button."""
    query = update.callback_query
    return (query.data or "").split(":")[1:] if query else []


def message_of(update: Update) -> int:
    """The message the pressed button hangs on; 0 when it is too old to be known."""
    query = update.callback_query
    return query.message.message_id if query and query.message else 0


class _Key(filters.UpdateFilter):
    def __init__(self, key: str) -> None:
        super().__init__(name=f"Key({key})")
        self.key = key

    def filter(self, update: Update) -> bool:
        message = update.message
        if message is None or message.text is None:
            return False
        return current().services.knowledge.texts.labels("menu").get(message.text) == self.key
