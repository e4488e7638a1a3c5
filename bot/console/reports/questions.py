"""/console/overview/questions: the questions of the chat behind their numbers, day by day; nobody's words are in it."""

from aiohttp import web

from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.console.reports import overview
from bot.messaging import urls
from bot.services.chats import questions
from bot.services.chats.questions import OUTCOMES
from bot.services.staff.permissions import Right

PATH = f"{urls.OVERVIEW}/questions"


@page("GET", PATH, right=Right.STATISTICS_READ)
async def by_day(context: RequestContext) -> web.Response:
    asked = overview.read(context)
    return context.page(
        "reports/questions.html",
        asked=asked,
        presets=overview.presets(),
        districts=overview.districts(context),
        path=PATH,
        outcomes=OUTCOMES,
        days=await questions.by_day(context.session, asked.period, asked.district),
        totals=await questions.outcomes(context.session, asked.period, asked.district),
    )
