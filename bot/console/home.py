"""/console: what waits for this person, as cards; and whether their account is in order."""

from collections.abc import Sequence

from aiohttp import web

from bot.console.appeals.queue import beginning
from bot.console.core.request import RequestContext
from bot.console.core.routes import CARDS, page
from bot.messaging import urls
from bot.services.appeals import queue
from bot.services.appeals.queue import AppealFilter
from bot.services.calendar.wording import day
from bot.services.core.keyset import Place
from bot.services.core.lifecycle import Role
from bot.services.points import rewards
from bot.services.staff.permissions import Right
from bot.store.models import Appeal

FIRST = 5  # cases


@page("GET", urls.CONSOLE, right=Right.HOME_READ, nav="home")
async def home(context: RequestContext) -> web.Response:
    makers = [each for each in context.http_request.app[CARDS] if context.staffer.may(each.right)]
    cards = [card for each in makers if (card := await each.make(context)) is not None]
    cards.sort(key=lambda each: (not each.urgent, not each.count))
    kinds = context.knowledge.appeals.kinds
    labels = {code: kinds[code].label for code in kinds} | await _rewards(context)
    return context.page(
        "home.html",
        cards=[each for each in cards if each.count],
        still=[each for each in cards if not each.count],
        first=await _first(context),
        kinds=kinds,
        due=lambda case: day(context.knowledge.texts, case.due_at),
        person=context.signed_in.person,
        labels=labels,
    )


async def _first(context: RequestContext) -> Sequence[tuple[Appeal, str]]:
    """The cases that are due first of those that wait for somebody whom this person works with."""
    if not context.staffer.may(Right.APPEALS_READ):
        return ()
    found = await queue.queue(context.session, context.staffer, AppealFilter(), Place(), size=FIRST)
    return [(appeal, beginning(appeal)) for appeal, _ in found.rows]


async def _rewards(context: RequestContext) -> dict[str, str]:
    """The names of those that somebody of a redemption point hands over."""
    if Role.COUNTER not in context.staffer.roles:
        return {}
    return {code: row.label for code, row in (await rewards.every(context.session)).items()}
