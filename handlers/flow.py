"""Asking several questions in a row.  A flow is data; where a person stands in it is in their chat's row."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from telegram import Update

from bot.channels.telegram.buttons import message_of
from bot.channels.telegram.unit import Context
from bot.errors import Rejected
from bot.messaging.callbacks import AnswerForm, Callback, button
from bot.messaging.reply import Options, Row, rows_of
from handlers import preview, second_thoughts, standing
from handlers.answers import FILES, AnswerKind, Given, Read, attachment
from handlers.standing import ALBUM, PARKED, Answers, expired, leave, press_button, remind, stand

PREVIEW = "preview"  # the step after the last question
HELD = "~held"  # a line said after a long silence, kept among the answers until we know what it is


@dataclass(frozen=True)
class Question:
    """One question.  `read` turns what is given into a value, or raises Rejected."""

    name: str
    ask: str  # key of the text
    read: Read
    takes: frozenset[AnswerKind] = frozenset({AnswerKind.TEXT})  # besides buttons
    choices: Callable[[Context, Answers], Options] | None = None  # buttons
    optional: bool = False
    extra: bool = False  # Not asked in its turn: offered on the preview.
    beside: tuple[
        tuple[str, Callback], ...
    ] = ()  # buttons that lead elsewhere: keys of their labels, and what they say
    most: int = 1  # answers taken; with more than one, a button says when it is enough
    asked: Callable[[Answers], bool] = lambda answers: True
    show: Callable[[Context, Any], str] = lambda context, value: str(value)  # on the preview; "" hides it
    check: Callable[[Context, Answers], Awaitable[None]] | None = None  # may note something among the answers
    about: Callable[[Context, Answers], dict[str, Any]] = lambda context, answers: {}  # values of the text


@dataclass(frozen=True)
class Flow:
    """Questions in their order, and what happens when all are answered.

    Each answer is one unit: a crash at any point leaves the person at the question they were asked last.
    """

    name: str
    questions: tuple[Question, ...]
    done: Callable[[Context, Answers], Awaitable[None]]
    begin: Callable[[Context], Awaitable[Answers]] | None = None  # may raise Rejected
    preview: bool = True
    kept: bool = True  # worth going on with: whoever begins again is asked first
    # Where a photo, file or voice note goes that the open question does not ask for; may raise Rejected.
    keep: Callable[[Context, Answers, dict[str, Any]], None] | None = None
    # Whether a line is a question of its own, which ends the form.
    elsewhere: Callable[[Context, str], Awaitable[bool]] | None = None

    @property
    def title(self) -> str:
        return f"form.{self.name}"

    async def start(self, update: Update, context: Context) -> None:
        """Begin, or offer to go on with what is there."""
        chat = context.chat
        forms = standing.forms_of(chat)
        if mine := [form for form in forms if form[0] == self.name]:
            standing.put_in_front(
                chat, [*mine[:1], *filter(standing.is_written, (form for form in forms if form is not mine[0]))]
            )
        begun = (chat.answers or {}).keys() - {PARKED} or chat.step != self.questions[0].name
        if self.kept and chat.flow == self.name and not expired(chat) and begun:
            chat.paused = True
            ways = (("flow.go_on", "!on"), ("flow.afresh", "!new"))
            choices = [press_button(context, key, self.name, value) for key, value in ways]
            context.say("flow.resume", choices=[choices], form=context.text(self.title))
            return
        await self.restart(context)

    async def restart(self, context: Context) -> None:
        await self.start_with(context, {})

    async def take_up(self, context: Context) -> None:
        """Ask the question that is open once more."""
        await self._ask(context, context.chat.step, dict(context.chat.answers or {}))

    async def start_with(self, context: Context, answers: Answers) -> None:
        """Begin with answers that were given before anybody asked."""
        begun = await self.begin(context) if self.begin else {}
        stand(context.chat, self.name, "", {**begun, **answers})
        await self._next(context, {**begun, **answers})

    async def put_in(self, context: Context, what: Given) -> None:
        """Keep a file that the open question does not ask for, and stay there unless its caption was the answer."""
        chat, before = context.chat, dict(context.chat.answers or {})
        if self.keep is None:
            raise Rejected("answer.choose")
        file = await attachment(context, what)
        answers, together = {**before, ALBUM: what.album}, what.album and before.get(ALBUM) == what.album
        self.keep(context, answers, file)
        if not together:
            context.say("flow.kept_album" if what.album else "flow.kept", form=context.text(self.title))
        question = self.question(chat.step)
        if question is not None and question.asked(before) and not question.asked(answers):
            await self._next(context, answers)
        elif question is not None and question.name in answers.keys() - before.keys():
            await self._answered(context, question, answers)
        else:
            stand(chat, self.name, chat.step, answers)
            if not together and question:
                await self._ask(context, chat.step, answers)
            elif not together:
                self._show_preview(context, answers, before if what.album else answers)

    async def ask_again(self, context: Context, step: str, answers: Answers, key: str, **values: Any) -> None:
        """Ask a question once more, in the words of `key`: the answer fitted, and turned out to be wrong."""
        await self._ask(context, step, answers, key, **values)

    async def take(self, context: Context, what: Given) -> None:
        """Take an answer to the question that is open."""
        chat = context.chat
        question = self.question(chat.step)
        if question is None:  # the preview: only its buttons count
            raise Rejected("flow.use_buttons")
        value = await question.read(context, what)
        if chat.flow != self.name:  # The reader led them elsewhere.
            remind(context)
            return
        answers = dict(chat.answers or {})
        together = what.album and answers.get(ALBUM) == what.album
        if what.kind in FILES:
            answers[ALBUM] = what.album
        if question.most > 1:
            answers[question.name] = [*(answers.get(question.name) or []), value]
            stand(chat, self.name, question.name, answers)
            if len(answers[question.name]) < question.most:
                if not together:
                    self._more(context, question, len(answers[question.name]), album=bool(what.album))
                return
        else:
            answers[question.name] = value
        await self._answered(context, question, answers)

    async def press(self, context: Context, update: Update, value: str) -> None:
        """A button of this flow: a value, or one of the engine's own."""
        chat = context.chat
        if value == "!cancel":
            self.stop(context, message_of(update))
        elif value == "!clear":
            await second_thoughts.clear(context, self.name, standing.forms_of(chat)[0], message_of(update))
            leave(chat)
            remind(context)
        elif value == "!new":
            await self.restart(context)
        elif value == "!on":
            chat.paused = False
            await self.take_up(context)
        elif value == "!back":
            await self._back(context)
        elif value in ("!held", "!drop"):
            await self._held(context, take=value == "!held")
        elif value == "!ok" and chat.step == PREVIEW:
            await self._finish(context)
        elif value == "!edit" and chat.step == PREVIEW:
            self._offer_edit(context)
        elif value.startswith("!edit:"):
            await self._edit(context, value.removeprefix("!edit:"))
        elif value in ("!skip", "!enough"):
            await self._pass(context, skip=value == "!skip")
        elif value in self._offered(context):
            await self.take(context, Given(AnswerKind.PRESS, value))
        else:
            context.toast("stale")

    def _offered(self, context: Context) -> set[str]:
        """The answers that the open question has buttons for; a press that somebody made up may say anything."""
        question = self.question(context.chat.step)
        rows = question.choices(context, context.chat.answers or {}) if question and question.choices else ()
        return {each["value"] for row in rows for each in row}

    def stop(self, context: Context, message: int = 0) -> None:
        """Stop writing.  What was written is kept for its day, and cleared by a tap of its own.

        message: ours whose button was pressed, to be changed; 0 for a new one.
        """
        say = partial(context.edit, message) if message else context.say
        if not self.kept or context.chat.step == self.questions[0].name:
            leave(context.chat)
            say("flow.stopped")
        elif standing.put_behind(context.chat):
            say("flow.kept_behind")
        else:
            context.chat.paused = True
            say("flow.kept_for_a_day", choices=[standing.kept_buttons(context, self.name)])
            return
        remind(context)

    async def _pass(self, context: Context, *, skip: bool) -> None:
        """On to the next question, without an answer or with those there are; a button that was never shown does nothing."""
        question, answers = self.question(context.chat.step), dict(context.chat.answers or {})
        if question is None or not (question.optional if skip else answers.get(question.name)):
            context.toast("stale")
            return
        await self._answered(context, question, answers | ({question.name: None} if skip else {}))

    async def _held(self, context: Context, *, take: bool) -> None:
        """The line said after a long silence: an answer after all, or meant for something else."""
        context.chat.answers = answers = dict(context.chat.answers or {})
        held = answers.pop(HELD, "")
        if not held:
            context.toast("stale")
        elif take:
            await self.take(context, Given(AnswerKind.TEXT, held))
        else:
            context.chat.paused = True
            context.say("flow.put_aside", choices=[[press_button(context, "flow.go_on", self.name, "!on")]])

    def question(self, name: str) -> Question | None:
        return next((each for each in self.questions if each.name == name), None)

    async def _answered(self, context: Context, question: Question, answers: Answers) -> None:
        if question.check is not None:
            await question.check(context, answers)
        stand(context.chat, self.name, question.name, answers)
        await self._next(context, answers)

    async def _next(self, context: Context, answers: Answers) -> None:
        """Ask the first question that is open; with none left, show the preview or finish."""
        for question in self.questions:
            if question.name not in answers and question.asked(answers) and not question.extra:
                await self._ask(context, question.name, answers)
                return
        stand(context.chat, self.name, PREVIEW, answers)
        if self.preview:
            await self._ask(context, PREVIEW, answers)
        else:
            await self._finish(context)

    async def _ask(self, context: Context, step: str, answers: Answers, key: str = "", **values: Any) -> None:
        stand(context.chat, self.name, step, answers)
        question = self.question(step)
        if question is None:
            self._show_preview(context, answers)
            return
        offered = question.choices(context, answers) if question.choices else ()
        choices: list[Row] = [
            [button(each["label"], AnswerForm(self.name, step, each["value"])) for each in row] for row in offered
        ]
        if question.optional:
            choices.append([press_button(context, "flow.skip", self.name, "!skip", step)])
        choices += [[context.button(key, press) for key, press in question.beside]] if question.beside else []
        way = [press_button(context, "flow.cancel", self.name, "!cancel", step)]
        if self._before(step, answers) is not None:
            way.insert(0, press_button(context, "flow.back", self.name, "!back", step))
        context.say(key or question.ask, choices=[*choices, way], **(question.about(context, answers) | values))

    def _more(self, context: Context, question: Question, count: int, *, album: bool) -> None:
        enough = press_button(context, "flow.enough", self.name, "!enough", question.name)
        context.say("flow.more_album" if album else "flow.more", choices=[[enough]], count=count, most=question.most)

    def _show_preview(self, context: Context, answers: Answers, before: Answers | None = None) -> None:
        """before: the first picture of several that were sent together: how many there will be, nobody knows yet."""
        lines = preview.lines(context, self.title, self.questions, answers, answers if before is None else before)
        text = "\n".join((context.text("flow.preview", form=context.text(self.title)), *lines))
        extras = [
            press_button(context, f"{self.title}_add_{question.name}", self.name, f"!edit:{question.name}", PREVIEW)
            for question in self.questions
            if question.extra and question.asked(answers)
        ]
        choices = [
            [press_button(context, "flow.submit", self.name, "!ok", PREVIEW)],
            *rows_of(extras),
            [
                press_button(context, "flow.edit", self.name, "!edit", PREVIEW),
                press_button(context, "flow.cancel", self.name, "!cancel", PREVIEW),
            ],
        ]
        context.reply({"do": "say", "text": text, "choices": choices})

    def _offer_edit(self, context: Context) -> None:
        answers = context.chat.answers or {}
        rows = [
            [press_button(context, f"{self.title}_{question.name}", self.name, f"!edit:{question.name}", PREVIEW)]
            for question in self.questions
            if question.asked(answers) and not question.extra and question.name in answers
        ]
        context.say("flow.which", choices=rows)

    async def _edit(self, context: Context, name: str) -> None:
        question, answers = self.question(name), dict(context.chat.answers or {})
        if question is None or context.chat.step != PREVIEW or not question.asked(answers):
            context.toast("stale")
            return
        if question.most == 1 and not question.extra:
            answers.pop(name, None)
        await self._ask(context, name, answers)

    async def _back(self, context: Context) -> None:
        answers = dict(context.chat.answers or {})
        before = self._before(context.chat.step, answers)
        if before is None:
            await self._ask(context, context.chat.step, answers)
            return
        answers.pop(before.name, None)
        await self._ask(context, before.name, answers)

    def _before(self, step: str, answers: Answers) -> Question | None:
        """The question answered before a step."""
        names = [question.name for question in self.questions]
        earlier = self.questions[: names.index(step)] if step in names else self.questions
        return next((each for each in reversed(earlier) if each.name in answers and each.asked(answers)), None)

    async def _finish(self, context: Context) -> None:
        answers = dict(context.chat.answers or {})
        leave(context.chat)
        await self.done(context, answers)
        remind(context)
