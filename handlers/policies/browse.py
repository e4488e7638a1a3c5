"""Policies by category, two taps deep: for people who would rather look than type."""

from collections.abc import Sequence

from telegram import Update

from bot.channels.telegram.buttons import asked, message_of, tapped
from bot.channels.telegram.receiver import reads
from bot.channels.telegram.unit import Context
from bot.messaging.callbacks import ShowCategory, button
from bot.messaging.reply import Press, Row, rows_of

PAGE = 8  # entries in one list
RIGHTS = ("讨薪维权", "法律援助", "工伤", "职业伤害", "用工关系", "劳动报酬", "工会")
TRAINING = ("skills-training", "degree-dream-plan", "volunteer-register", "youth-support")


@reads
async def policies(update: Update, context: Context) -> None:
    context.say("policy.intro", choices=_categories(context))


@reads
async def rights(update: Update, context: Context) -> None:
    every = _names(context)
    context.say("policy.rights", choices=rows_of([_category(context, every.index(name)) for name in RIGHTS]))


@reads
async def training(update: Update, context: Context) -> None:
    context.say("policy.training", choices=context.knowledge.cards.buttons(TRAINING))


@reads
async def category(update: Update, context: Context, asked: ShowCategory) -> None:
    """One category's entries, a page at a time; `c:` alone goes back to the categories."""
    number, page = asked.number, asked.page
    if number < 0:
        context.edit(message_of(update), "policy.intro", choices=_categories(context))
        return
    names = _names(context)
    if number >= len(names):
        context.say("stale")
        return
    entries = [each for each in context.knowledge.policies.values() if each.category == names[number]]
    shown = entries[page * PAGE : (page + 1) * PAGE]
    choices: list[Row] = [*context.knowledge.cards.buttons(each.id for each in shown)]
    way = [context.button("policy.back", ShowCategory())]
    if len(entries) > (page + 1) * PAGE:
        way.append(context.button("policy.more", ShowCategory(number, page + 1)))
    context.edit(message_of(update), "policy.category", choices=[*choices, way], category=names[number])


def _names(context: Context) -> list[str]:
    return list(dict.fromkeys(each.category for each in context.knowledge.policies.values()))


def _categories(context: Context) -> Sequence[Row]:
    return rows_of([_category(context, number) for number in range(len(_names(context)))])


def _category(context: Context, number: int) -> Press:
    return button(_names(context)[number], ShowCategory(number))


HANDLERS = [
    tapped("policy", policies),
    tapped("rights", rights),
    tapped("training", training),
    asked(ShowCategory, category),
]
