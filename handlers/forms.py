"""The handlers of all forms: their buttons, and the answers to the question that is open."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from telegram import Update
from telegram.ext import BaseHandler, MessageHandler, filters

from bot.channels.telegram.buttons import asked
from bot.channels.telegram.receiver import continues
from bot.channels.telegram.unit import Context, current
from bot.errors import Rejected
from bot.messaging.callbacks import AnswerForm
from bot.store.models import now
from handlers.answers import FILES, AnswerKind, Given, given
from handlers.emergencies import help_first
from handlers.flow import HELD, Flow
from handlers.standing import SILENCE, expired, leave, press_button, remind
from knowledge import english

Reply = Callable[[Context, str], Awaitable[None]]


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
        if question is None:
            return what.kind is AnswerKind.TEXT
        return what.kind in question.takes or (question.optional and _asks_for("skip", what))


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


class Leaving(filters.UpdateFilter):
    """The person types that they do not want to go on with the form they are in."""

    def filter(self, update: Update) -> bool:
        chat, what = current().chat, given(update)
        return bool(chat.flow) and not expired(chat) and what is not None and _asks_for("cancel", what)


def _asks_for(action: str, what: Given) -> bool:
    typed = current().services.knowledge.words.typed
    return what.kind is AnswerKind.TEXT and typed.action(what.text) == action


class Forms:
    """All forms by their names, and what is done with a person who is in one."""

    def __init__(self, flows: Sequence[Flow], reply_to: Reply) -> None:
        self.flows = {flow.name: flow for flow in flows}
        self.reply_to = reply_to

    @continues
    async def press(self, update: Update, context: Context, asked: AnswerForm) -> None:
        chat, flow = context.chat, self.flows.get(asked.form)
        engine = asked.value in {"!on", "!new", "!cancel", "!clear"}
        if flow is None or chat.flow != asked.form or expired(chat) or not (engine or asked.step == chat.step):
            context.toast("stale")
            return
        await flow.press(context, update, asked.value)

    @continues
    async def answer(self, update: Update, context: Context) -> None:
        chat, what = context.chat, given(update)
        flow = self.flows[chat.flow]
        if what is None:
            return
        question = flow.question(chat.step)
        if question is not None and question.optional and _asks_for("skip", what):
            await flow.press(context, update, "!skip")
            return
        # A caption tells of it as well as a line; a button's value is no telling.
        urgent = what.kind is not AnswerKind.PRESS and help_first(context, what.text)
        if chat.flow_at is not None and now() - chat.flow_at > SILENCE and what.kind is AnswerKind.TEXT:
            _ask_whether_meant(context, flow, what.text)
            return
        if what.kind is AnswerKind.TEXT and flow.elsewhere is not None and await flow.elsewhere(context, what.text):
            leave(chat)
            await self.reply_to(context, what.text)
            remind(context)
            return
        try:
            await flow.take(context, what)
        except Rejected:
            in_english = what.kind is AnswerKind.TEXT and english.is_english(what.text)
            if not (urgent or in_english):
                raise
            chat.paused = True
            if not urgent:
                await self.reply_to(context, what.text)
            go_on = press_button(context, "flow.go_on", flow.name, "!on")
            context.say("flow.waits", choices=[[go_on]], form=context.text(flow.title))

    @continues
    async def beside(self, update: Update, context: Context) -> None:
        what = given(update)
        if what is not None:
            help_first(context, what.text)
            await self.flows[context.chat.flow].put_in(context, what)

    @continues
    async def leaving(self, update: Update, context: Context) -> None:
        """What was written stays for a day; an empty form goes at once."""
        chat, flow = context.chat, self.flows.get(context.chat.flow)
        if flow is not None:
            flow.stop(context)
        else:
            leave(chat)
            context.say("flow.stopped")

    @continues
    async def forget(self, update: Update, context: Context) -> None:
        what = given(update)
        if what is not None and what.kind is not AnswerKind.PRESS:
            help_first(context, what.text)
        context.say("flow.expired", form=context.form_name())
        leave(context.chat)


def _ask_whether_meant(context: Context, flow: Flow, line: str) -> None:
    """After a long silence a line may be meant for something else: ask, and keep it meanwhile."""
    chat = context.chat
    chat.answers = {**(chat.answers or {}), HELD: line}
    chat.flow_at = now()
    yes, no = (
        press_button(context, "flow.yes", flow.name, "!held", chat.step),
        press_button(context, "flow.no", flow.name, "!drop", chat.step),
    )
    context.say("flow.silence", choices=[[yes, no]], form=context.text(flow.title))


def handlers(flows: Sequence[Flow], reply_to: Reply) -> list[BaseHandler[Any, Any, Any]]:
    """The handlers of all forms: their buttons, and the answers to the question that is open.

    reply_to: answers a line that is about something else.
    """
    forms = Forms(flows, reply_to)
    return [
        asked(AnswerForm, forms.press),
        MessageHandler(Leaving(), forms.leaving),
        MessageHandler(Inside(forms.flows), forms.answer),
        MessageHandler(Beside(forms.flows), forms.beside),
        MessageHandler(Inside(forms.flows, late=True), forms.forget),
    ]
