"""🚪 进门码: apply once, be checked by one of three doors, and see how it stands."""

from dataclasses import replace
from typing import Any

from telegram import Update
from telegram.ext import CommandHandler

from bot.channels.telegram.buttons import asked, message_of, pressed
from bot.channels.telegram.unit import Context
from bot.messaging.pass_presses import (
    ApplyForPass,
    FindCompound,
    PassLooks,
    RenewPass,
    ShowCode,
    ShowPass,
    WithdrawPass,
)
from bot.messaging.reply import Option, Options, Row, rows_of
from bot.services.core.working_days import ZONE, shown
from bot.services.identity import identities
from bot.services.passes import passes, transitions
from bot.services.passes.passes import PassApplication
from bot.services.passes.states import OPEN, PassState
from bot.store.models import Channel, Pass
from handlers import divisions, home
from handlers.answers import AnswerKind, Given, name, one_of, phone
from handlers.flow import Flow, Question
from handlers.standing import Answers, leave

PLACE = "~place"  # where they run, when they have said it


async def show(update: Update, context: Context) -> None:
    """How one's pass stands; whoever has none reads what it is and may apply."""
    row = await passes.own(context.session, context.chat.id)
    if row is None or row.state == PassState.WITHDRAWN:
        context.say("pass.none", choices=[[context.button("pass.apply", ApplyForPass())], _other(context)])
        return
    context.say(
        f"pass.now_{row.state}",
        choices=_ways(context, row),
        number=row.number,
        how=context.text(f"pass.how_{row.checked_how}") if row.checked_how else "",
        until=_until(row),
        reason=await _reason(context, row),
    )


def _until(row: Pass) -> str:
    return f"{shown(row.valid_until):%Y-%m-%d}" if row.valid_until is not None else ""


async def _reason(context: Context, row: Pass) -> str:
    verb = {PassState.REJECTED: "reject", PassState.SUSPENDED: "suspend", PassState.REVOKED: "revoke"}
    name_of = verb.get(PassState(row.state))
    step = await passes.last_step(context.session, row, name_of) if name_of else None
    return step.text if step is not None else ""


def _ways(context: Context, row: Pass) -> list[Row]:
    rows: list[Row] = []
    if row.state == PassState.ACTIVE:
        rows.append([context.button("pass.show_code", ShowCode())])
    if row.state == PassState.EXPIRED:
        rows.append([context.button("pass.renew", RenewPass())])
    if row.state not in OPEN:
        rows.append([context.button("pass.apply", ApplyForPass())])
    looks = context.button("appeal.who_looked", PassLooks())
    give_up = [context.button("pass.withdraw", WithdrawPass())] if row.state in OPEN else []
    return [*rows, [looks, *give_up], _other(context)]


def _other(context: Context) -> Row:
    return [context.button("menu.entry", FindCompound())]


async def looks(update: Update, context: Context) -> None:
    """Who looked at name and phone, or asked who stands behind an entry: roles, times and purposes, no names."""
    row = await passes.own(context.session, context.chat.id)
    seen = await identities.seen_by(context.session, f"pass:{row.number}") if row is not None else []
    if row is None or not seen:
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
    text = context.text("appeal.looked", number=row.number, looks="")
    context.reply({"do": "say", "text": text + "\n".join(lines)})


async def renew(update: Update, context: Context) -> None:
    """Half a year more, where the platform's list still has them; else somebody looks at them again."""
    row = await passes.own(context.session, context.chat.id)
    if row is None or row.state not in (PassState.ACTIVE, PassState.EXPIRED):
        context.toast("stale")
    elif not await transitions.ask_roster(context.session, context.services, row):
        context.say("pass.not_renewed", choices=[[context.button("pass.show", ShowPass())]])


async def give_up(update: Update, context: Context, said: WithdrawPass) -> None:
    """Asked once more before it holds."""
    if not said.sure:
        context.say("pass.sure", choices=[[context.button("pass.withdraw_yes", WithdrawPass("yes"))]])
        return
    row = await transitions.withdraw(context.session, context.services, context.chat)
    if message := message_of(update):
        context.settle(message)
    context.say("pass.withdrawn" if row is not None else "stale")


