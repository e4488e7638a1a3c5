"""The handlers of all forms: their buttons, and the answers to the question that is open."""

from collections.abc import Mapping, Sequence
from typing import Any

from telegram import Update
from telegram.ext import BaseHandler, MessageHandler, filters

from bot.channels.telegram.buttons import asked
from bot.channels.telegram.receiver import continues
from bot.channels.telegram.unit import Context, current
from bot.errors import Rejected
from bot.messaging.callbacks import AnswerForm
from bot.store.models import now
from handlers.answers import FILES, AnswerKind, given
from handlers.emergencies import help_first
from handlers.flow import HELD, Flow
from handlers.standing import SILENCE, expired, leave, press_button


class Inside(filters.UpdateFilter):
    """The person is filling in a form, and what they send is something its open question takes."""

    def __init__(self, flows: Mapping[str, Flow], *, late: bool = False) -> None:
        super().__init__(name=f"Inside(late={late})")
        self.flows = flows
        self.late = late  # after EXPIRY, or after an upgrade that has no such form

    def filter(self, update: Update) -> bool:
        chat, what = current().chat, given(update)
        flow = self.flows.get(chat.flow or "")
        over = expired(chat) or flow is None  # A form that this version of the program no longer has is over as well.
        if not chat.flow or chat.paused or over != self.late or what is None:
            return False
        question = flow.question(chat.step) if flow else None
        return what.kind is AnswerKind.TEXT if question is None else what.kind in question.takes


class Beside(filters.UpdateFilter):
    """The person is filling in a form and sends a photo, file or voice note that its open question does not ask for."""

    def __init__(self, flows: Mapping[str, Flow]) -> None:
        super().__init__(name="Beside")
        self.flows = flows

    def filter(self, update: Update) -> bool:
        chat, what = current().chat, given(update)
        flow = self.flows.get(chat.flow or "")
        if flow is None or flow.keep is None or chat.paused or expired(chat):
            return False
        return what is not None and what.kind in FILES


def handlers(flows: Sequence[Flow]) -> list[BaseHandler[Any, Any, Any]]:
    """The handlers of all forms: their buttons, and the answers to the question that is open."""
    known = {flow.name: flow for flow in flows}

    async def press(update: Update, context: Context, asked: AnswerForm) -> None:
        chat, flow = context.chat, known.get(asked.form)
        engine = asked.value in {"!on", "!new", "!cancel", "!clear"}
        if flow is None or chat.flow != asked.form or expired(chat) or not (engine or asked.step == chat.step):
            context.toast("stale")
            return
        await flow.press(context, update, asked.value)

    async def answer(update: Update, context: Context) -> None:
        chat, what = context.chat, given(update)
        flow = known[chat.flow]
        if what is None:
            return
        # A caption tells of it as well as a line; a button's value is no telling.
        urgent = what.kind is not AnswerKind.PRESS and help_first(context, what.text)
        if chat.flow_at is not None and now() - chat.flow_at > SILENCE and what.kind is AnswerKind.TEXT:
            # After a long silence the line may be meant for something else: ask, and keep it meanwhile.
            chat.answers = {**(chat.answers or {}), HELD: what.text}
            chat.flow_at = now()
            yes, no = (
                press_button(context, "flow.yes", flow.name, "!held", chat.step),
                press_button(context, "flow.no", flow.name, "!drop", chat.step),
            )
            context.say("flow.silence", choices=[[yes, no]], form=context.text(flow.title))
            return
        try:
            await flow.take(context, what)
        except Rejected:
            if not urgent:
                raise
            chat.paused = True
            go_on = press_button(context, "flow.go_on", flow.name, "!on")
            context.say("flow.waits", choices=[[go_on]], form=context.text(flow.title))

    async def beside(update: Update, context: Context) -> None:
        what = given(update)
        if what is not None:
            help_first(context, what.text)
            await known[context.chat.flow].put_in(context, what)

    async def forget(update: Update, context: Context) -> None:
        what = given(update)
        if what is not None and what.kind is not AnswerKind.PRESS:
            help_first(context, what.text)
        context.say("flow.expired", form=context.form_name())
        leave(context.chat)

    return [
        asked(AnswerForm, continues(press)),
        MessageHandler(Inside(known), continues(answer)),
        MessageHandler(Beside(known), continues(beside)),
        MessageHandler(Inside(known, late=True), continues(forget)),
    ]
