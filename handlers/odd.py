"""What people send besides words and taps: a clear line, or a polite silence."""

from telegram import Message, MessageEntity, Update
from telegram.ext import CallbackQueryHandler, MessageHandler, filters

from bot.channels.telegram.buttons import asked
from bot.channels.telegram.receiver import reads
from bot.channels.telegram.unit import Context
from bot.messaging.callbacks import Go
from bot.messaging.reply import Say
from handlers.emergencies import help_first

PRIVATE = filters.ChatType.PRIVATE
KINDS = (
    (filters.Sticker.ALL, "sticker"),
    (filters.AUDIO | filters.VIDEO_NOTE, "voice"),
    (filters.CONTACT, "contact"),
    (filters.POLL, "poll"),
)


@reads
async def elsewhere(update: Update, context: Context) -> None:
    """A group: answer only who calls us by a command of ours, in the topic they call from, and ask them to come in private."""
    message = update.message  # What was edited was read before.
    if message is not None and _calls_us(message, context):
        reply: Say = {"do": "say", "text": context.text("odd.group")}
        if message.is_topic_message and message.message_thread_id is not None:
            reply["thread"] = message.message_thread_id
        context.reply(reply)


def _calls_us(message: Message, context: Context) -> bool:
    """Whether a line begins with a command that is ours: other bots hear it as well, and answer theirs."""
    first = next(iter(message.entities), None)
    if message.text is None or first is None or first.type != MessageEntity.BOT_COMMAND or first.offset:
        return False
    name, _, called = message.text[1 : first.length].partition("@")
    ours = not called or called.lower() == (context.bot.username or "").lower()
    return ours and f"command.{name.lower()}" in context.knowledge.texts


@reads
async def silence(update: Update, context: Context) -> None:
    """An edited message or a service message: whatever it says was said before, or to nobody."""


@reads
async def odd(update: Update, context: Context) -> None:
    if update.effective_message is not None and help_first(context, update.effective_message.caption or ""):
        return
    kind = next((name for fits, name in KINDS if fits.check_update(update)), "file")
    context.say(f"odd.{kind}")


@reads
async def stale(update: Update, context: Context) -> None:
    """A button nobody knows any more: of an old version, or of a message long gone."""
    context.toast("stale")


@reads
async def not_built(update: Update, context: Context, asked: Go) -> None:
    """What the menu promises and is not there yet."""
    context.say("not_built", what=context.text(f"menu.{asked.to}"))


BEFORE = [
    MessageHandler(~PRIVATE, elsewhere),
    # No text is a status update; asking that first spares every question thirty looks.
    MessageHandler(filters.UpdateType.EDITED_MESSAGE | ~filters.TEXT & filters.StatusUpdate.ALL, silence),
]
NOT_BUILT = [asked(Go, not_built)]
HANDLERS = [
    MessageHandler(filters.ALL, odd),
    CallbackQueryHandler(stale),
]