# Applying.


def _consent_labels(context: Context) -> dict[str, str]:
    return {"yes": context.text("pass.agree"), "no": context.text("pass.disagree")}


async def consent(context: Context, what: Given) -> str:
    """The version of the text they agreed to; who does not agree, or is younger than sixteen, is asked nothing."""
    if await one_of(_consent_labels)(context, what) == "no":
        leave(context.chat)
        context.say("pass.no_consent")
    return passes.CONSENT


async def number(context: Context, what: Given) -> dict[str, Any]:
    """A number, and whether their phone vouched for it: Telegram does so for one's own card, no other channel does."""
    vouched = what.kind is AnswerKind.CONTACT and context.chat.channel == Channel.TELEGRAM
    return {"number": await phone(context, what), "own": vouched}


def _platforms(context: Context) -> dict[str, str]:
    return dict(context.knowledge.grid.platforms)


def _platform_buttons(context: Context, answers: Answers) -> Options:
    return rows_of([Option(label=label, value=code) for code, label in _platforms(context).items()])


def _places(answers: Answers) -> divisions.Pairs:
    return list((answers.get("where") or {}).get("places", ()))


def _shown_where(context: Context, value: dict[str, Any]) -> str:
    return str(value["places"][0][1]) if len(value["places"]) == 1 else ""


async def begin(context: Context) -> Answers:
    await passes.check_may_apply(context.session, context.chat)
    place = await passes.place_of(context.session, context.chat)
    return {PLACE: place} if len(place) >= 6 else {}


async def submit(context: Context, answers: Answers) -> None:
    """Hand it in; on the list it is ready at once, else it says which doors are open."""
    wanted = PassApplication(
        name=answers["name"],
        phone=answers["phone"]["number"],
        own=answers["phone"]["own"],
        platform=answers["platform"],
        region=answers.get(PLACE) or divisions.chosen(answers, "district", _places(answers)),
        outlet_id=context.chat.outlet_id,
    )
    row = await passes.apply(context.session, context.chat, wanted)
    if await transitions.ask_roster(context.session, replace(context.services, silent=True), row):
        await context.session.refresh(row)
        context.say("pass.ready", receipt=True, number=row.number, until=_until(row), choices=_ways(context, row))
        return
    await passes.call(context.session, row)
    context.say("pass.applied", receipt=True, number=row.number, choices=_ways(context, row))


APPLY = Flow(
    name="pass",
    begin=begin,
    done=submit,
    questions=(
        Question(
            "consent",
            ask="pass.consent",
            read=consent,
            choices=lambda context, answers: [
                [context.option("pass.agree", "yes"), context.option("pass.disagree", "no")]
            ],
            show=lambda context, value: context.text("pass.consented", version=value),
        ),
        Question("name", ask="pass.name", read=name),
        Question(
            "phone",
            ask="pass.phone",
            read=number,
            takes=frozenset({AnswerKind.TEXT, AnswerKind.CONTACT}),
            show=lambda context, value: str(value["number"]),
        ),
        Question(
            "platform",
            ask="pass.platform",
            read=one_of(_platforms),
            choices=_platform_buttons,
            show=lambda context, value: _platforms(context).get(value, value),
        ),
        Question(
            "where",
            ask="pass.where",
            read=home.where,
            takes=frozenset({AnswerKind.TEXT, AnswerKind.PLACE}),
            show=_shown_where,
            asked=lambda answers: PLACE not in answers,
        ),
        divisions.which("district", "home.which", of=_places),
    ),
)
FLOWS = (APPLY,)


async def apply(update: Update, context: Context) -> None:
    """The form, or why it is not for them now."""
    await passes.check_may_apply(context.session, context.chat)
    await APPLY.start(update, context)


HANDLERS: list[Any] = [
    CommandHandler("pass", show),
    pressed(ShowPass, show),
    pressed(ApplyForPass, apply),
    pressed(PassLooks, looks),
    pressed(RenewPass, renew),
    asked(WithdrawPass, give_up),
]
