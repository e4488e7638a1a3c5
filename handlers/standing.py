"""Where a person stands in their forms: five columns of their chat's row, and what waits behind the form in front."""

from datetime import timedelta
from typing import Any

from bot.channels.telegram.unit import Context
from bot.messaging.callbacks import AnswerForm
from bot.messaging.reply import Press, Row
from bot.store.models import Chat, now

EXPIRY = timedelta(hours=24)  # how long a form that nobody goes on with is kept
SILENCE = timedelta(minutes=30)  # after which a line may be meant for something else
ALBUM = "~album"  # of the picture that came last: those sent together with it are taken without a word
PARKED = "~parked"  # a form that was begun before this one, and waits until this one is left: flow, step, answers

Answers = dict[str, Any]


def stand(chat: Chat, flow: str, step: str, answers: Answers) -> None:
    """Put a person at a question.  Another form they have written in waits until this one is left."""
    waiting = list(filter(is_written, forms_of(chat))) if chat.flow != flow else forms_of(chat)[1:]
    chat.flow, chat.step, chat.answers = flow, step, {**answers, **({PARKED: waiting} if waiting else {})}
    chat.flow_at, chat.paused = now(), False


def leave(chat: Chat) -> None:
    """Be done with a form; the one that waited behind it can be gone on with."""
    put_in_front(chat, forms_of(chat)[1:])


def forms_of(chat: Chat) -> list[list[Any]]:
    """The form a person is in, and those that wait behind it, each as flow, step, answers."""
    if not chat.flow or expired(chat):
        return []
    answers = dict(chat.answers or {})
    waiting = answers.pop(PARKED, [])
    return [[chat.flow, chat.step, answers], *waiting]


def is_written(form: list[Any]) -> bool:
    """Whether somebody would miss it."""
    return any(not name.startswith("~") for name in form[2])


def put_in_front(chat: Chat, forms: list[list[Any]]) -> None:
    """Let the first of some forms be the one to go on with; with none, there is none."""
    chat.flow, chat.step, chat.answers, chat.flow_at, chat.paused = "", "", None, None, False
    if forms:
        (chat.flow, chat.step, answers), *waiting = forms
        chat.answers = {**answers, **({PARKED: waiting} if waiting else {})}
        chat.flow_at, chat.paused = now(), True


def put_behind(chat: Chat) -> bool:
    """Let the next form come to the front and the one that is there wait last; False where none waits."""
    first, *waiting = forms_of(chat) or [[]]
    if waiting:
        put_in_front(chat, [*waiting, first])
    return bool(waiting)


def put_back(chat: Chat, form: list[Any]) -> None:
    """Let a form that was left be gone on with; whoever writes in another one goes on writing there."""
    forms = forms_of(chat)
    if forms and not chat.paused:
        chat.answers = {**forms[0][2], PARKED: [*forms[1:], form]}
    else:
        put_in_front(chat, [form, *filter(is_written, forms)])


def remind(context: Context) -> None:
    """Say which form waited behind the one that is done with."""
    chat = context.chat
    if chat.flow and chat.paused:
        go_on = press_button(context, "flow.go_on", chat.flow, "!on")
        context.say("flow.waits", choices=[[go_on]], form=context.form_name())


def expired(chat: Chat) -> bool:
    return chat.flow_at is not None and now() - chat.flow_at > EXPIRY


def press_button(context: Context, key: str, flow: str, value: str, step: str = "") -> Press:
    return context.button(key, AnswerForm(flow, step, value))


def kept_buttons(context: Context, flow: str) -> Row:
    """What can be done with a form that was put aside."""
    return [press_button(context, "flow.go_on", flow, "!on"), press_button(context, "flow.clear", flow, "!clear")]
