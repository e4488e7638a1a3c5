"""/mydata and /forget: what we hold about somebody, given to them as a file, and erased when they wish."""

from telegram import Update
from telegram.ext import CommandHandler, MessageHandler, filters

from bot.channels.telegram.buttons import message_of, pressed
from bot.channels.telegram.unit import Context
from bot.messaging.callbacks import AskErasure, Erase, KeepData, MyData, Silence
from bot.queue import outbox
from bot.services.appeals import appeals
from bot.services.appeals.states import OPEN
from bot.services.chats import rings
from bot.services.contacts import contacts
from bot.services.core.working_days import ZONE
from bot.services.privacy import data_export, erasure
from handlers import home


async def show(update: Update, context: Context) -> None:
    """What is held, in a few lines; the file with all of it follows."""
    chat = context.chat
    cases = await appeals.own(context.session, chat.id)
    rung = await rings.held(context.session, chat.channel, context.unit.address)
    silence = [[context.button("privacy.silence", Silence())]] if rung else []
    outlets = await contacts.outlet_names(context.session, [chat.outlet_id or 0])
    context.say(
        "privacy.held",
        choices=[*silence, [context.button("privacy.forget", AskErasure())]],
        rings=context.text("privacy.rings", count=rung) if rung else "",
        place=home.full_name(context, chat.region),
        job=context.text(f"job.{chat.job}") if chat.job else context.text("settings.no_job"),
        outlet=outlets.get(chat.outlet_id or 0) or context.text("privacy.no_outlet"),
        cases=len(cases),
        form=context.form_name() if chat.answers else context.text("privacy.no_form"),
    )
    await outbox.put(context.session, [data_export.export(chat)])


async def silence(update: Update, context: Context) -> None:
    """No browser of theirs is rung any more, also one they have lost."""
    await rings.forget(context.session, context.chat.channel, context.unit.address)
    context.say("privacy.silenced")


async def ask(update: Update, context: Context) -> None:
    """What erasing means, before anything happens."""
    if context.chat.forget_at is not None:
        _say_when(context)
        return
    open_cases = [each for each in await appeals.own(context.session, context.chat.id) if each.state in OPEN]
    context.say(
        "privacy.ask",
        choices=[
            [context.button("privacy.yes", Erase(), days=erasure.UNDO.days)],
            [context.button("privacy.no", KeepData())],
        ],
        days=erasure.UNDO.days,
        open=context.text("privacy.open", count=len(open_cases)) if open_cases else "",
    )


async def erase(update: Update, context: Context) -> None:
    await erasure.ask(context.session, context.chat)
    _say_when(context)


async def take_back(update: Update, context: Context) -> None:
    erasure.take_back(context.chat)
    context.edit(message_of(update), "privacy.kept")


def _say_when(context: Context) -> None:
    at = context.chat.forget_at
    context.say(
        "privacy.planned",
        choices=[[context.button("privacy.undo", KeepData())]],
        date=f"{at.astimezone(ZONE):%m-%d %H:%M}" if at else "",
    )


def _typed(words: str) -> filters.BaseFilter:
    """Telegram makes no command of Chinese letters, so these are plain messages."""
    return filters.Regex(rf"^/?(?:{words})$")


HANDLERS = [
    CommandHandler("mydata", show),
    CommandHandler("forget", ask),
    MessageHandler(_typed("我的数据"), show),
    MessageHandler(_typed("删除|删除我的数据"), ask),
    pressed(MyData, show),
    pressed(Silence, silence),
    pressed(AskErasure, ask),
    pressed(Erase, erase),
    pressed(KeepData, take_back),
]
