"""Notices in chat: which ones somebody wants, when they sleep, and where they run for, if they like to say so.

The button under a notice ends its kind.
"""

from telegram import Update
from telegram.ext import CommandHandler

from bot.channels.telegram.buttons import asked, message_of
from bot.channels.telegram.receiver import reads
from bot.channels.telegram.unit import Context
from bot.messaging.callbacks import Notices, button
from bot.messaging.reply import Row, rows_of
from bot.services.core import quiet_hours
from bot.services.notices import platforms, responses
from bot.store.models import NoticeKind

HOURS = ("", "8-16", "0-6", "0-0")  # quiet hours offered as buttons; "" is the usual night
KINDS = {"service": "service_notices", "activity": "activity_notices"}  # column of the chat


@reads
async def show(update: Update, context: Context) -> None:
    service, activity, quiet = _state(context)
    context.say("notices.text", choices=_choices(context), service=service, activity=activity, quiet=quiet)


async def change(update: Update, context: Context, asked: Notices) -> None:
    match asked.what, asked.value:
        case "", None:
            _repaint(update, context)
        case kind, "off" if kind in KINDS:
            await _want(context, kind, wanted=False, under=message_of(update))
            context.toast("notices.ended", alert=True, kind=context.text(f"notices.{kind}"))
        case kind, "flip" if kind in KINDS:
            await _want(context, kind, wanted=not getattr(context.chat, KINDS[kind]))
            _repaint(update, context)
        case "quiet", str(hours) if hours in HOURS:
            context.chat.quiet = hours
            _repaint(update, context)
        case "platform", chosen if await _choose(context, chosen):
            await _ask_platform(update, context)
        case _:
            context.toast("stale")


async def end(update: Update, context: Context) -> None:
    """Somebody typed that they want no more notices: none, and how to have them again.  Their own cases are another matter."""
    for kind in KINDS:
        await _want(context, kind, wanted=False)
    context.say("notices.stopped", choices=[[context.button("notices.again", Notices())]])


async def _want(context: Context, kind: str, *, wanted: bool, under: int = 0) -> None:
    """Change whether they get a kind; the notice that made them end it counts them."""
    column = KINDS[kind]
    if getattr(context.chat, column) == wanted:
        return
    setattr(context.chat, column, wanted)
    if wanted:
        await responses.opt_in(context.session, context.chat.id, NoticeKind(kind))
    else:
        await responses.opt_out(context.session, context.chat.id, NoticeKind(kind), under)


def _repaint(update: Update, context: Context) -> None:
    service, activity, quiet = _state(context)
    values = {"service": service, "activity": activity, "quiet": quiet}
    context.edit(message_of(update), "notices.text", choices=_choices(context), **values)


async def _choose(context: Context, chosen: str | None) -> bool:
    """Keep what was tapped, if anything was; returns False for a platform that is not offered any more."""
    if chosen == "none":
        await platforms.forget(context.session, context.chat.id)
    elif chosen is not None:
        if chosen not in context.knowledge.grid.platforms:
            return False
        await platforms.flip(context.session, context.chat.id, chosen)
    return True


async def _ask_platform(update: Update, context: Context) -> None:
    """What it is for, and the platforms, marked where they were said."""
    labels, said = context.knowledge.grid.platforms, await platforms.said(context.session, context.chat.id)
    named = [labels.get(code, code) for code in (*labels, *sorted(said - labels.keys())) if code in said]
    buttons = [
        button(context.text("notices.said", name=name) if code in said else name, Notices("platform", code))
        for code, name in labels.items()
    ]
    rows = rows_of(buttons)
    if said:
        rows.append([context.button("notices.unsay", Notices("platform", "none"))])
    rows.append([context.button("notices.back", Notices())])
    context.edit(
        message_of(update), "notices.platform", choices=rows, said="、".join(named) or context.text("notices.unsaid")
    )


def _state(context: Context) -> tuple[str, str, str]:
    service, activity = (_marked(context, getattr(context.chat, column)) for column in KINDS.values())
    return service, activity, _hours(context, context.chat.quiet)


def _choices(context: Context) -> list[Row]:
    kinds = [context.button(f"notices.flip_{kind}", Notices(kind, "flip")) for kind in KINDS]
    hours = {_hours(context, each): button(_hours(context, each), Notices("quiet", each)) for each in HOURS}
    return [kinds, *rows_of(list(hours.values())), [context.button("notices.where", Notices("platform"))]]


def _marked(context: Context, wanted: bool) -> str:
    return context.text("notices.on" if wanted else "notices.off")


def _hours(context: Context, hours: str) -> str:
    """A choice of quiet hours in words; one that is not offered any more reads as the usual one."""
    key = {"8-16": "quiet_day", "0-6": "quiet_late", "0-0": "quiet_never"}.get(hours, "quiet_usual")
    start, end = quiet_hours.of(hours, context.services.quiet)
    return context.text("notices.quiet_never" if start == end else f"notices.{key}", start=start.hour, end=end.hour)


HANDLERS = [CommandHandler("notices", show), asked(Notices, change)]
