"""Whoever is hurt or in danger is told whom to call, before anything else and whatever else they are doing."""

from bot.channels.telegram.unit import Context

DESPAIR, CRASH = "12356", "122"


def help_first(context: Context, text: str) -> bool:
    """Put the numbers to call on top when a text tells of an emergency; whether it does."""
    return say(context, context.knowledge.search.emergency(text))


def say(context: Context, numbers: tuple[str, ...]) -> bool:
    """Name these hotlines, first number first; whether there are any."""
    if not numbers:
        return False
    lines = context.knowledge.hotlines
    first, *then = (f"{number}（{lines[number].name}）" for number in numbers)
    if numbers[0] == DESPAIR:
        context.say("question.despair", first=first, then="、".join(then))
    elif numbers == (CRASH,):
        context.say("question.crash", first=first)
    else:
        rest = context.text("question.emergency_then", then="、".join(then)) if then else ""
        context.say("question.emergency", first=first, then=rest)
    return True
