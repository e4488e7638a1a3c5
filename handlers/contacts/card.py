"""👤 我的联系人: who looks after somebody's outlet or district, when they are there, and what to do when they are not."""

from datetime import datetime
from typing import Any

from telegram import Update
from telegram.ext import CommandHandler

from bot.channels.telegram.buttons import asked, message_of, pressed
from bot.channels.telegram.unit import Context
from bot.errors import Rejected
from bot.messaging.callbacks import ChooseOutlet, Go, LeaveMessage, ReportContact
from bot.messaging.reply import Option, Options, Row
from bot.services.contacts import contacts, outlets, reports
from bot.services.contacts.contacts import ContactCard, ShownContact
from bot.services.contacts.reports import ContactFault
from bot.services.core.working_days import ZONE
from bot.store.models import now
from handlers import divisions, home
from handlers.answers import AnswerKind, Given, one_of, point, words
from handlers.flow import Flow, Question
from handlers.standing import Answers
from knowledge import hours
from knowledge.geo import Point

NONE = "none"  # the answer of whoever belongs to no outlet
SHORTEST, LONGEST = 2, 40  # characters of an outlet's name


async def show(update: Update, context: Context) -> None:
    """The card; whoever never said where they belong is asked first."""
    if context.chat.outlet_id is None and not context.chat.no_outlet:
        await OUTLET.restart(context)
    else:
        await say(context)


async def say(context: Context) -> None:
    card = await contacts.of_chat(context.session, context.chat, list(context.knowledge.contacts.labels))
    change: Row = [context.button("contact.change", ChooseOutlet())]
    place = card.outlet or home.full_name(context, card.region)
    if not card.contacts:
        context.say("contact.nobody", place=place, choices=[[context.button("menu.appeal", Go("appeal"))], change])
        return
    rows: list[Row] = []
    for each in card.contacts:
        fault = context.button("contact.fault", ReportContact(each.id), name=each.name)
        rows.append([context.button("contact.message", LeaveMessage(each.id), name=each.name), fault])
    lines = "\n\n".join(_lines(context, each) for each in card.contacts)
    title = context.text("contact.title", place=_place(context, card, place))
    context.reply({"do": "say", "text": f"{title}\n\n{lines}", "choices": [*rows, change]})


def _place(context: Context, card: ContactCard, place: str) -> str:
    return f"{context.knowledge.grid.platforms.get(card.platform, '')} {place}".strip()


def _lines(context: Context, contact: ShownContact) -> str:
    """At most five lines: unit, duty and name; number; hours, and whether somebody is there now; when it was checked."""
    duty = context.knowledge.contacts.labels.get(contact.duty, contact.duty)
    lines = [context.text("contact.who", unit=contact.unit, duty=duty, name=contact.name)]
    if contact.phone:
        lines.append(context.text("contact.phone", phone=contact.phone))
    if contact.hours:
        lines.append(context.text("contact.hours", hours=contact.hours, now=there(context, contact, now())))
    if contact.expired or contact.doubtful:
        lines.append(context.text("contact.expired" if contact.expired else "contact.doubtful"))
    elif contact.checked is not None:
        lines.append(context.text("contact.checked", day=contact.checked))
    return "\n".join(lines)


def there(context: Context, contact: ShownContact, at: datetime) -> str:
    """现在有人, or when somebody comes: 明早 9 点; "" where nobody wrote the hours down."""
    if not contact.hours:
        return ""
    known = hours.read(contact.hours)
    if known.open_at(at):
        return context.text("contact.there")
    coming = known.next_opening(at)
    return when(context, coming, at) if coming is not None else ""


def when(context: Context, coming: datetime, at: datetime) -> str:
    """A moment that is to come, as people say it."""
    local, today = coming.astimezone(ZONE), at.astimezone(ZONE).date()
    days = (local.date() - today).days
    key = {0: "contact.today", 1: "contact.tomorrow"}.get(days, "contact.day")
    return context.text(key, month=local.month, day=local.day, time=f"{local:%H:%M}")


# Saying where one belongs.


