"""Whole lines that ask for something we have a way for: 退订, 我的诉求, 转人工.  They are typed in place of a button."""

from collections.abc import Collection
from typing import Any

from telegram import Update
from telegram.ext import BaseHandler, MessageHandler, filters

from bot.channels.telegram.receiver import Handle, reads
from bot.channels.telegram.unit import Context, current
from bot.messaging.callbacks import Go, LookUpAppeal
from handlers import settings, start
from handlers.appeals import progress as appeal_progress
from handlers.hazards import progress as hazard_progress
from handlers.notices import subscriptions
from handlers.points import rewards
from handlers.policies import hotlines


class Typed(filters.UpdateFilter):
    """The whole line asks for one of these."""

    def __init__(self, actions: Collection[str]) -> None:
        super().__init__(name=f"Typed({', '.join(actions)})")
        self.actions = actions

    def filter(self, update: Update) -> bool:
        message = update.message
        if message is None or message.text is None:
            return False
        return current().services.knowledge.words.typed.action(message.text) in self.actions


@reads
async def human(update: Update, context: Context) -> None:
    """Nobody sits here to chat; whoever does help is named, and an appeal is read by people."""
    _, phone = context.services.operator
    context.say(
        "human.text",
        operator=context.text("human.operator", phone=phone) if phone else "",
        choices=[[context.button("menu.appeal", Go("appeal")), context.button("appeal.lookup", LookUpAppeal())]],
    )


@reads
async def nothing_to_leave(update: Update, context: Context) -> None:
    context.say("flow.nothing")


ACTIONS: dict[str, Handle] = {
    "stop": subscriptions.end,
    "notices": subscriptions.show,
    "appeals": appeal_progress.mine,
    "hazards": hazard_progress.mine,
    "points": rewards.home,
    "human": human,
    "hotlines": hotlines.hotlines,
    "settings": settings.settings,
    "menu": start.show_menu,
    "help": start.help_,
}


async def act(update: Update, context: Context) -> None:
    message = update.message
    if message is not None:
        await ACTIONS[context.knowledge.words.typed.action(message.text or "")](update, context)


HANDLERS: list[BaseHandler[Any, Any, Any]] = [MessageHandler(Typed(ACTIONS), act)]
AFTER_FORMS = [MessageHandler(Typed(["cancel"]), nothing_to_leave)]
