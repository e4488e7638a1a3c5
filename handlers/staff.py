"""/staff: links this chat to a colleague's account of the console, by the six digits that the console shows."""

from telegram import Update
from telegram.ext import CommandHandler

from bot.channels.telegram.unit import Context
from bot.services.core import rate_limits
from bot.services.staff import chat_links


async def link(update: Update, context: Context) -> None:
    """The digits are good once; whoever had another chat linked before is told so there."""
    digits = "".join(context.args or ())
    if not digits:
        context.say("staff.how")
        return
    linked = await chat_links.link(context.session, context.chat, digits, context.knowledge.texts)
    if linked.wait:
        context.say("staff.wait", minutes=rate_limits.minutes(linked.wait))
    elif linked.name:
        context.say("staff.linked", name=linked.name)
    else:
        context.say("staff.taken" if linked.taken else "staff.wrong")


HANDLERS = [CommandHandler("staff", link)]
