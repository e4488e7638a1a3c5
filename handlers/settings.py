"""/settings: the city and the job, so that answers begin with what holds at home."""

from telegram import Update
from telegram.ext import CommandHandler

from bot.channels.telegram.buttons import arguments, message_of, pressed
from bot.channels.telegram.receiver import reads
from bot.channels.telegram.unit import Context, Row
from handlers.answers import city
from handlers.flow import Answers, Flow, Question
from knowledge.policies import AUDIENCES

CITIES = ("2101", "2102", "2103", "2105", "2109", "5101", "3701", "1101")  # offered as buttons
JOBS = (*AUDIENCES[1:], "other")


@reads
async def settings(update: Update, context: Context) -> None:
    region, job = context.knowledge.regions.get(context.chat.region), context.chat.job
    context.say(
        "settings.text",
        choices=[
            [context.button("settings.city", "set:city"), context.button("settings.job", "set:job")],
            [context.button("privacy.data", "pd"), context.button("privacy.forget", "pf")],
            [context.button("settings.notices", "notices")],
        ],
        city=region.name if region else context.text("settings.no_city"),
        job=context.text(f"job.{job}") if job else context.text("settings.no_job"),
    )


async def change(update: Update, context: Context) -> None:
    """`set:city` and `set:job` offer choices; with a value behind, they save it."""
    match arguments(update):
        case ["city"]:
            context.edit(message_of(update), "settings.pick_city", choices=_cities(context))
        case ["city", code] if code in context.knowledge.regions:
            context.chat.region = code
            context.edit(message_of(update), "settings.saved_city", city=context.knowledge.regions[code].name)
        case ["job"]:
            context.edit(message_of(update), "settings.pick_job", choices=_jobs(context))
        case ["job", job] if job in JOBS:
            context.chat.job = job
            context.edit(message_of(update), "settings.saved_job", job=context.text(f"job.{job}"))
        case _:
            context.toast("stale")


def _cities(context: Context) -> list[Row]:
    known = context.knowledge.regions
    buttons = [{"label": known[code].short, "press": f"set:city:{code}"} for code in CITIES]
    rows: list[Row] = [buttons[at : at + 2] for at in range(0, len(buttons), 2)]
    return [*rows, [context.button("settings.other_city", "set-typed")]]


def _jobs(context: Context) -> list[Row]:
    buttons = [context.button(f"job.{job}", f"set:job:{job}") for job in JOBS]
    return [buttons[at : at + 2] for at in range(0, len(buttons), 2)]


async def _save_city(context: Context, answers: Answers) -> None:
    context.chat.region = answers["city"]
    context.say("settings.saved_city", city=context.knowledge.regions[answers["city"]].name)


CITY = Flow(
    name="city",
    questions=(Question("city", ask="settings.ask_city", read=city),),
    done=_save_city,
    preview=False,
)
FLOWS = (CITY,)

HANDLERS = [
    CommandHandler("settings", settings),
    pressed("set-typed", CITY.start),
    pressed("set", change),
]
