"""The lines of a form's preview: each answer as HTML, because what somebody typed is text, whatever it looks like."""

from collections.abc import Callable, Iterable
from html import escape
from typing import Any, Protocol

from bot.channels.telegram.unit import Context
from handlers.standing import Answers


class Shown(Protocol):
    """A question, as far as its answer is shown."""

    @property
    def name(self) -> str: ...

    @property
    def asked(self) -> Callable[[Answers], bool]: ...

    @property
    def show(self) -> Callable[[Context, Any], str]: ...


def lines(context: Context, title: str, questions: Iterable[Shown], answers: Answers, known: Answers) -> list[str]:
    """known: what was there before the first of some pictures sent together; how many those are, nobody knows yet."""
    return [
        f"<b>{context.text(f'{title}_{question.name}')}</b>：{shown}"
        for question in questions
        if question.asked(answers) and (shown := _shown(context, question, answers, known))
    ]


def _shown(context: Context, question: Shown, answers: Answers, known: Answers) -> str:
    value, before = answers.get(question.name), known.get(question.name)
    if value is None:
        return ""
    if isinstance(value, list) and value != before:
        so_far = question.show(context, before) if before else ""
        return context.text("flow.and_album", before=so_far) if so_far else context.text("flow.album")
    return escape(question.show(context, value), quote=False)
