"""撤销: what somebody takes back or clears is done in a minute, and not at all if they press this before."""

from typing import Any

from telegram import Update

from bot.channels.telegram.buttons import asked, message_of
from bot.channels.telegram.unit import Context
from bot.messaging.callbacks import ThinkAgain
from bot.messaging.reply import Press
from bot.services.chats import second_thoughts
from handlers.standing import kept_buttons, put_back

DRAFT = "draft"  # a form with what was written in it


async def plan(context: Context, noun: str, number: str, key: str) -> None:
    """Do it in a minute, and say so by the text of this key."""
    await second_thoughts.plan(context.session, context.chat, noun, number)
    context.say(key, choices=[[undo_button(context, noun, number)]], number=number)


async def clear(context: Context, flow: str, form: list[Any], message: int) -> None:
    """Keep a form that is cleared for a minute, and say so in a message of ours."""
    await second_thoughts.plan(context.session, context.chat, DRAFT, flow, held=form)
    context.edit(message, "undo.clearing", choices=[[undo_button(context, DRAFT, flow)]])


def undo_button(context: Context, noun: str, number: str) -> Press:
    return context.button("undo.button", ThinkAgain(noun, number))


def way(context: Context, noun: str, number: str, otherwise: Press) -> Press:
    """The button of the way back while there is one, else the one given."""
    planned = second_thoughts.is_planned(context.chat, noun, number)
    return undo_button(context, noun, number) if planned else otherwise


async def undo(update: Update, context: Context, asked: ThinkAgain) -> None:
    chat = context.chat
    planned = second_thoughts.take_back(chat, asked.noun, asked.number)
    if planned is None:
        context.toast("undo.late")
        return
    if asked.noun == DRAFT:
        put_back(chat, planned["held"])
    ways = [kept_buttons(context, asked.number)] if asked.noun == DRAFT and chat.flow == asked.number else []
    context.edit(message_of(update), f"undo.{asked.noun}", choices=ways, number=asked.number)


HANDLERS: list[Any] = [asked(ThinkAgain, undo)]
