"""Whoever is hurt or in danger is told whom to call, before anything else and whatever else they are doing."""

from collections.abc import Sequence

from bot.channels.telegram.unit import Context
from knowledge import english
from knowledge.texts import DEFAULT

DESPAIR, CRASH = "12356", "122"


def help_first(context: Context, text: str) -> bool:
    """Put the numbers to call on top when a text tells of an emergency, in the language it is told in; whether it does."""
    numbers = context.knowledge.search.emergency(text)
    if numbers:
        _say(context, "en" if english.is_english(text) else DEFAULT, numbers)
    return bool(numbers)


def _say(context: Context, language: str, numbers: Sequence[str]) -> None:
    """Name these hotlines, first number first; their names are Chinese."""
    texts, lines = context.knowledge.texts, context.knowledge.hotlines
    chinese = language == DEFAULT
    first, *rest = (f"{number}（{lines[number].name}）" if chinese else number for number in numbers)
    then = ("、" if chinese else ", ").join(rest)
    if numbers[0] == DESPAIR:
        text = texts.say(language, "question.despair", first=first, then=then)
    elif DESPAIR in numbers:
        text = texts.say(language, "question.life", first=first, then=then)
    elif tuple(numbers) == (CRASH,):
        text = texts.say(language, "question.crash", first=first)
    else:
        after = texts.say(language, "question.emergency_then", then=then) if then else ""
        text = texts.say(language, "question.emergency", first=first, then=after)
    context.reply({"do": "say", "text": text})
