"""/console: what waits for this person, as cards; and whether their account is in order."""

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import CARDS, page
from bot.messaging import urls
from bot.services.staff.permissions import Right


@page("GET", urls.CONSOLE, right=Right.HOME_READ, nav="home")
async def home(context: RequestContext) -> web.Response:
    makers = [each for each in context.http_request.app[CARDS] if context.staffer.may(each.right)]
    cards = [card for each in makers if (card := await each.make(context)) is not None]
    kinds, rewards = context.knowledge.appeals.kinds, context.knowledge.rewards
    labels = {code: kinds[code].label for code in kinds} | {code: rewards[code].label for code in rewards}
    return context.page("home.html", cards=cards, person=context.signed_in.person, labels=labels)
