"""A voice note was heard: what it said counts only when its author says that this is what they said."""

from telegram import Update

from bot.channels.telegram.buttons import asked, message_of
from bot.channels.telegram.listening import FRESH
from bot.channels.telegram.receiver import continues
from bot.channels.telegram.unit import Context
from bot.messaging.callbacks import UseHeard
from bot.services.appeals import appeals
from bot.services.appeals.states import OPEN
from handlers import received
from handlers.answers import AnswerKind, Given
from handlers.appeals import file as appeal_file
from handlers.policies import question
from handlers.standing import EXPIRY, expired, stand


@continues
async def heard(update: Update, context: Context, asked: UseHeard) -> None:
    """`yes`: the words are taken as if they had been typed; `no`: the sound stays, as it would without them."""
    words = _words(update)
    if asked.use == "no" or not words:
        context.settle(message_of(update))
        context.say("heard.left")
        return
    await _take(update, context, asked.number, words)
    context.settle(message_of(update))


async def _take(update: Update, context: Context, number: str, words: str) -> None:
    chat = context.chat
    flow = received.OPEN_TO_WORDS.get(chat.flow or "") if not chat.paused and not expired(chat) else None
    if number:
        await received.supplement(context, number, words, [])
    elif flow is appeal_file.APPEAL and (chat.step == "story" or _was_spoken(context)):
        answers = {name: value for name, value in (chat.answers or {}).items() if name != "story"}
        stand(chat, flow.name, "story", answers)
        await flow.take(context, Given(AnswerKind.TEXT, words))
    elif flow is not None and flow is not appeal_file.APPEAL:
        received.put_words(context, words)
        await flow.take_up(context)
    elif filed := await _filed_meanwhile(context, update):
        await received.supplement(context, filed, words, [])
    else:
        await question.answer(context, words)


def _was_spoken(context: Context) -> bool:
    """Whether the story of their appeal is a voice note, without words."""
    story = (context.chat.answers or {}).get("story") or {}
    return bool(story.get("text") == context.text("appeal.voice"))


async def _filed_meanwhile(context: Context, update: Update) -> str:
    """The number of their newest appeal where it is the voice that is asked about: open, without words, and just filed."""
    newest = next(iter(await appeals.own(context.session, context.chat.id)), None)
    asked = update.callback_query.message if update.callback_query else None
    if newest is None or asked is None or newest.story != context.text("appeal.voice"):
        return ""
    # A sound is heard within FRESH and its form kept for EXPIRY: a case of before or after that has another one.
    near = -EXPIRY < asked.date - newest.created_at < FRESH
    return newest.number if near and newest.state in OPEN else ""


def _words(update: Update) -> str:
    """What stands below the first line of the message that asked."""
    message = update.callback_query.message if update.callback_query else None
    return (getattr(message, "text", None) or "").partition("\n")[2].strip()


HANDLERS = [asked(UseHeard, heard)]
