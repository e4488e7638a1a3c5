"""Notices in chat: which ones somebody wants, and when they sleep.  The button under a notice ends its kind."""

from telegram import Update
from telegram.ext import CommandHandler

from bot.channels.telegram.buttons import arguments, message_of, pressed
from bot.channels.telegram.receiver import reads
from bot.channels.telegram.unit import Context, Row

HOURS = ("", "8-16", "0-6", "0-0")  # quiet hours offered as buttons; "" is the usual night
KINDS = {"service": "service_notices", "activity": "activity_notices"}  # column of the chat


@reads
async def show(update: Update, context: Context) -> None:
    service, activity, quiet = _state(context)
    context.say("notices.text", choices=_choices(context), service=service, activity=activity, quiet=quiet)


async def change(update: Update, context: Context) -> None:
    """`notices:KIND:off` hangs under a notice, `notices:KIND:flip` and `notices:quiet:HOURS` in the settings."""
    match arguments(update):
        case []:
            _repaint(update, context)
        case [kind, "off"] if kind in KINDS:
            setattr(context.chat, KINDS[kind], False)
            context.toast("notices.ended", alert=True, kind=context.text(f"notices.{kind}"))
        case [kind, "flip"] if kind in KINDS:
            setattr(context.chat, KINDS[kind], not getattr(context.chat, KINDS[kind]))
            _repaint(update, context)
        case ["quiet", hours] if hours in HOURS:
            context.chat.quiet = hours
            _repaint(update, context)
        case _:
            context.toast("stale")


def _repaint(update: Update, context: Context) -> None:
    service, activity, quiet = _state(context)
    values = {"service": service, "activity": activity, "quiet": quiet}
    context.edit(message_of(update), "notices.text", choices=_choices(context), **values)


def _state(context: Context) -> tuple[str, str, str]:
    service, activity = (_marked(context, getattr(context.chat, column)) for column in KINDS.values())
    return service, activity, context.text(f"notices.{_name(context.chat.quiet)}")


def _choices(context: Context) -> list[Row]:
    kinds = [context.button(f"notices.flip_{kind}", f"notices:{kind}:flip") for kind in KINDS]
    hours = [context.button(f"notices.{_name(each)}", f"notices:quiet:{each}") for each in HOURS]
    return [kinds, hours[:2], hours[2:]]


def _marked(context: Context, wanted: bool) -> str:
    return context.text("notices.on" if wanted else "notices.off")


def _name(hours: str) -> str:
    """The key of a choice of quiet hours; one that is not offered any more reads as the usual one."""
    return {"8-16": "quiet_day", "0-6": "quiet_late", "0-0": "quiet_never"}.get(hours, "quiet_usual")


HANDLERS = [CommandHandler("notices", show), pressed("notices", change)]
