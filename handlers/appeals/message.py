"""留言 to a contact, and the reply of the colleague who was called."""

import re
from typing import Any

from telegram import Update
from telegram.ext import MessageHandler, filters

from bot.channels.telegram.buttons import asked
from bot.channels.telegram.unit import Context
from bot.errors import Rejected
from bot.messaging import urls
from bot.messaging.callbacks import Go, LeaveMessage, ReplyToMessage
from bot.messaging.reply import Options, Row
from bot.services.appeals import messages
from bot.services.appeals.guards import SHORTEST_ANSWER
from bot.services.calendar.wording import by
from bot.services.contacts import contacts
from bot.services.contacts.contacts import ContactCard, ShownContact
from bot.services.identity import redaction
from bot.store.models import Chat
from handlers import standing, timeline
from handlers.answers import AnswerKind, Given, one_of, words
from handlers.flow import Flow, Question
from handlers.standing import Answers, press_button, stand

STORY = (5, 1_000)  # characters
ANSWER = (SHORTEST_ANSWER, 2_000)  # characters
ANSWER_READ = words(*ANSWER, short="message.short")
KEPT = "kept"  # a story that was written to a contact who has been replaced meanwhile
CALL = re.compile(rf"{urls.APPEALS}/([0-9]{{12}})")  # the address in the message that calls
SEVERAL = re.compile(rf"{urls.CONSOLE}$")  # in one that calls about several things


async def leave(update: Update, context: Context, wanted: LeaveMessage) -> None:
    contact = await _contact(context, wanted.id)
    if contact is None:
        context.toast("stale")
        return
    kept = _taken_over(context.chat)
    await MESSAGE.start_with(
        context, {"~contact": contact.id, "~name": contact.name, "~within": await _within(context), **kept}
    )


async def _within(context: Context) -> str:
    """How soon a message is answered, as it is set for where they are."""
    limit = await messages.limit(context.session, context.services, context.chat.region)
    return context.text(f"message.within_{limit.unit}", amount=limit.amount)


def _taken_over(chat: Chat) -> Answers:
    """What was written to a contact before and not handed in; it is offered for the new one."""
    forms = standing.forms_of(chat)
    written = [answers.get("story") or answers.get(KEPT) for name, _, answers in forms if name == MESSAGE.name]
    standing.put_in_front(chat, [form for form in forms if form[0] != MESSAGE.name])
    return {KEPT: text} if (text := next(filter(None, written), "")) else {}


async def _contact(context: Context, number: int) -> ShownContact | None:
    return await contacts.find(context.session, context.chat, number, list(context.knowledge.contacts.labels))


async def _use_kept(context: Context, answers: Answers) -> None:
    text = answers.pop(KEPT)
    if answers.get("use") == "yes":
        answers["story"] = text


def _kept_labels(context: Context) -> dict[str, str]:
    return {"yes": context.text("message.kept_yes"), "no": context.text("message.kept_no")}


def _found(answers: Answers) -> list[str]:
    return redaction.found(str(answers.get("story") or answers.get("text") or ""))


def _what(context: Context, answers: Answers) -> dict[str, Any]:
    return {"what": "、".join(context.text(f"appeal.what_{name}") for name in _found(answers))}


def _masks(context: Context, answers: Answers) -> Options:
    return [[context.option("appeal.mask_yes", "yes"), context.option("appeal.mask_no", "no")]]


def _mask_labels(context: Context) -> dict[str, str]:
    return {"yes": context.text("appeal.mask_yes"), "no": context.text("appeal.mask_no")}


async def submit(context: Context, answers: Answers) -> None:
    """File it, and say at once what it is called and by when it is due."""
    contact = await _contact(context, answers["~contact"])
    card = await contacts.of_chat(context.session, context.chat, list(context.knowledge.contacts.labels))
    if contact is None:
        _keep(context, card, answers)
        return
    story = redaction.mask(answers["story"]) if answers.get("mask") == "yes" else answers["story"]
    receipt = await messages.leave(context.session, context.services, context.chat, contact, story, card.region)
    context.say(
        "message.receipt",
        receipt=True,
        number=receipt.number,
        code=receipt.code,
        unit=receipt.agency,
        name=contact.name,
        by=by(context.knowledge.texts, receipt.due_at),
        source=receipt.source,
        choices=[[context.button("contact.mine", Go("contact"))]],
    )


