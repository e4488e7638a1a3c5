"""🚫 被拦了: the reason by a tap, and one more tap writes the appeal."""

from typing import Any

from telegram import Update

from bot.channels.telegram.buttons import asked, message_of
from bot.channels.telegram.unit import Context
from bot.messaging.callbacks import Go, ShowAppeal
from bot.messaging.pass_presses import FindCompound, TurnedAppeal, WasTurnedAway
from bot.messaging.reply import Row
from bot.services.calendar.wording import by
from bot.services.passes import directory, turned_away
from bot.services.passes.turned_away import KIND, REASONS
from bot.store.models import Compound


async def say_why(update: Update, context: Context, said: WasTurnedAway) -> None:
    """The reason is asked first; then it is counted."""
    row = await _compound(context, said.id, said.reason or REASONS[0])
    if row is None:
        return
    if not said.reason:
        ways: list[Row] = [[context.button(f"turned.why_{each}", WasTurnedAway(row.id, each))] for each in REASONS]
        context.say("turned.ask", name=row.name, choices=ways)
        return
    await turned_away.report(context.session, row, said.reason, context.chat.key)
    if message := message_of(update):
        context.settle(message)
    write = context.button("turned.appeal", TurnedAppeal(row.id, said.reason))
    context.say("turned.noted", name=row.name, choices=[[write], [context.button("menu.entry", FindCompound())]])


async def file(update: Update, context: Context, said: TurnedAppeal) -> None:
    row = await _compound(context, said.id, said.reason)
    if row is None:
        return
    if message := message_of(update):
        context.settle(message)
    receipt = await turned_away.appeal(context.session, context.services, context.chat, row, said.reason)
    context.say(
        "appeal.receipt",
        receipt=True,
        choices=[
            [context.button("appeal.watch", ShowAppeal(receipt.number))],
            [context.button("contact.mine", Go("contact"))],
        ],
        number=receipt.number,
        code=receipt.code,
        kind=context.knowledge.appeals.kinds[KIND].label,
        agency=receipt.agency or context.text("appeal.no_agency"),
        by=by(context.knowledge.texts, receipt.due_at),
        source=receipt.source,
    )


async def _compound(context: Context, number: int, reason: str) -> Compound | None:
    """The compound of a button; says so where it is gone, or the reason is none of ours."""
    found = await directory.one(context.session, number) if reason in REASONS else None
    if found is None:
        context.toast("stale")
    return found[0] if found is not None else None


HANDLERS: list[Any] = [asked(WasTurnedAway, say_why), asked(TurnedAppeal, file)]
