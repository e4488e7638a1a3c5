"""The grid's group of the menu: how one stands, training, shifts, pausing, leaving, another term."""

from collections.abc import Sequence
from typing import Any

from telegram import Update
from telegram.ext import CommandHandler

from bot.channels.telegram.buttons import asked, message_of, pressed, tapped
from bot.channels.telegram.unit import Context
from bot.messaging.callbacks import (
    AnswerItem,
    AskRenewal,
    CheckIn,
    CheckOut,
    Consultations,
    Go,
    JoinVolunteers,
    MembershipLooks,
    MembershipSteps,
    NewAppeal,
    NewHazard,
    Pause,
    Points,
    Resign,
    Resume,
    Train,
    button,
)
from bot.messaging.reply import Row
from bot.services.core.lifecycle import WORKER, IllegalStep, Role
from bot.services.core.working_days import ZONE, shown
from bot.services.identity import identities
from bot.services.volunteers import applications, shifts, training
from bot.services.volunteers import transitions as volunteer_transitions
from bot.services.volunteers.states import CERTIFIED, CLOSED, VOLUNTEER, VolunteerMove, VolunteerState
from bot.store.models import Volunteer
from handlers import second_thoughts, timeline
from knowledge.volunteers import TrainingItem

LINES = 8  # of the timeline
NOUN = "volunteer"  # what is left, as it is planned


async def home(update: Update, context: Context) -> None:
    """How somebody stands and what they can do; for everybody else, what the grid is about."""
    points = [context.button("volunteer.points", Points())]
    volunteer = await applications.own(context.session, context.chat.id)
    if volunteer is None or volunteer.state == VolunteerState.RESIGNED:
        context.say("volunteer.about", choices=[[context.button("volunteer.join", JoinVolunteers())], points])
        return
    counted, waiting = await shifts.minutes(context.session, volunteer)
    district = context.knowledge.regions.get(volunteer.district)
    text = context.text(
        "volunteer.home",
        number=volunteer.number,
        state=context.text(f"volunteer.state_{volunteer.state}"),
        district=district.name if district else volunteer.district,
        grid=volunteer.grid,
    )
    if volunteer.expires_at is not None and volunteer.state in CERTIFIED:
        until = f"{shown(volunteer.expires_at):%Y-%m-%d}"
        text += context.text("volunteer.home_certificate", certificate=volunteer.certificate, until=until)
        text += context.text("volunteer.home_hours", hours=f"{counted / 60:.1f}", waiting=waiting)
    if (team := await applications.team_of(context.session, volunteer)) is not None:
        text += context.text("volunteer.home_team", team=team.name)
    if await applications.liaison(context.session, context.chat.id) is not None:
        text += context.text("volunteer.home_liaison")
    context.reply({"do": "say", "text": text, "choices": [*await _ways(context, volunteer), points]})


async def _ways(context: Context, volunteer: Volunteer) -> list[Row]:
    """What somebody may do where they stand."""
    rows: list[Row] = []
    if volunteer.liaison and volunteer.state == VolunteerState.ACTIVE:
        rows.append(
            [context.button("volunteer.report", NewHazard()), context.button("volunteer.speak_for", NewAppeal())]
        )
        rows.append([context.button("volunteer.deliberate", Consultations())])
    if volunteer.state in (VolunteerState.APPROVED, VolunteerState.TRAINING):
        rows.append([context.button("volunteer.begin_training", Train())])
    if volunteer.state == VolunteerState.ACTIVE:
        on = await shifts.open_one(context.session, volunteer)
        key = "volunteer.check_out" if on else "volunteer.check_in"
        rows.append([context.button(key, CheckOut() if on else CheckIn()), context.button("volunteer.pause", Pause())])
    if volunteer.state == VolunteerState.PAUSED:
        rows.append([context.button("volunteer.resume", Resume())])
    if volunteer.renewal_at is None and volunteer_transitions.may_renew(context.services, volunteer):
        rows.append([context.button("volunteer.ask_renewal", AskRenewal())])
    if volunteer.state == VolunteerState.REJECTED:
        rows.append([context.button("volunteer.join", JoinVolunteers())])
    way = [
        context.button("volunteer.timeline", MembershipSteps()),
        context.button("appeal.who_looked", MembershipLooks()),
    ]
    if volunteer.state not in CLOSED:
        leave = context.button("volunteer.resign", Resign())
        way.append(second_thoughts.way(context, NOUN, volunteer.number, leave))
    return [*rows, way]