def _keep(context: Context, card: ContactCard, answers: Answers) -> None:
    """Their contact is another one by now: what they wrote waits, one tap from whoever is there instead."""
    kept = {KEPT: answers["story"], "~contact": answers["~contact"], "~name": answers["~name"]}
    kept["~within"] = answers["~within"]
    stand(context.chat, MESSAGE.name, MESSAGE.questions[0].name, kept)
    context.chat.paused = True
    rows: list[Row] = [
        [context.button("contact.message", LeaveMessage(each.id), name=each.name)] for each in card.contacts
    ]
    context.say("message.gone", choices=[*rows, [context.button("contact.mine", Go("contact"))]])


MESSAGE = Flow(
    name="message",
    questions=(
        Question(
            "use",
            ask="message.kept",
            read=one_of(_kept_labels),
            choices=lambda context, answers: [
                [context.option("message.kept_yes", "yes"), context.option("message.kept_no", "no")]
            ],
            asked=lambda answers: KEPT in answers,
            about=lambda context, answers: {"name": answers["~name"], "words": timeline.excerpt(answers[KEPT])},
            check=_use_kept,
        ),
        Question(
            "story",
            ask="message.story",
            read=words(*STORY, short="answer.story_short"),
            about=lambda context, answers: {"name": answers["~name"], "within": answers["~within"]},
        ),
        Question(
            "mask",
            ask="appeal.mask",
            read=one_of(_mask_labels),
            choices=_masks,
            asked=lambda answers: bool(_found(answers)),
            about=_what,
        ),
    ),
    done=submit,
    preview=False,
)


# The colleague's side.


class QuotesCall(filters.UpdateFilter):
    """A reply to the message that called a colleague."""

    def filter(self, update: Update) -> bool:
        message = update.message
        return message is not None and bool(message.text) and bool(_called_about(update) or _of_several(update))


def _quoted(update: Update) -> str:
    quoted = update.message.reply_to_message if update.message else None
    return (quoted.text or "") if quoted else ""


def _called_about(update: Update) -> str:
    match = CALL.search(_quoted(update))
    return match[1] if match else ""


def _of_several(update: Update) -> bool:
    return SEVERAL.search(_quoted(update)) is not None


async def replied(update: Update, context: Context) -> None:
    """What a colleague writes under the call is the answer, after the same checks as anywhere."""
    number, text = _called_about(update), (update.message.text if update.message else "") or ""
    if not number:
        raise Rejected("message.which")
    await messages.to_answer(context.session, context.services, context.chat, number)
    stand(context.chat, REPLY.name, "text", {"~number": number})
    line = Given(AnswerKind.TEXT, text)
    try:
        await ANSWER_READ(context, line)
    except Rejected as why:  # The form stays open: the next line is the answer.
        context.say(
            why.key, choices=[[press_button(context, "flow.cancel", REPLY.name, "!cancel", "text")]], **why.values
        )
        return
    await REPLY.take(context, line)


async def reply(update: Update, context: Context, wanted: ReplyToMessage) -> None:
    await messages.to_answer(context.session, context.services, context.chat, wanted.number)
    await REPLY.start_with(context, {"~number": wanted.number})


def _sure_labels(context: Context) -> dict[str, str]:
    return {"yes": context.text("message.send"), "no": context.text("message.rewrite")}


async def _sure(context: Context, answers: Answers) -> None:
    """Who would rather write it anew is asked for the text once more."""
    if answers.get("sure") == "no":
        del answers["text"], answers["sure"]


async def send(context: Context, answers: Answers) -> None:
    number = answers["~number"]
    try:
        await messages.to_answer(context.session, context.services, context.chat, number, lock=True)
    except Rejected as why:  # It has gone on meanwhile: there is nothing left to write here.
        context.say(why.key, **why.values)
        return
    await messages.answer(context.session, context.services, context.chat, number, answers["text"])
    context.say("message.sent", number=number)


REPLY = Flow(
    name="answer",
    questions=(
        Question(
            "text",
            ask="message.answer",
            read=ANSWER_READ,
            about=lambda context, answers: {"number": answers["~number"], "least": SHORTEST_ANSWER},
        ),
        Question(
            "sure",
            ask="message.sure",
            read=one_of(_sure_labels),
            choices=lambda context, answers: [
                [context.option("message.send", "yes"), context.option("message.rewrite", "no")]
            ],
            asked=lambda answers: bool(_found(answers)),
            about=_what,
            check=_sure,
        ),
    ),
    done=send,
    preview=False,
    kept=False,
)
FLOWS = (MESSAGE, REPLY)
CALLED = [MessageHandler(QuotesCall(), replied)]
HANDLERS = [asked(LeaveMessage, leave), asked(ReplyToMessage, reply)]
