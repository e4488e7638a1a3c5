"""/start, /help and /menu: what the bot can do, what it keeps, and how to go on."""

from telegram import Update
from telegram.ext import ChatMemberHandler, CommandHandler

from bot.channels.telegram.receiver import reads
from bot.channels.telegram.unit import Context
from bot.messaging.reply import Keys
from bot.store.models import Channel, now
from handlers import home
from knowledge import menu
from knowledge.texts import DEFAULT

ENGLISH = "en"


async def start(update: Update, context: Context) -> None:
    """Greets, and asks the first time where they run; from now on notices may reach this person."""
    first = context.chat.started_at is None
    context.chat.language = _language_of(update)
    context.chat.started_at = context.chat.started_at or now()
    context.chat.blocked_at = None
    context.say("start.hello", keyboard=_keys(context))
    abroad = context.chat.channel == Channel.TELEGRAM  # The page keeps everything at home.
    way = context.text("start.privacy_telegram") if abroad else ""
    context.say("start.privacy", way=way, operator=_operator(context))
    if first and context.chat.language == DEFAULT:
        home.offer(context)


def _language_of(update: Update) -> str:
    """What somebody's own program speaks, if we can say anything in it."""
    code = (update.effective_user.language_code or "") if update.effective_user else ""
    return ENGLISH if code.partition("-")[0].lower() == ENGLISH else DEFAULT


@reads
async def help_(update: Update, context: Context) -> None:
    """Whoever cries "help" may speak no Chinese: whom to call stands in what they are told first."""
    typed = (update.message.text or "/") if update.message else "/"
    if typed.isascii() and not typed.startswith("/"):
        context.reply({"do": "say", "text": context.knowledge.texts.say("en", "english.hello")})
    context.say("help.text", operator=_operator(context), keyboard=_keys(context))


@reads
async def show_menu(update: Update, context: Context) -> None:
    context.say("menu.text", keyboard=_keys(context))


async def membership(update: Update, context: Context) -> None:
    """The channel tells us that somebody shut us out, or let us in again."""
    if update.my_chat_member is not None:
        gone = update.my_chat_member.new_chat_member.status in {"kicked", "left"}
        context.chat.blocked_at = now() if gone else None


def _operator(context: Context) -> str:
    """Who runs this and how to reach them; said plainly where nobody filled it in."""
    name, phone = context.services.operator
    if not name:
        return context.text("start.unnamed")
    return context.text("start.operated" if phone else "start.no_phone", name=name, phone=phone)


def _keys(context: Context) -> Keys:
    return menu.keys(context.knowledge.texts, context.chat.language)


HANDLERS = [
    CommandHandler("start", start),
    CommandHandler("help", help_),
    CommandHandler("menu", show_menu),
    ChatMemberHandler(membership, ChatMemberHandler.MY_CHAT_MEMBER),
]
