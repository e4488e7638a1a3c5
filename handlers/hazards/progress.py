"""What became of hazards one reported or follows, and looking on the spot whether something is fixed."""

from typing import Any

from telegram import Update

from bot.channels.telegram.buttons import asked, pressed
from bot.channels.telegram.unit import Context
from bot.errors import Rejected
from bot.messaging.callbacks import (
    JudgeHazard,
    LookAround,
    MyHazards,
    NewHazard,
    ShowHazard,
    WithdrawHazard,
    button,
)
from bot.messaging.reply import Options, Row
from bot.services.calendar.wording import by, day
from bot.services.core.lifecycle import WORKER, IllegalStep, Role
from bot.services.hazards import hazards
from bot.services.hazards import transitions as hazard_transitions
from bot.services.hazards.effects import verdicts
from bot.services.hazards.states import HAZARD, OPEN, HazardMove, HazardState
from bot.store.models import Agency, Hazard
from handlers import second_thoughts, timeline
from handlers.answers import AnswerKind, Given, one_of
from handlers.flow import Flow, Question
from handlers.standing import Answers

LISTED = 8  # hazards in one list
NOUN = "hazard"  # what is taken back, as it is planned
OFFERED = 3  # to look at
VERDICTS = {  # what somebody saw: where it leads, what the timeline says, what they are told
    "yes": (HazardState.VERIFIED, "hazard.seen_fixed", "hazard.thanks"),
    "no": (HazardState.REOPENED, "hazard.seen_not_fixed", "hazard.again"),
}


async def mine(update: Update, context: Context) -> None:
    """What one reported or follows, newest first."""
    found = (await hazards.own(context.session, context.chat.id))[:LISTED]
    if not found:
        context.say("hazard.none", choices=[[context.button("hazard.new", NewHazard())]])
        return
    lines = [
        context.text(
            "hazard.line",
            number=each.number,
            kind=_label(context, each),
            state=context.text(f"hazard.state_{each.state}"),
            due=day(context.knowledge.texts, each.due_at),
        )
        for each in found
    ]
    rows = [[button(f"{_label(context, each)} {each.number}", ShowHazard(each.number))] for each in found]
    context.reply({"do": "say", "text": "\n\n".join((context.text("hazard.list"), *lines)), "choices": rows})


async def one(update: Update, context: Context, asked: ShowHazard) -> None:
    """One of them with its timeline."""
    hazard = await hazards.own_one(context.session, context.chat.id, asked.number)
    if hazard is None:
        context.toast("stale")
        return
    agency = await context.session.get(Agency, hazard.agency_id) if hazard.agency_id else None
    unit = agency.name if agency else context.text("appeal.no_agency")
    steps = await hazards.timeline(context.session, hazard.id)
    text = context.text(
        "hazard.one",
        number=hazard.number,
        kind=_label(context, hazard),
        state=context.text(f"hazard.state_{hazard.state}"),
        words=timeline.excerpt(hazard.text),
        agency=unit,
    )
    lines = timeline.drawn(
        context,
        [(each.at, timeline.words(context, f"hazard_step.{each.name}", text=each.text)) for each in steps],
        now=timeline.words(context, f"hazard.now_{hazard.state}", agency=unit),
        then=_then(context, hazard),
    )
    context.reply({"do": "say", "text": f"{text}\n\n{lines}", "choices": _ways(context, hazard)})


def _then(context: Context, hazard: Hazard) -> list[str]:
    """What comes after; of what is over, nothing."""
    if hazard.state not in OPEN:
        return []
    return [by(context.knowledge.texts, hazard.due_at, of="hazard"), context.text("hazard.then_seen")]


def _ways(context: Context, hazard: Hazard) -> list[Row]:
    if hazard.state == HazardState.RESOLVED:
        return [[context.button(key, press) for key, press in row] for row in verdicts(hazard)]
    if hazard.state in (HazardState.REPORTED, HazardState.VALIDATED):
        taken_back = context.button("appeal.withdraw", WithdrawHazard(hazard.number))
        return [[second_thoughts.way(context, NOUN, hazard.number, taken_back)]]
    return []


