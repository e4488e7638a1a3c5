"""Whole lines that ask for something we have a way for: 退订, 我的诉求, 转人工, 我要投诉站长.  They are typed in place of a button."""

from collections.abc import Collection
from typing import Any

from telegram import Update
from telegram.ext import BaseHandler, MessageHandler, filters

from bot.channels.telegram.receiver import Handle, reads
from bot.channels.telegram.unit import Context, current
from bot.messaging.callbacks import Go, LookUpAppeal
from bot.services.appeals import messages
from bot.services.contacts import contacts
from bot.services.contacts.contacts import ContactCard
from bot.store.models import now
from handlers import settings, start
from handlers.appeals import file as appeal_file
from handlers.appeals import progress as appeal_progress
from handlers.bookings import offerings as booking_offerings
from handlers.contacts import card as contact_card
from handlers.hazards import progress as hazard_progress
from handlers.hazards import report as hazard_report
from handlers.notices import subscriptions
from handlers.passes import compounds, passes
from handlers.points import rewards
from handlers.policies import browse, hotlines
from handlers.volunteers import membership
from knowledge import hours


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


async def human(update: Update, context: Context) -> None:
    """Nobody sits here to chat; whoever does help is named, with when they are there, and an appeal is read by people."""
    _, phone = context.services.operator
    operator = context.text("human.operator", phone=phone) if phone else ""
    find = context.button("human.find", Go("contact"))
    ways = [[find], [context.button("menu.appeal", Go("appeal")), context.button("appeal.lookup", LookUpAppeal())]]
    card = await contacts.of_chat(context.session, context.chat, list(context.knowledge.contacts.labels))
    if not card.contacts:
        context.say("human.text", operator=operator, choices=ways)
        return
    took = await messages.usual_hours(context.session, card.region)
    usual = context.text("human.usual", hours=took, days=messages.RECENT.days) if took is not None else ""
    context.say("human.contact", there=_there(context, card), usual=usual, operator=operator, choices=ways)


def _there(context: Context, card: ContactCard) -> str:
    """Which contact is there now; else who comes first, and when."""
    at = now()
    known = [(each, hours.read(each.hours)) for each in card.contacts if each.hours]
    if here := next((each for each, times in known if times.open_at(at)), None):
        return context.text("human.there", name=here.name)
    coming = [(opens, each.id, each) for each, times in known if (opens := times.next_opening(at)) is not None]
    if not coming:
        return context.text("human.unknown", name=card.contacts[0].name)
    opens, _, first = min(coming)
    return context.text("human.later", name=first.name, when=contact_card.when(context, opens, at))


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

# In a form such a line is an answer first.
STARTS: dict[str, Handle] = {
    "appeal": appeal_file.home,
    "report": hazard_report.REPORT.start,
    "volunteer": membership.home,
    "policy": browse.policies,
    "rights": browse.rights,
    "training": booking_offerings.home,
    "contact": contact_card.show,
    "entry": compounds.ENTRY.start,
    "pass": passes.show,
    "cancel": nothing_to_leave,
}


async def act(update: Update, context: Context) -> None:
    message = update.message
    if message is not None:
        await {**ACTIONS, **STARTS}[context.knowledge.words.typed.action(message.text or "")](update, context)


HANDLERS: list[BaseHandler[Any, Any, Any]] = [MessageHandler(Typed(ACTIONS), act)]
AFTER_FORMS = [MessageHandler(Typed(STARTS), act)]
