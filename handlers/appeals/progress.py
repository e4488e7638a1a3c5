"""How one's appeals stand: lists, timelines, who looked, rating, reopening, and look-up by number and code."""

from typing import Any

from telegram import Update
from telegram.ext import CommandHandler

from bot.channels.telegram.buttons import asked, message_of, pressed
from bot.channels.telegram.unit import Context
from bot.errors import Rejected
from bot.messaging.callbacks import (
    RATINGS,
    AnswerForm,
    AppealLooks,
    ContinueAppeal,
    LookUpAppeal,
    MyAppeals,
    NewAppeal,
    RateAppeal,
    ShowAppeal,
    WithdrawAppeal,
    button,
)
from bot.messaging.reply import Row
from bot.services.appeals import appeals
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.states import DONE, OPEN, AppealMove, AppealState
from bot.services.calendar.wording import by, day
from bot.services.core import numbers
from bot.services.core.lifecycle import WORKER, IllegalStep
from bot.services.core.working_days import ZONE
from bot.services.identity import identities
from bot.store.models import Agency, Appeal, AppealStep
from handlers.answers import Given, words
from handlers.flow import Flow, Question
from handlers.standing import Answers, stand

LISTED = 8  # appeals in one list


async def mine(update: Update, context: Context) -> None:
    """One's appeals, newest first."""
    found = (await appeals.own(context.session, context.chat.id))[:LISTED]
    if not found:
        context.say("appeal.none", choices=[[context.button("appeal.new", NewAppeal())]])
        return
    lines = [_line(context, each) for each in found]
    rows = [[button(each.number, ShowAppeal(each.number))] for each in found]
    context.reply({"do": "say", "text": "\n\n".join((context.text("appeal.list"), *lines)), "choices": rows})


async def one(update: Update, context: Context, asked: ShowAppeal) -> None:
    """One appeal with its timeline."""
    appeal = await appeals.own_one(context.session, context.chat.id, asked.number)
    if appeal is None:
        context.toast("stale")
    else:
        await _show(context, appeal, own=True)


async def looks(update: Update, context: Context, asked: AppealLooks) -> None:
    """Who looked at the identity or an attachment: roles and times, no names."""
    appeal = await appeals.own_one(context.session, context.chat.id, asked.number)
    if appeal is None:
        context.toast("stale")
        return
    seen = await identities.seen_by(context.session, f"appeal:{appeal.number}")
    if not seen:
        context.say("appeal.looked_none")
        return
    lines = [
        context.text(
            "appeal.look",
            date=f"{each.at.astimezone(ZONE):%m-%d %H:%M}",
            role=context.text(f"role.{each.role}"),
            field=context.text(f"field.{each.field.partition(':')[0]}"),
            purpose=each.purpose,
        )
        for each in seen
    ]
    context.reply(
        {"do": "say", "text": context.text("appeal.looked", number=appeal.number, looks="") + "\n".join(lines)}
    )


async def withdraw(update: Update, context: Context, asked: WithdrawAppeal) -> None:
    """Asked once more: nothing brings a withdrawn case back."""
    number = asked.number
    appeal = await appeals.own_one(context.session, context.chat.id, number)
    if appeal is None:
        context.toast("stale")
        return
    if not asked.sure and appeal.state in OPEN:
        yes = context.button("appeal.withdraw_yes", WithdrawAppeal(number, "yes"))
        context.say("appeal.withdraw_sure", choices=[[yes]], number=number)
        return
    try:
        await appeal_transitions.move(
            context.session, context.services, number, AppealMove(AppealState.WITHDRAWN, WORKER)
        )
    except IllegalStep as step:
        context.say("appeal.cannot_withdraw", number=number, state=context.text(f"appeal.state_{step.source}"))
        return
    context.say("appeal.withdrawn", number=number)


async def rate(update: Update, context: Context, asked: RateAppeal) -> None:
    """A rating by one tap; not satisfied asks why, and reopens."""
    appeal = await appeals.own_one(context.session, context.chat.id, asked.number)
    if appeal is None:
        context.toast("stale")
        return
    if asked.rating == "poor":
        await _ask_why(context, appeal)
        return
    try:
        wanted = AppealMove(AppealState.VERIFIED, WORKER, rating=asked.rating)
        await appeal_transitions.move(context.session, context.services, asked.number, wanted)
    except IllegalStep:
        context.toast("stale")
        return
    context.settle(message_of(update))
    context.say("appeal.rated")


async def _ask_why(context: Context, appeal: Appeal) -> None:
    if appeal.state not in DONE | {AppealState.ANSWERED}:
        context.toast("stale")
        return
    stand(context.chat, WHY.name, "why", {"~number": appeal.number})
    context.say("appeal.why", choices=[[context.button("flow.cancel", AnswerForm(WHY.name, "why", "!cancel"))]])


