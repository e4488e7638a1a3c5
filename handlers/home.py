"""Where somebody runs: asked once, after the first /start, and changed in the settings.

A position becomes a division at once, and is forgotten.
"""

from typing import Any

from telegram import Update
from telegram.ext import MessageHandler, filters

from bot.channels.telegram.buttons import asked, message_of
from bot.channels.telegram.receiver import continues
from bot.channels.telegram.unit import Context, current
from bot.errors import Rejected
from bot.messaging.callbacks import ChooseHome
from bot.messaging.reply import Option, Options, Row, rows_of
from bot.store.models import now
from handlers import divisions
from handlers.answers import AnswerKind, Given, one_of
from handlers.flow import Flow, Question
from handlers.standing import SILENCE, Answers, leave, stand

CITIES = ("2101", "2102", "2103", "2105", "2109", "5101", "3701", "1101")  # offered as buttons
ABREAST = 3  # names in a row of buttons


def offer(context: Context) -> None:
    """Ask whoever has just begun.  The question waits beside everything else: nobody has to answer it."""
    chat = context.chat
    if chat.region:
        return
    if not chat.flow:
        stand(chat, HOME.name, HOME.questions[0].name, {})
        chat.paused = True
    ways: list[Row] = [
        [context.button("home.position", ChooseHome("here"))],
        [context.button("home.type", ChooseHome("type")), context.button("home.later", ChooseHome("later"))],
    ]
    context.say("home.offer", choices=ways)


async def answered(update: Update, context: Context, asked: ChooseHome) -> None:
    """A button under the question that was asked at the beginning."""
    if asked.way != "later":
        await HOME.restart(context)
        return
    if context.chat.flow == HOME.name:
        leave(context.chat)
    context.edit(message_of(update), "home.left")


async def where(context: Context, what: Given) -> dict[str, Any]:
    """The divisions that a button, a position or a typed place may mean."""
    if what.kind is AnswerKind.PRESS and what.text in CITIES:
        return {"places": [[what.text, full_name(context, what.text)]]}
    places = divisions.pairs(context, await divisions.read(context, what))
    if not places:
        raise Rejected("home.unknown" if what.point is None else "station.abroad", typed=what.text[:20])
    return {"places": [[_settled(context, code), full] for code, full in places]}


def full_name(context: Context, code: str) -> str:
    """辽宁省沈阳市铁西区; what nobody said is said so."""
    place = context.knowledge.places.get(code)
    return place.full if place is not None else context.text("home.unsaid")


def _settled(context: Context, code: str) -> str:
    """北京市 is a province and its only city: the city's code is the one that notices and agencies go by."""
    inside = _inside(context, code)
    return inside[0] if len(inside) == 1 else code


def _inside(context: Context, code: str) -> list[str]:
    return [each for each in context.knowledge.regions if each.startswith(code) and len(each) == len(code) + 2]


def _places(answers: Answers) -> divisions.Pairs:
    return list((answers.get("where") or {}).get("places", ()))


async def _look_inside(context: Context, answers: Answers) -> None:
    """Note what can be chosen inside the place, if it is one."""
    places = _places(answers)
    answers["~inside"] = _inside(context, places[0][0]) if len(places) == 1 else []


def _buttons(context: Context, codes: list[str]) -> Options:
    buttons = [Option(label=context.knowledge.regions[code].short, value=code) for code in codes]
    return rows_of(buttons, ABREAST)


def _names(context: Context) -> dict[str, str]:
    known = context.knowledge.regions
    return {code: known[code].short for code in (context.chat.answers or {}).get("~inside", ())}


async def save(context: Context, answers: Answers) -> None:
    context.chat.region = answers.get("district") or divisions.chosen(answers, "which", _places(answers))
    context.say("home.saved", place=full_name(context, context.chat.region))


HOME = Flow(
    name="home",
    questions=(
        Question(
            "where",
            ask="home.where",
            read=where,
            takes=frozenset({AnswerKind.TEXT, AnswerKind.PLACE}),
            choices=lambda context, answers: _buttons(context, list(CITIES)),
            check=_look_inside,
        ),
        divisions.which("which", "home.which", of=_places),
        Question(
            "district",
            ask="home.district",
            read=one_of(_names),
            choices=lambda context, answers: _buttons(context, answers["~inside"]),
            optional=True,
            asked=lambda answers: bool(answers.get("~inside")),
        ),
    ),
    done=save,
    preview=False,
)
FLOWS = (HOME,)


class OnlyPlace(filters.UpdateFilter):
    """A place, and nothing else, typed right after we asked for it."""

    def filter(self, update: Update) -> bool:
        chat, text = current().chat, update.message.text if update.message else None
        waits = chat.flow == HOME.name and chat.paused and chat.flow_at is not None and now() - chat.flow_at < SILENCE
        return waits and bool(text) and current().services.knowledge.places.only(text or "")


async def typed(update: Update, context: Context) -> None:
    context.chat.paused = False
    await HOME.take(context, Given(AnswerKind.TEXT, (update.message.text if update.message else "") or ""))


HANDLERS = [
    asked(ChooseHome, answered),
    MessageHandler(OnlyPlace(), continues(typed)),
]
