"""/console: what waits for this person, as cards; and whether their account is in order."""

from aiohttp import web

from bot.console.core.request import Visit
from bot.console.core.routes import ROOT, page


@page("GET", ROOT, right="home.read", nav="home")
async def home(visit: Visit) -> web.Response:
    cards = [await each.make(visit) for each in visit.console.cards if visit.staffer.may(each.right)]
    return visit.page("home.html", cards=cards, person=visit.signed_in.person)
