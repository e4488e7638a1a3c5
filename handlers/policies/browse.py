"""Policies by category, two taps deep: for people who would rather look than type."""

from collections.abc import Sequence

from telegram import Update

from bot.channels.telegram.buttons import asked, message_of, tapped
from bot.channels.telegram.receiver import reads
from bot.channels.telegram.unit import Context
from bot.messaging.callbacks import Go, ShowCategories, ShowCategory, button
from bot.messaging.reply import Press, Row, rows_of

PAGE = 8  # entries in one list
CATEGORIES = 12  # in one list
RIGHTS = ("讨薪维权", "法律援助", "工伤", "职业伤害", "用工关系", "劳动报酬", "工会")


@reads
async def policies(update: Update, context: Context) -> None:
    context.say("policy.intro", choices=_categories(context))


@reads
async def rights(update: Update, context: Context) -> None:
    every = _names(context)
    person: Row = [context.button("contact.mine", Go("contact"))]
    context.say("policy.rights", choices=[person, *rows_of([_category(context, every.index(name)) for name in RIGHTS])])


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


@reads
async def categories(update: Update, context: Context, asked: ShowCategories) -> None:
    context.edit(message_of(update), "policy.intro", choices=_categories(context, asked.page))


def _names(context: Context) -> list[str]:
    """The categories, what most people need first."""
    found = dict.fromkeys(each.category for each in context.knowledge.policies.values())
    order = context.knowledge.words.categories
    return sorted(found, key=lambda name: order.index(name) if name in order else len(order))


def _categories(context: Context, page: int = 0) -> Sequence[Row]:
    every = range(len(_names(context)))
    rows = rows_of([_category(context, number) for number in every[page * CATEGORIES : (page + 1) * CATEGORIES]])
    way = [context.button("policy.back", ShowCategories(page - 1))] if page else []
    if len(every) > (page + 1) * CATEGORIES:
        way.append(context.button("policy.more", ShowCategories(page + 1)))
    return [*rows, *([way] if way else [])]


def _category(context: Context, number: int) -> Press:
    return button(_names(context)[number], ShowCategory(number))


HANDLERS = [
    tapped("policy", policies),
    tapped("rights", rights),
    asked(ShowCategory, category),
    asked(ShowCategories, categories),
]
