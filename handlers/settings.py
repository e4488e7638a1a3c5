"""/settings: where somebody runs and what they do, so that answers begin with what holds there."""

from telegram import Update
from telegram.ext import CommandHandler

from bot.channels.telegram.buttons import arguments, message_of, pressed
from bot.channels.telegram.receiver import reads
from bot.channels.telegram.unit import Context
from bot.messaging.reply import Choices, rows_of
from handlers import home
from knowledge.policies import AUDIENCES

JOBS = (*AUDIENCES[1:], "other")


@reads
async def settings(update: Update, context: Context) -> None:
    job = context.chat.job
    context.say(
        "settings.text",
        choices=[
            [context.button("settings.place", "set:place"), context.button("settings.job", "set:job")],
            [context.button("privacy.data", "pd"), context.button("privacy.forget", "pf")],
            [context.button("settings.notices", "notices")],
        ],
        place=home.full_name(context, context.chat.region),
        job=context.text(f"job.{job}") if job else context.text("settings.no_job"),
    )


async def change(update: Update, context: Context) -> None:
    """`set:place` asks where they run; `set:job` offers choices, and with a value behind saves it."""
    match arguments(update):
        case ["place"]:
            await home.HOME.restart(context)
        case ["job"]:
            context.edit(message_of(update), "settings.pick_job", choices=_jobs(context))
        case ["job", job] if job in JOBS:
            context.chat.job = job
            context.edit(message_of(update), "settings.saved_job", job=context.text(f"job.{job}"))
        case _:
            context.toast("stale")


def _jobs(context: Context) -> Choices:
    buttons = [context.button(f"job.{job}", f"set:job:{job}") for job in JOBS]
    return rows_of(buttons)


HANDLERS = [
    CommandHandler("settings", settings),
    pressed("set", change),
]
