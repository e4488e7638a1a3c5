"""/settings: where somebody runs and what they do, so that answers begin with what holds there."""

from collections.abc import Sequence

from telegram import Update
from telegram.ext import CommandHandler

from bot.channels.telegram.buttons import asked, message_of
from bot.channels.telegram.receiver import reads
from bot.channels.telegram.unit import Context
from bot.messaging.callbacks import AskErasure, MyData, Notices, Settings
from bot.messaging.reply import Row, rows_of
from handlers import home
from knowledge.policies import AUDIENCES

JOBS = (*AUDIENCES[1:], "other")


@reads
async def settings(update: Update, context: Context) -> None:
    job = context.chat.job
    context.say(
        "settings.text",
        choices=[
            [context.button("settings.place", Settings("place")), context.button("settings.job", Settings("job"))],
            [context.button("privacy.data", MyData()), context.button("privacy.forget", AskErasure())],
            [context.button("settings.notices", Notices())],
        ],
        place=home.full_name(context, context.chat.region),
        job=context.text(f"job.{job}") if job else context.text("settings.no_job"),
    )


async def change(update: Update, context: Context, asked: Settings) -> None:
    """`set:place` asks where they run; `set:job` offers choices, and with a value behind saves it."""
    if asked.what == "place":
        await home.HOME.restart(context)
    elif not asked.value:
        context.edit(message_of(update), "settings.pick_job", choices=_jobs(context))
    elif asked.value in JOBS:
        context.chat.job = asked.value
        context.edit(message_of(update), "settings.saved_job", job=context.text(f"job.{asked.value}"))
    else:
        context.toast("stale")


def _jobs(context: Context) -> Sequence[Row]:
    buttons = [context.button(f"job.{job}", Settings("job", job)) for job in JOBS]
    return rows_of(buttons)


HANDLERS = [
    CommandHandler("settings", settings),
    asked(Settings, change),
]
