"""What people send while no form asks for it: an answer to a handler's question, or a picture that wants a place to go."""

from typing import Any

from telegram import Update
from telegram.ext import MessageHandler, filters

from bot.channels.telegram.buttons import asked, message_of
from bot.channels.telegram.unit import Context, current
from bot.errors import Rejected
from bot.messaging.callbacks import ContinueAppeal, MyAppeals, TakeBackAnswer
from bot.messaging.reply import Option
from bot.services.appeals import appeals, supplements
from bot.services.appeals.states import OPEN
from bot.services.attachments import attachments
from bot.services.chats import pending
from bot.services.core import timers
from bot.services.core.lifecycle import IllegalStep
from bot.store.models import now
from handlers.answers import FILES, AnswerKind, Given, given, one_of, tidy
from handlers.appeals.file import APPEAL
from handlers.emergencies import help_first
from handlers.flow import Flow, Question
from handlers.hazards.report import REPORT
from handlers.policies import question
from handlers.standing import ALBUM, Answers, stand

OFFERED = 3  # cases of one's own that a picture may belong to
KEEPING = {flow.name: flow for flow in (REPORT, APPEAL)}
NOTHING = frozenset[AnswerKind]()  # A text is another matter: it is answered as one, and the question waits.


class CaseQuestion(filters.UpdateFilter):
    """A case of this person waits for their word, or this is one of the pictures that gave it."""

    def filter(self, update: Update) -> bool:
        what, known = given(update), current().chat.pending
        if what is None or what.kind not in FILES | {AnswerKind.TEXT} or what.text.startswith("/"):
            return False
        return bool(pending.waiting(known, now()) or pending.case_of(known, what.album))


async def answer(update: Update, context: Context) -> None:
    """A message while a case waits for the worker's word is that word, unless it may be meant for something else."""
    what, message = given(update), update.message
    if what is None or message is None:
        return
    waits = pending.waiting(context.chat.pending, now())
    quoted = message.reply_to_message.text or "" if message.reply_to_message else ""
    number = pending.case_of(context.chat.pending, what.album) or next((each for each in waits if each in quoted), "")
    urgent = help_first(context, what.text)
    if number:
        await supplement(context, number, what.text, [_file(what)] if what.file else [], album=what.album)
    elif len(waits) > 1 or urgent or await question.is_recognised(context, what.text):
        key = "reply.which" if len(waits) > 1 else "reply.is_it"
        before = context.chat.answers or {} if context.chat.flow == REPLY.name else {}
        await REPLY.ask_again(context, "which", _together(before, _noted(what)), key)
    else:
        files = [_file(what)] if what.file else []
        await supplement(context, waits[0], what.text, files, album=what.album, guessed=not files)


async def no_answer(update: Update, context: Context, asked: TakeBackAnswer) -> None:
    """What was taken for the answer was a question: the case waits again, and the question is answered."""
    number = asked.number
    try:
        words = await supplements.take_back(context.session, context.services, context.chat, number, asked.step)
    except (IllegalStep, appeals.UnknownAppeal):
        context.toast("stale")
        return
    except Rejected as why:
        context.settle(message_of(update))
        context.say(why.key, **why.values)
        return
    context.chat.pending = pending.asked(context.chat.pending, number, timers.written(now()))
    context.settle(message_of(update))
    context.say("reply.taken_back", number=number)
    await question.answer(context, words)


async def received(update: Update, context: Context) -> None:
    """A picture or a voice note out of the blue: its words are read, and it is kept until somebody says what it is for."""
    what = given(update)
    if what is None:
        return
    if not help_first(context, what.text) and await question.is_recognised(context, what.text):
        await question.answer(context, what.text)
    await _ask_what_for(context, _noted(what))


async def _ask_what_for(context: Context, answers: Answers) -> None:
    chat = context.chat
    if chat.flow in KEEPING and chat.paused:
        answers["~form"] = chat.flow
    open_ones = [each.number for each in await appeals.own(context.session, chat.id) if each.state in OPEN]
    await RECEIVED.ask_again(context, "what", {**answers, "~cases": open_ones[:OFFERED]}, "received.what")


def _noted(what: Given) -> Answers:
    answers: Answers = {"~text": tidy(what.text), "~files": [_file(what)] if what.file else []}
    return {**answers, ALBUM: what.album} if what.album else answers


def _together(before: Answers, added: Answers) -> Answers:
    """What somebody goes on saying before they say what it is for."""
    text = "\n".join(filter(None, (before.get("~text", ""), added["~text"])))
    return {**added, "~text": text, "~files": [*before.get("~files", ()), *added["~files"]]}


def _file(what: Given) -> dict[str, Any]:
    text = tidy(what.text)
    return {"kind": what.kind.value, "file": what.file, **({"text": text} if text else {})}


def put_words(context: Context, words: str) -> None:
    """What was said in a voice note stands with it, wherever it goes."""
    answers = dict(context.chat.answers or {})
    files = [dict(each) for each in answers.get("~files", ())]
    for each in [each for each in files if each["kind"] == AnswerKind.VOICE and not each.get("text")][-1:]:
        each["text"] = words
    context.chat.answers = {**answers, "~files": files, "~text": answers.get("~text") or words}


def _keep(context: Context, answers: Answers, file: dict[str, Any]) -> None:
    answers["~files"] = [*answers.get("~files", ()), file]


