"""What an update may say about a notice: somebody pressed a button under a message of ours, or replied to it."""

from telegram import Update

from bot.services.notices.buttons import PRESSES
from bot.services.notices.responses import Response
from bot.store.models import Chat


def read(update: Update, chat: Chat) -> list[Response]:
    """Whether the message was a notice is looked up after the answer, by its number.  Somebody new got none."""
    query, message, about = update.callback_query, update.message, 0
    if query is not None and query.message is not None and (query.data or "").startswith(PRESSES):
        about = query.message.message_id
    elif message is not None and (ours := message.reply_to_message) and ours.from_user and ours.from_user.is_bot:
        about = ours.message_id
    return [Response(chat.id, about)] if about and chat.id is not None else []