async def where(context: Context, what: Given) -> dict[str, Any]:
    """An outlet's name, a position, or that there is none."""
    if what.kind is AnswerKind.PRESS and what.text == NONE:
        return {"none": True}
    platforms = context.knowledge.grid.platforms
    if what.kind is AnswerKind.PLACE:
        given = await point(context, what)
        found = await outlets.around(context.session, Point(given["lat"], given["lon"]), platforms)
    else:
        typed = await words(SHORTEST, LONGEST)(context, what)
        found = await outlets.named(context.session, context.chat.region, typed, platforms)
    if not found:
        if what.point is None:
            raise Rejected("contact.no_such")
        raise Rejected("contact.none_near", km=round(outlets.FARTHEST / 1000))
    return {"found": [[str(number), name] for number, name in found]}


def _found(answers: Answers) -> list[list[str]]:
    return list((answers.get("where") or {}).get("found", ()))


def _which_labels(context: Context) -> dict[str, str]:
    return {
        **{pair[0]: pair[1] for pair in _found(context.chat.answers or {})},
        NONE: context.text("contact.none_of_these"),
    }


def _which(context: Context, answers: Answers) -> Options:
    rows = [[Option(label=name, value=number)] for number, name in _found(answers)]
    return [*rows, [context.option("contact.none_of_these", NONE)]]


def _has_none(answers: Answers) -> bool:
    return "none" in (answers.get("where") or {}) or answers.get("which") == NONE


async def _note_home(context: Context, answers: Answers) -> None:
    """Whoever said a district before is not asked for it again."""
    if len(context.chat.region) >= 6:
        answers["~home"] = True


def _district(answers: Answers) -> divisions.Pairs:
    return list((answers.get("district") or {}).get("places", ()))


async def save(context: Context, answers: Answers) -> None:
    """Remember it, and show the card at once."""
    chosen = None if _has_none(answers) else int(answers["which"])
    if not await contacts.choose_outlet(context.session, context.chat, chosen):
        context.toast("stale")
        return
    if place := divisions.chosen(answers, "which_district", _district(answers)):
        context.chat.region = place
    await say(context)


OUTLET = Flow(
    name="outlet",
    questions=(
        Question(
            "where",
            ask="contact.where",
            read=where,
            takes=frozenset({AnswerKind.TEXT, AnswerKind.PLACE}),
            choices=lambda context, answers: [[context.option("contact.no_outlet", NONE)]],
            check=_note_home,
        ),
        Question(
            "which",
            ask="contact.which",
            read=one_of(_which_labels),
            choices=_which,
            asked=lambda answers: bool(_found(answers)),
            check=_note_home,
        ),
        Question(
            "district",
            ask="contact.district",
            read=home.where,
            takes=frozenset({AnswerKind.TEXT, AnswerKind.PLACE}),
            asked=lambda answers: _has_none(answers) and "~home" not in answers,
        ),
        divisions.which("which_district", "home.which", of=_district),
    ),
    done=save,
    preview=False,
    kept=False,
)
FLOWS = (OUTLET,)


async def change(update: Update, context: Context) -> None:
    await OUTLET.restart(context)


async def fault(update: Update, context: Context, said: ReportContact) -> None:
    """What is wrong is asked first; then it is written down."""
    if not said.what:
        ways = [[context.button(f"contact.{each}", ReportContact(said.id, each)) for each in ContactFault]]
        context.say("contact.what_fault", choices=ways)
        return
    found = await contacts.find(context.session, context.chat, said.id, list(context.knowledge.contacts.labels))
    if found is None or said.what not in set(ContactFault):
        context.toast("stale")
        return
    await reports.report(context.session, found.id, ContactFault(said.what), context.chat.key)
    ways = [[context.button("menu.appeal", Go("appeal"))]]
    context.edit(message_of(update), "contact.reported", choices=ways)


HANDLERS = [
    CommandHandler("contact", show),
    pressed(Go("contact"), show),
    pressed(ChooseOutlet, change),
    asked(ReportContact, fault),
]
