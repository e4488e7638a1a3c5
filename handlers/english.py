"""Whoever writes English gets what must not fail: whom to call, a station, the way to a person; for all else, 12345."""

from telegram import Message, Update
from telegram.ext import MessageHandler, filters

from bot.channels.telegram.unit import Context, current
from handlers.policies.question import answer_english
from knowledge import english

LANGUAGE = "en"


class Written(filters.MessageFilter):
    """A line in English."""

    def filter(self, message: Message) -> bool:
        text = message.text or ""
        if text.startswith("/"):
            return False
        return english.is_english(text, going_on=current().chat.language == LANGUAGE)


async def answer(update: Update, context: Context) -> None:
    """From now on what there is in English is said in it: stations are asked for by a place, and shown by buttons.

    A greeting alone is one in both languages, and decides nothing.
    """
    text = (update.message.text or "") if update.message else ""
    if english.is_greeting(text) and context.chat.language != LANGUAGE:
        answer_english(context, text)
        context.say("question.greeting")
        return
    context.chat.language = LANGUAGE
    answer_english(context, text)


HANDLERS = [MessageHandler(filters.UpdateType.MESSAGE & Written(), answer)]
