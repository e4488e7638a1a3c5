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
from bot.services.appeals import appeals, supplements
from bot.services.appeals import transitions as appeal_transitions
from bot.services.appeals.effects import UNRATED_AFTER
from bot.services.appeals.states import APPEAL, DONE, OPEN, AppealMove, AppealState
from bot.services.calendar.wording import by
from bot.services.core import numbers
from bot.services.core.lifecycle import WORKER, IllegalStep, Role
from bot.services.core.working_days import ZONE
from bot.services.identity import identities
from bot.store.models import Agency, Appeal
from handlers import second_thoughts, timeline
from handlers.answers import Given, words
from handlers.flow import Flow, Question
from handlers.standing import Answers, stand

LISTED = 8  # appeals in one list
NOUN = "appeal"  # what is taken back, as it is planned


async def mine(update: Update, context: Context) -> None:
    """One's appeals, newest first."""
    found = (await appeals.own(context.session, context.chat.id))[:LISTED]
    if not found:
        context.say("appeal.none", choices=[[context.button("appeal.new", NewAppeal())]])
        return
    lines = [_line(context, each) for each in found]
    labels = {code: kind.label for code, kind in context.knowledge.appeals.kinds.items()}
    rows = [[button(f"{labels[each.kind]} {each.number}", ShowAppeal(each.number))] for each in found]
    context.reply({"do": "say", "text": "\n\n".join((context.text("appeal.list"), *lines)), "choices": rows})


async def one(update: Update, context: Context, asked: ShowAppeal) -> None:
    """One appeal with its timeline."""
    await show(context, asked.number)


async def show(context: Context, number: str) -> None:
    appeal = await appeals.own_one(context.session, context.chat.id, number)
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
    """Asked once more, and done in a minute: nothing brings a withdrawn case back."""
    number = asked.number
    appeal = await appeals.own_one(context.session, context.chat.id, number)
    if appeal is None:
        context.toast("stale")
        return
    if not asked.sure and appeal.state in OPEN:
        yes = context.button("appeal.withdraw_yes", WithdrawAppeal(number, "yes"))
        context.say("appeal.withdraw_sure", choices=[[yes]], number=number)
        return
    if not APPEAL.allows("withdraw", appeal.state, AppealState.WITHDRAWN, Role.WORKER):
        context.say("appeal.cannot_withdraw", number=number, state=context.text(f"appeal.state_{appeal.state}"))
        return
    await second_thoughts.plan(context, NOUN, number, "undo.withdrawing")


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
    except Rejected as why:
        if why.key != "move.reopen_late":
            raise
        context.say(
            "appeal.too_late",
            number=number,
            days=why.values["days"],
            choices=[[context.button("appeal.continue", ContinueAppeal(number))]],
        )
        return
    except IllegalStep:  # It is open again by now: what they say belongs to it all the same.
        await supplements.add(context.session, context.services, context.chat, number, answers["why"])
        context.say("appeal.added", number=number)
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
        raise Rejected("appeal.number_wrong", length=appeals.NUMBER_LENGTH)
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
        await LOOKUP.ask_again(context, "code", {"number": answers["number"]}, why.key, **why.values)
        return
    except Rejected as why:
        context.say(why.key, **why.values)
        return
    await _show(context, appeal, own=False)


LOOKUP = Flow(
    name="lookup",
    questions=(
        Question(
            "number",
            ask="appeal.ask_number",
            read=number,
            about=lambda context, answers: {"length": appeals.NUMBER_LENGTH},
        ),
        Question(
            "code", ask="appeal.ask_code", read=code, about=lambda context, answers: {"length": appeals.CODE_LENGTH}
        ),
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
    steps = await appeals.timeline(context.session, appeal.id)
    unit = agency.name if agency else context.text("appeal.no_agency")
    text = context.text(
        "appeal.one",
        number=appeal.number,
        kind=context.knowledge.appeals.kinds[appeal.kind].label,
        state=context.text(f"appeal.state_{appeal.state}"),
        # Whoever was shown number and code learns how it goes, and not what was written.
        said=context.text("appeal.said", words=timeline.excerpt(appeal.story)) if own else "",
        agency=unit,
    )
    lines = timeline.drawn(
        context,
        [(each.at, timeline.words(context, f"step.{each.name}", text=each.text)) for each in steps],
        now=timeline.words(context, f"appeal.now_{appeal.state}", agency=unit),
        then=_then(context, appeal),
    )
    context.reply({"do": "say", "text": f"{text}\n\n{lines}", "choices": _ways(context, appeal) if own else []})


def _then(context: Context, appeal: Appeal) -> list[str]:
    """What comes after; of what is over, nothing."""
    if appeal.state == AppealState.ANSWERED:
        return [context.text("appeal.then_unrated", days=UNRATED_AFTER.days)]
    if appeal.state not in OPEN:
        return []
    waiting = appeal.state == AppealState.PENDING_INFO
    first = context.text("appeal.then_resumed") if waiting else by(context.knowledge.texts, appeal.due_at)
    return [first, context.text("appeal.then_rated")]


def _ways(context: Context, appeal: Appeal) -> list[Row]:
    rows: list[Row] = [[context.button("appeal.who_looked", AppealLooks(appeal.number))]]
    if appeal.state == AppealState.ANSWERED:
        rows += [[context.button(f"case.{name}", RateAppeal(appeal.number, name)) for name in row] for row in RATINGS]
    elif appeal.state in DONE:
        rows.append([context.button("case.reopen", RateAppeal(appeal.number, "poor"))])
    elif appeal.state not in (AppealState.REJECTED, AppealState.MERGED, AppealState.WITHDRAWN):
        taken_back = context.button("appeal.withdraw", WithdrawAppeal(appeal.number))
        rows[0] = [*rows[0], second_thoughts.way(context, NOUN, appeal.number, taken_back)]
    return rows


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