async def supplement(
    context: Context, number: str, text: str, files: list[dict[str, Any]], *, album: str = "", guessed: bool = False
) -> None:
    """Keep it with the case; what belongs to an album is spoken of once.  guessed: nobody said that it is the answer."""
    if any(each["kind"] == AnswerKind.VOICE for each in files):
        context.unit.spoken_to = number
    chat, follows = context.chat, pending.case_of(context.chat.pending, album) == number
    captions = [str(each["text"]) for each in files if each.get("text")]
    words = tidy(text) or "\n".join(captions) or context.text("appeal.sent_files", count=len(files))
    before = pending.over(chat.pending, number)
    chat.pending = pending.with_album(before, album, number) if album else before
    try:
        added = await supplements.add(context.session, context.services, chat, number, words, files)
    except appeals.UnknownAppeal:
        context.say("reply.not_there", choices=[[context.button("reply.mine", MyAppeals())]])
        return
    except Rejected as why:
        go_on = context.button("appeal.continue", ContinueAppeal(number))
        context.say(why.key, choices=[[go_on]], **why.values)
        return
    if not follows:
        no = (
            [[context.button("reply.no_answer", TakeBackAnswer(number, added.answer))]]
            if guessed and added.answer
            else []
        )
        context.say("appeal.added", number=number, choices=no)
    if added.left_out:
        context.say("answer.enough_files", most=attachments.MOST)


# A line that may be an answer, and may be something else.


def _waiting(context: Context, answers: Answers) -> list[list[Option]]:
    numbers = pending.waiting(context.chat.pending, now())
    rows: list[list[Option]] = [[context.option("reply.to", number, number=number)] for number in numbers]
    return [*rows, [context.option("reply.no", "no")]]


async def which(context: Context, what: Given) -> str:
    numbers = pending.waiting(context.chat.pending, now())
    return str(await one_of(lambda _: {**dict.fromkeys(numbers, ""), "no": ""})(context, what))


async def _replied(context: Context, answers: Answers) -> None:
    text, files = answers.get("~text", ""), answers.get("~files", [])
    if answers["which"] != "no":
        await supplement(context, answers["which"], text, files)
    elif files:
        await _ask_what_for(context, {"~text": text, "~files": files})
    else:
        await question.answer(context, text)


REPLY = Flow(
    name="reply",
    questions=(Question("which", ask="reply.is_it", read=which, takes=NOTHING, choices=_waiting),),
    done=_replied,
    keep=_keep,
    preview=False,
    kept=False,
)


# A picture that wants a place to go.


def _uses(context: Context, answers: Answers) -> list[str]:
    """What these files can be for, the likeliest first."""
    form = ["form"] if answers.get("~form") else []
    sound = any(each["kind"] == AnswerKind.VOICE for each in answers.get("~files", ()))
    return [*form, *answers.get("~cases", ()), *([] if sound else ["hazard"]), "appeal"]


def _buttons(context: Context, answers: Answers) -> list[list[Option]]:
    form = answers.get("~form", "")
    rows: list[list[Option]] = []
    for use in _uses(context, answers):
        if use.isdecimal():
            rows.append([context.option("received.case", use, number=use)])
        elif use == "form":
            rows.append([context.option("received.form", use, form=context.text(f"form.{form}"))])
        else:
            rows.append([context.option(f"received.{use}", use)])
    return rows


async def use(context: Context, what: Given) -> str:
    known = dict.fromkeys(_uses(context, context.chat.answers or {}), "")
    return str(await one_of(lambda _: known)(context, what))


async def _used(context: Context, answers: Answers) -> None:
    files, chosen = answers.get("~files", []), answers["what"]
    match chosen:
        case "hazard":
            await _into(context, REPORT, files)
        case "appeal":
            await _into(context, APPEAL, files)
        case "form":
            await _go_on(context, answers["~form"], files)
        case number:
            await supplement(context, number, answers.get("~text", ""), files)


async def _into(context: Context, flow: Flow, files: list[dict[str, Any]]) -> None:
    """Begin a form with these files."""
    begun: Answers = {}
    for each in files:
        if flow.keep is not None:
            flow.keep(context, begun, each)
    await flow.start_with(context, begun)


async def _go_on(context: Context, name: str, files: list[dict[str, Any]]) -> None:
    """Put them into the form that waited behind."""
    chat, flow = context.chat, KEEPING[name]
    if chat.flow != name or flow.keep is None:
        await _into(context, flow, files)
        return
    answers = dict(chat.answers or {})
    for each in files:
        flow.keep(context, answers, each)
    stand(chat, name, chat.step, answers)
    await flow.take_up(context)


RECEIVED = Flow(
    name="received",
    questions=(Question("what", ask="received.what", read=use, takes=NOTHING, choices=_buttons),),
    done=_used,
    keep=_keep,
    preview=False,
    kept=False,
)
FLOWS = (REPLY, RECEIVED)
OPEN_TO_WORDS = {flow.name: flow for flow in (APPEAL, *FLOWS)}  # in which a voice note waits, or is the story
LOOSE = filters.PHOTO | filters.VOICE | filters.Document.ALL
ANSWERS = [asked(TakeBackAnswer, no_answer), MessageHandler(CaseQuestion(), answer)]
FILES_LEFT = [MessageHandler(LOOSE & filters.UpdateType.MESSAGE, received)]