async def withdraw(update: Update, context: Context, asked: WithdrawHazard) -> None:
    hazard = await hazards.own_one(context.session, context.chat.id, asked.number)
    if hazard is None:
        context.toast("stale")
        return
    if not asked.sure and hazard.state in OPEN:
        yes = context.button("appeal.withdraw_yes", WithdrawHazard(hazard.number, "yes"))
        context.say("appeal.withdraw_sure", choices=[[yes]], number=hazard.number)
        return
    if not HAZARD.allows("withdraw", hazard.state, HazardState.WITHDRAWN, Role.WORKER):
        context.say("hazard.moved_on", number=hazard.number)
        return
    await second_thoughts.plan(context, NOUN, hazard.number, "undo.withdrawing")


async def judge(update: Update, context: Context, asked: JudgeHazard) -> None:
    """The reporter, or somebody who follows, says whether it is fixed."""
    if await hazards.own_one(context.session, context.chat.id, asked.number) is None:
        context.toast("stale")
        return
    await _judge(context, asked.number, asked.verdict)


async def _judge(context: Context, number: str, verdict: str) -> None:
    target, text, said = VERDICTS[verdict]
    await _move(context, number, HazardMove(target, WORKER, text=context.text(text), chat_id=context.chat.id), said)


async def _move(context: Context, number: str, wanted: HazardMove, said: str) -> None:
    try:
        await hazard_transitions.move(context.session, context.services, number, wanted)
    except IllegalStep:
        context.say("hazard.moved_on", number=number)
        return
    context.say(said, number=number)


async def _note_near(context: Context, answers: Answers) -> None:
    """What is said to be fixed around here; one's own are asked about anyway."""
    place = answers["where"]
    found = await hazards.resolved_near(context.session, (place["lat"], place["lon"]))
    answers["~near"] = [[each.number, each.text[:40]] for each in found][:OFFERED]


async def here(context: Context, what: Given) -> dict[str, Any]:
    """A position the phone sent: whoever checks has to be there."""
    if what.point is None:
        raise Rejected("hazard.send_position")
    return {"lat": what.point[0], "lon": what.point[1]}


def _verdicts(context: Context, answers: Answers) -> Options:
    return [
        [
            context.option("hazard.fixed_one", f"{number}/yes", number=number),
            context.option("hazard.not_fixed_one", f"{number}/no", number=number),
        ]
        for number, _ in answers["~near"]
    ]


async def verdict(context: Context, what: Given) -> str:
    offered = [number for number, _ in (context.chat.answers or {}).get("~near", [])]
    values = [f"{number}/{value}" for number in offered for value in VERDICTS]
    return str(await one_of(lambda _: dict.fromkeys(values, ""))(context, what))


async def _seen(context: Context, answers: Answers) -> None:
    if not answers["~near"]:
        context.say("hazard.nothing_near", metres=round(hazards.NEAR))
        return
    number, _, value = answers["verdict"].partition("/")
    await _judge(context, number, value)


LOOK = Flow(
    name="look",
    done=_seen,
    preview=False,
    kept=False,
    questions=(
        Question(
            "where",
            ask="hazard.look_where",
            read=here,
            takes=frozenset({AnswerKind.TEXT, AnswerKind.PLACE}),
            check=_note_near,
        ),
        Question(
            "verdict",
            ask="hazard.look_which",
            read=verdict,
            choices=_verdicts,
            asked=lambda answers: bool(answers.get("~near")),
            about=lambda context, answers: {
                "near": "\n".join(f"{number}　{text}" for number, text in answers["~near"])
            },
        ),
    ),
)
FLOWS = (LOOK,)


def _label(context: Context, hazard: Hazard) -> str:
    kind = context.knowledge.hazards.kinds.get(hazard.kind)
    return kind.label if kind else hazard.kind


HANDLERS = [
    pressed(MyHazards, mine),
    asked(ShowHazard, one),
    asked(WithdrawHazard, withdraw),
    asked(JudgeHazard, judge),
    pressed(LookAround, LOOK.start),
]
