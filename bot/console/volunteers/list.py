"""/console/volunteers: who applied, who learns, who acts; hours and terms that wait for a yes; teams."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core.request import RequestContext
from bot.console.core.routes import Card, card, page, topic
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.identity import identities
from bot.services.staff.permissions import Right, Staffer
from bot.services.volunteers import roster
from bot.services.volunteers.roster import VIEWS


@topic("volunteers", right=Right.VOLUNTEERS_READ)
async def moved(session: AsyncSession, staffer: Staffer) -> object:
    """Grows with every step of any volunteer they see, and with every shift."""
    return await roster.newest_steps(session, staffer), await roster.shifts_ended(session)


@card(Right.VOLUNTEERS_APPROVE, order=40)
async def waiting(context: RequestContext) -> Card:
    count = (await roster.counts(context.session, context.staffer))["waiting"]
    words = context.console.layout.words
    return Card(words("card.volunteers"), count, urls.VOLUNTEERS, words("card.volunteers_note"))


@card(Right.VOLUNTEERS_APPROVE, order=41)
async def hours(context: RequestContext) -> Card:
    count = len(await roster.hours_waiting(context.session, context.staffer))
    words = context.console.layout.words
    return Card(words("card.hours"), count, f"{urls.VOLUNTEERS}#hours", words("card.hours_note"))


@page("GET", urls.VOLUNTEERS, right=Right.VOLUNTEERS_READ, nav="volunteers")
async def listed(context: RequestContext) -> web.Response:
    session, staffer = context.session, context.staffer
    view = context.http_request.query.get("view", "")
    view = view if view in VIEWS else "waiting"
    page = await roster.listed(session, staffer, view, context.place)
    shown = [(each, await identities.masked_name(session, each.alias)) for (each,) in page.rows]
    mine = staffer.districts(Right.VOLUNTEERS_READ)
    return context.page(
        "volunteers/list.html",
        rows=shown,
        page=page,
        view=view,
        views=list(VIEWS),
        counts=await roster.counts(session, staffer),
        hours=await roster.hours_waiting(session, staffer),
        renewals=await roster.renewals(session, staffer),
        teams=await roster.teams(session, mine),
        places=_places(context) if staffer.may(Right.VOLUNTEERS_APPROVE) else [],
        grid=context.knowledge.grid,
    )


@page("POST", f"{urls.VOLUNTEERS}/teams", right=Right.VOLUNTEERS_APPROVE)
async def add_team(context: RequestContext) -> web.Response:
    """A new team; whoever says that they lead it never approves alone whom they would lead."""
    place = context.text("district")
    if place not in context.knowledge.regions:
        raise Rejected("people.district")
    context.staffer.require(Right.VOLUNTEERS_APPROVE, district=place)
    leader = context.staffer.id if context.form.get("lead") == "1" else None
    team = await roster.add_team(context.session, context.text("name"), place, leader)
    await context.audit("volunteer.team", f"team:{team.id}")
    return context.to(urls.VOLUNTEERS, said="team_added")


def _places(context: RequestContext) -> list[str]:
    """Where a team may be: cities and districts this person works for."""
    mine = context.staffer.districts(Right.VOLUNTEERS_APPROVE)
    return [code for code in context.knowledge.regions if code.startswith(tuple(mine)) and len(code) in (4, 6)]