async def _reopen(context: Context, answers: Answers) -> None:
    number = answers["~number"]
    try:
        wanted = AppealMove(AppealState.REOPENED, WORKER, text=answers["why"])
        await appeal_transitions.move(context.session, context.services, number, wanted)
    except Rejected:
        context.say(
            "appeal.too_late", number=number, choices=[[context.button("appeal.continue", ContinueAppeal(number))]]
        )
        return
    context.say("appeal.reopened", number=number)


async def go_on(update: Update, context: Context, asked: ContinueAppeal) -> None:
    """A new appeal that goes on from a closed one."""
    appeal = await appeals.own_one(context.session, context.chat.id, asked.number)
    if appeal is None:
        context.toast("stale")
        return
    answers = {"naming": appeal.naming, "kind": appeal.kind, "~previous": appeal.number}
    stand(context.chat, "appeal", "story", answers)
    context.say("appeal.story", choices=[[context.button("flow.cancel", AnswerForm("appeal", "story", "!cancel"))]])


async def number(context: Context, what: Given) -> str:
    text = numbers.typed(what.text)
    if not appeals.is_number(text):
        raise Rejected("appeal.number_wrong")
    return text


async def code(context: Context, what: Given) -> str:
    text = numbers.typed(what.text)
    if not numbers.is_code(text, appeals.CODE_LENGTH):
        raise Rejected("appeal.code_form", length=appeals.CODE_LENGTH)
    return text


async def _look_up(context: Context, answers: Answers) -> None:
    """Whoever holds number and code sees how the case stands; a wrong pair is counted, and the code asked for again."""
    try:
        appeal = await appeals.by_code(context.session, answers["number"], answers["code"])
    except appeals.WrongCode as why:
        await LOOKUP.ask_again(context, "code", {"number": answers["number"]}, why.key)
        return
    except Rejected as why:
        context.say(why.key, **why.values)
        return
    await _show(context, appeal, own=False)


LOOKUP = Flow(
    name="lookup",
    questions=(
        Question("number", ask="appeal.ask_number", read=number),
        Question("code", ask="appeal.ask_code", read=code),
    ),
    done=_look_up,
    preview=False,
    kept=False,
)
WHY = Flow(
    name="rating",
    questions=(Question("why", ask="appeal.why", read=words(4, 500)),),
    done=_reopen,
    preview=False,
)
FLOWS = (LOOKUP, WHY)


async def _show(context: Context, appeal: Appeal, *, own: bool) -> None:
    agency = await context.session.get(Agency, appeal.agency_id) if appeal.agency_id else None
    steps = [_step(context, each) for each in await appeals.timeline(context.session, appeal.id)]
    text = context.text(
        "appeal.one",
        number=appeal.number,
        kind=context.knowledge.appeals.kinds[appeal.kind].label,
        state=context.text(f"appeal.state_{appeal.state}"),
        agency=agency.name if agency else context.text("appeal.no_agency"),
        due=day(context.knowledge.texts, appeal.due_at),
        paused=context.text("appeal.paused") if appeal.paused_at else "",
        steps="",
    )
    choices = _ways(context, appeal) if own else []
    context.reply({"do": "say", "text": text + "\n".join(filter(None, steps)), "choices": choices})


def _ways(context: Context, appeal: Appeal) -> list[Row]:
    rows: list[Row] = [[context.button("appeal.who_looked", AppealLooks(appeal.number))]]
    if appeal.state == AppealState.ANSWERED:
        rows += [[context.button(f"case.{name}", RateAppeal(appeal.number, name)) for name in row] for row in RATINGS]
    elif appeal.state in DONE:
        rows.append([context.button("case.reopen", RateAppeal(appeal.number, "poor"))])
    elif appeal.state not in (AppealState.REJECTED, AppealState.MERGED, AppealState.WITHDRAWN):
        rows.append([context.button("appeal.withdraw", WithdrawAppeal(appeal.number))])
    return rows


def _step(context: Context, step: AppealStep) -> str:
    """A line of the timeline as the worker reads it; "" for what is staff's own business."""
    key = f"step.{step.name}"
    if key not in context.knowledge.texts.raw["zh"]:
        return ""
    what = context.text(key, text=step.text)
    return context.text("appeal.step", date=f"{step.at.astimezone(ZONE):%m-%d %H:%M}", what="") + what


def _line(context: Context, appeal: Appeal) -> str:
    return context.text(
        "appeal.line",
        number=appeal.number,
        kind=context.knowledge.appeals.kinds[appeal.kind].label,
        state=context.text(f"appeal.state_{appeal.state}"),
        date=f"{appeal.created_at.astimezone(ZONE):%m-%d}",
        by=by(context.knowledge.texts, appeal.due_at),
    )


HANDLERS: list[Any] = [
    CommandHandler("appeals", mine),
    pressed(MyAppeals, mine),
    asked(ShowAppeal, one),
    asked(AppealLooks, looks),
    asked(WithdrawAppeal, withdraw),
    asked(RateAppeal, rate),
    asked(ContinueAppeal, go_on),
    pressed(LookUpAppeal, LOOKUP.start),
]