async def looks(update: Update, context: Context) -> None:
    """Who looked at name and phone: roles, times and purposes, no names."""
    volunteer = await applications.own(context.session, context.chat.id)
    seen = await identities.seen_by(context.session, f"volunteer:{volunteer.number}") if volunteer is not None else []
    if volunteer is None or not seen:
        context.say("appeal.looked_none")
        return
    lines = [
        context.text(
            "appeal.look",
            date=f"{each.at.astimezone(ZONE):%m-%d %H:%M}",
            role=context.text(f"role.{each.role}"),
            field=context.text(f"field.{each.field}"),
            purpose=each.purpose,
        )
        for each in seen
    ]
    text = context.text("appeal.looked", number=volunteer.number, looks="")
    context.reply({"do": "say", "text": text + "\n".join(lines)})


async def standing(update: Update, context: Context) -> None:
    """What became of the membership, step by step."""
    volunteer = await applications.own(context.session, context.chat.id)
    if volunteer is None:
        context.toast("stale")
        return
    steps = (await applications.timeline(context.session, volunteer.id))[-LINES:]
    lines = timeline.drawn(
        context,
        [(each.at, context.text(f"membership.{each.name}", text=each.text)) for each in steps],
        now=timeline.words(context, f"volunteer.now_{volunteer.state}"),
        then=[timeline.words(context, f"volunteer.then_{volunteer.state}")],
    )
    text = context.text("volunteer.timeline_title", number=volunteer.number)
    context.reply({"do": "say", "text": f"{text}\n\n{lines}"})


async def _change(context: Context, target: VolunteerState, key: str, choices: Sequence[Row] = ()) -> None:
    """Take one of the volunteer's own steps and say so."""
    volunteer = await applications.own(context.session, context.chat.id)
    if volunteer is None:
        context.toast("stale")
        return
    try:
        await volunteer_transitions.change(
            context.session, context.services, volunteer.number, VolunteerMove(target, WORKER)
        )
    except IllegalStep:
        context.toast("volunteer.not_now", state=context.text(f"volunteer.state_{volunteer.state}"))
        return
    context.say(key, choices=choices, number=volunteer.number)


async def pause(update: Update, context: Context) -> None:
    back = [[context.button("volunteer.resume", Resume())]]
    await _change(context, VolunteerState.PAUSED, "volunteer.paused", back)


async def resume(update: Update, context: Context) -> None:
    await _change(context, VolunteerState.ACTIVE, "volunteer.resumed")


async def resign(update: Update, context: Context, asked: Resign) -> None:
    """Leaving is asked once more, and done in a minute, because the certificate is gone with it."""
    if not asked.sure:
        context.say("volunteer.resign_sure", choices=[[context.button("volunteer.resign_yes", Resign("yes"))]])
        return
    volunteer = await applications.own(context.session, context.chat.id)
    if volunteer is None:
        context.toast("stale")
    elif not VOLUNTEER.allows("resign", volunteer.state, VolunteerState.RESIGNED, Role.WORKER):
        context.toast("volunteer.not_now", state=_state(context, volunteer))
    else:
        await second_thoughts.plan(context, NOUN, volunteer.number, "undo.resigning")


