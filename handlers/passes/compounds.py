"""🚪 小区怎么进: which gate is open to riders, whether an electric bicycle may go in, what is asked there; for everybody."""

from datetime import datetime
from typing import Any

from telegram import Update

from bot.channels.telegram.buttons import asked, message_of, pressed, tapped
from bot.channels.telegram.unit import Context
from bot.errors import Rejected
from bot.messaging.callbacks import Go
from bot.messaging.pass_presses import FindCompound, ReportCompound, ShowPass, WasTurnedAway
from bot.messaging.reply import Option, Options, Row
from bot.services.passes import compounds, directory
from bot.store.models import Compound, Gate, now
from handlers.answers import AnswerKind, Given, one_of, point, words
from handlers.flow import Flow, Question
from handlers.standing import Answers
from knowledge import hours, maplinks
from knowledge.geo import Point

SHORTEST, LONGEST = 2, 40  # characters of a compound's name


async def where(context: Context, what: Given) -> dict[str, Any]:
    """A compound's name, or a position; what they may mean."""
    if what.kind is AnswerKind.PLACE:
        given = await point(context, what)
        found = await directory.around(context.session, Point(given["lat"], given["lon"]))
    else:
        typed = await words(SHORTEST, LONGEST)(context, what)
        found = await directory.named(context.session, context.chat.region, typed)
    if not found:
        raise Rejected(
            "compound.no_such" if what.point is None else "compound.none_near", km=round(directory.FARTHEST / 1000)
        )
    return {"found": [[str(each.id), each.name] for each in found]}


def _found(answers: Answers) -> list[tuple[str, str]]:
    return list((answers.get("where") or {}).get("found", ()))


def _labels(context: Context) -> dict[str, str]:
    return dict(_found(context.chat.answers or {}))


def _choices(context: Context, answers: Answers) -> Options:
    return [[Option(label=name, value=number)] for number, name in _found(answers)]


async def show(context: Context, answers: Answers) -> None:
    number = answers.get("which") or _found(answers)[0][0]
    found = await directory.one(context.session, int(number))
    if found is None:
        context.toast("compound.gone")
        return
    row, unit = found
    gates = await compounds.gates(context.session, row.id)
    context.say(
        "compound.card",
        choices=_ways(context, row),
        name=row.name,
        address=context.text("compound.address", address=row.address) if row.address else "",
        gates="".join(_gate(context, each, now()) for each in gates) or context.text("compound.no_gates"),
        vehicles=_vehicles(context, row),
        rules=context.text("compound.rules", rules=row.rules) if row.rules else "",
        known=_known(context, row, unit),
    )


def _ways(context: Context, row: Compound) -> list[Row]:
    rows: list[Row] = []
    if row.latitude is not None and row.longitude is not None:
        rows.append([context.link("compound.way", maplinks.amap(Point(row.latitude, row.longitude), row.name))])
    rows.append([context.button("turned.away", WasTurnedAway(row.id))])
    wrong = context.button("compound.wrong", ReportCompound(row.id))
    return [*rows, [wrong, context.button("compound.other", FindCompound())], [context.button("pass.show", ShowPass())]]


def _gate(context: Context, gate: Gate, at: datetime) -> str:
    if not gate.open_to_riders:
        return context.text("compound.gate_not", name=gate.name)
    known = ""
    if gate.hours:
        is_open = hours.read(gate.hours).open_at(at)
        known = context.text("compound.gate_open" if is_open else "compound.gate_shut", hours=gate.hours)
    return context.text("compound.gate", name=gate.name, hours=known)


def _vehicles(context: Context, row: Compound) -> str:
    if row.vehicles is None:
        return ""
    return context.text("compound.vehicles_yes" if row.vehicles else "compound.vehicles_no")


def _known(context: Context, row: Compound, unit: str) -> str:
    """Since when we know it, and from whom."""
    if row.doubtful_at is not None:
        return context.text("compound.doubtful")
    checked = context.text("compound.checked", day=row.checked) if row.checked else context.text("compound.unchecked")
    return checked + (context.text("compound.source", unit=unit) if unit else "")


ENTRY = Flow(
    name="compound",
    questions=(
        Question(
            "where",
            ask="compound.where",
            read=where,
            takes=frozenset({AnswerKind.TEXT, AnswerKind.PLACE}),
            beside=(("pass.show", ShowPass()),),
        ),
        Question(
            "which",
            ask="compound.which",
            read=one_of(_labels),
            choices=_choices,
            asked=lambda answers: len(_found(answers)) > 1,
        ),
    ),
    done=show,
    preview=False,
    kept=False,
)
FLOWS = (ENTRY,)


async def wrong(update: Update, context: Context, said: ReportCompound) -> None:
    if await directory.one(context.session, said.id) is None:
        context.toast("stale")
        return
    await directory.report(context.session, said.id, context.chat.key)
    if message := message_of(update):
        context.settle(message)
    context.say("compound.reported", choices=[[context.button("compound.other", FindCompound())]])


HANDLERS: list[Any] = [
    tapped("entry", ENTRY.start),
    pressed(Go("entry"), ENTRY.start),
    pressed(FindCompound, ENTRY.start),
    asked(ReportCompound, wrong),
]
