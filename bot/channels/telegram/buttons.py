"""What people tap: buttons under a message, and keys of the menu."""

import re
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

from telegram import Update
from telegram.ext import CallbackQueryHandler, MessageHandler, filters

from bot.channels.telegram.receiver import Handle
from bot.channels.telegram.unit import Context, current
from bot.messaging.callbacks import Callback, UnknownPress

Asked = TypeVar("Asked", bound=Callback)
HandleAsked = Callable[[Update, Context, Asked], Awaitable[None]]


def pressed(press: type[Callback] | Callback, handle: Handle) -> CallbackQueryHandler[Context, Any]:
    """The handler of all buttons of a verb, or of this very one."""
    data = str(press) if isinstance(press, Callback) else press.verb
    return CallbackQueryHandler(handle, pattern=re.compile(rf"{data}(?::|$)"))


def asked(press: type[Asked], handle: HandleAsked[Asked]) -> CallbackQueryHandler[Context, Any]:
    """The handler of all buttons of a verb, given what the press says; of what it cannot read it knows nothing."""

    @wraps(handle)  # It keeps its mark of a handler that only reads.
    async def read(update: Update, context: Context) -> None:
        try:
            said = press.read((update.callback_query.data or "") if update.callback_query else "")
        except UnknownPress:
            context.toast("stale")
            return
        await handle(update, context, said)

    return pressed(press, read)


def tapped(key: str, handle: Handle) -> MessageHandler[Context, Any]:
    """The handler of one key of the menu, tapped, or typed without its picture."""
    return MessageHandler(_Key(key), handle)


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
