"""/staff: six digits link this chat to a colleague's account, eight letters sign in the computer that shows them."""

from typing import Any

from telegram import Update
from telegram.ext import CommandHandler, filters

from bot.channels.telegram.buttons import asked, message_of
from bot.channels.telegram.unit import Context
from bot.messaging.callbacks import LetScreenIn, button
from bot.services.core import numbers, rate_limits
from bot.services.core.working_days import shown
from bot.services.staff import chat_links, screen_sign_in
from bot.services.staff.screen_sign_in import Picked
from bot.store.models import ScreenSignIn

PAYLOAD = "staff_"  # stands before the code behind /start


async def staff(update: Update, context: Context) -> None:
    typed = "".join(context.args or ())
    if not typed:
        context.say("staff.how")
    elif numbers.is_code(numbers.typed(typed), screen_sign_in.LETTERS):
        await _send_code(context, typed)
    else:
        await _link(context, typed)


async def scanned(update: Update, context: Context) -> None:
    """Where a scanned link leads: Telegram hands the code over behind /start."""
    await _send_code(context, "".join(context.args or ()).removeprefix(PAYLOAD))


async def _send_code(context: Context, code: str) -> None:
    """A code from the screen of a computer: ask for the number that stands beside it."""
    sent = await screen_sign_in.send(context.session, context.chat, code)
    if sent.wait:
        context.say("staff.wait", minutes=rate_limits.minutes(sent.wait))
    elif not sent.is_linked:
        context.say("staff.screen_unlinked")
    elif sent.asked is None:
        context.say("staff.screen_over")
    else:
        _ask(context, sent.name, sent.asked)


def _ask(context: Context, name: str, row: ScreenSignIn) -> None:
    picks = [button(str(each), LetScreenIn(row.id, each)) for each in row.numbers]
    context.say(
        "staff.screen",
        choices=[picks, [context.button("staff.screen_not_me", LetScreenIn(row.id, 0))]],
        name=name,
        browser=row.place["kind"] or context.text("staff.screen_browser"),
        address=row.place["address"] or context.text("staff.screen_address"),
        time=f"{shown(row.created_at):%H:%M:%S}",
    )


async def pick(update: Update, context: Context, picked: LetScreenIn) -> None:
    if message := message_of(update):
        context.settle(message)
    said = {
        Picked.RIGHT: "staff.screen_right",
        Picked.WRONG: "staff.screen_wrong",
        Picked.NOT_ME: "staff.screen_refused",
        Picked.OVER: "staff.screen_over",
    }
    context.say(said[await screen_sign_in.pick(context.session, context.chat, picked.number, picked.id)])


async def _link(context: Context, digits: str) -> None:
    """The digits are good once; whoever had another chat linked before is told so there."""
    linked = await chat_links.link(context.session, context.chat, digits, context.knowledge.texts)
    if linked.wait:
        context.say("staff.wait", minutes=rate_limits.minutes(linked.wait))
    elif linked.name:
        context.say("staff.linked", name=linked.name)
    else:
        context.say("staff.taken" if linked.taken else "staff.wrong")


SCANNED = [CommandHandler("start", scanned, filters=filters.Regex(rf"^/start(?:@\w+)? {PAYLOAD}"))]
HANDLERS: list[Any] = [CommandHandler("staff", staff), asked(LetScreenIn, pick)]