async def ask_renewal(update: Update, context: Context) -> None:
    volunteer = await applications.own(context.session, context.chat.id)
    if volunteer is not None and await volunteer_transitions.ask_renewal(
        context.session, context.services, volunteer.number, WORKER
    ):
        context.say("volunteer.renewal_asked")
    else:
        context.toast("volunteer.renewal_known")


async def check_in(update: Update, context: Context) -> None:
    volunteer = await applications.acting(context.session, context.chat.id)
    if volunteer is None:
        context.toast("volunteer.not_acting")
        return
    shift = await shifts.start(context.session, context.services, volunteer)
    out = [[context.button("volunteer.check_out", CheckOut())]]
    context.say("volunteer.checked_in", choices=out, time=f"{shift.started_at.astimezone(ZONE):%H:%M}")


async def check_out(update: Update, context: Context) -> None:
    volunteer = await applications.own(context.session, context.chat.id)
    shift = await shifts.stop(context.session, context.services, volunteer) if volunteer is not None else None
    if shift is None or shift.ended_at is None:
        context.toast("volunteer.no_shift")
        return
    minutes = int((shift.ended_at - shift.started_at).total_seconds() // 60)
    context.say("volunteer.checked_out", minutes=minutes)


async def train(update: Update, context: Context) -> None:
    """The checklist: what is done, and the next item."""
    volunteer = await applications.own(context.session, context.chat.id)
    if volunteer is not None and volunteer.state == VolunteerState.APPROVED:
        wanted = VolunteerMove(VolunteerState.TRAINING, WORKER)
        volunteer = await volunteer_transitions.change(context.session, context.services, volunteer.number, wanted)
    if volunteer is None or volunteer.state != VolunteerState.TRAINING:
        context.toast("volunteer.not_now", state=_state(context, volunteer))
        return
    await _next_item(context, volunteer)


async def answer(update: Update, context: Context, asked: AnswerItem) -> None:
    """The right one ticks the item, a wrong one explains it again."""
    volunteer = await applications.own(context.session, context.chat.id)
    item = context.knowledge.grid.items.get(asked.item)
    if volunteer is None or item is None or not item.in_chat or volunteer.state != VolunteerState.TRAINING:
        context.toast("stale")
        return
    if asked.choice != item.right:
        context.toast("volunteer.answer_wrong", alert=True)
        return
    context.edit(message_of(update), "volunteer.item_done", item=item.label)
    volunteer = await volunteer_transitions.learn(
        context.session, context.services, volunteer.number, item.code, WORKER
    )
    if volunteer.state == VolunteerState.TRAINING:
        await _next_item(context, volunteer)


async def _next_item(context: Context, volunteer: Volunteer) -> None:
    left = await training.missing(context.session, context.services, volunteer)
    item = next((each for each in left if each.in_chat), None)
    if item is None:
        context.say("volunteer.on_site", items="、".join(each.label for each in left))
        return
    context.say(
        "volunteer.item",
        choices=_answers(item),
        left=len(left),
        item=item.label,
        text=item.text,
        question=item.question,
    )


def _answers(item: TrainingItem) -> list[Row]:
    """The answers, the right one not always first."""
    turned = sorted(enumerate(item.answers), key=lambda each: each[1])
    return [[button(label, AnswerItem(item.code, number))] for number, label in turned]


def _state(context: Context, volunteer: Volunteer | None) -> str:
    return context.text(f"volunteer.state_{volunteer.state}") if volunteer else context.text("volunteer.state_none")


HANDLERS: list[Any] = [
    CommandHandler("volunteer", home),
    tapped("volunteer", home),
    pressed(Go("volunteer"), home),
    pressed(MembershipSteps, standing),
    pressed(MembershipLooks, looks),
    pressed(Pause, pause),
    pressed(Resume, resume),
    asked(Resign, resign),
    pressed(AskRenewal, ask_renewal),
    pressed(CheckIn, check_in),
    pressed(CheckOut, check_out),
    pressed(Train, train),
    asked(AnswerItem, answer),
]
