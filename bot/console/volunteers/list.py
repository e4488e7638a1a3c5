"""/console/volunteers: who applied, who learns, who acts; hours and terms that wait for a yes; teams."""

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core import listing
from bot.console.core.files import FileContent, file_page
from bot.console.core.listing import Columns, ListView
from bot.console.core.request import RequestContext, searched
from bot.console.core.routes import Card, card, page, topic
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.core.keyset import Page, Place
from bot.services.identity import identities
from bot.services.staff.permissions import Right, Staffer
from bot.services.volunteers import roster, shifts
from bot.services.volunteers.roster import SORTS, VIEWS, RosterFilter
from bot.services.volunteers.states import VolunteerState
from bot.store.models import Volunteer


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
    wanted, view = _read(context), _view(context)
    page = await roster.listed(session, staffer, wanted, context.place, sort=view.sort)
    mine = staffer.districts(Right.VOLUNTEERS_READ)
    return context.page(
        "volunteers/list.html",
        rows=await _named(context, page),
        page=page,
        wanted=wanted,
        view=view,
        address=listing.address(urls.VOLUNTEERS, wanted, view),
        where=listing.places(context, Right.VOLUNTEERS_READ, wanted.district),
        exports=staffer.may(Right.VOLUNTEERS_EXPORT),
        views=list(VIEWS),
        counts=await roster.counts(session, staffer),
        hours=await roster.hours_waiting(session, staffer),
        renewals=await roster.renewals(session, staffer),
        teams=await roster.teams(session, mine),
        places=_places(context) if staffer.may(Right.VOLUNTEERS_APPROVE) else [],
        grid=context.knowledge.grid,
    )


@page("POST", f"{urls.VOLUNTEERS}/hours", right=Right.VOLUNTEERS_APPROVE)
async def count_hours(context: RequestContext) -> web.Response:
    """Count the ticked shifts; one that is not theirs, or was settled meanwhile, is left alone."""
    ticked, staffer = set(context.every("shift")), context.staffer
    for shift, volunteer in await roster.hours_waiting(context.session, staffer, lock=True):
        if str(shift.id) in ticked and staffer.may(Right.VOLUNTEERS_APPROVE, district=volunteer.district):
            await shifts.settle(context.session, context.services, shift.id, staffer.id, approve=True)
            await context.audit("volunteer.hours", f"volunteer:{volunteer.number}")
    return context.to(urls.VOLUNTEERS, said="hours_counted")


@file_page(f"{urls.VOLUNTEERS}.{{form}}", right=Right.VOLUNTEERS_EXPORT)
async def file(context: RequestContext) -> FileContent:
    """What the filter gives, as a sheet; names are masked there as on the page."""
    wanted, view, size = _read(context), _view(context), listing.MOST + 1
    found = await roster.listed(
        context.session, context.staffer, wanted, Place(), sort=view.sort, size=size, right=Right.VOLUNTEERS_EXPORT
    )
    address, rows = listing.address(urls.VOLUNTEERS, wanted, view), await _named(context, found)
    return listing.content(context, "volunteers", _columns(context), rows, address, view)


async def _named(context: RequestContext, found: Page) -> list[tuple[Volunteer, str]]:
    """The volunteers of a page with their masked names."""
    names = await identities.masked_names(context.session, [each.alias for (each,) in found.rows])
    return [(each, names.get(each.alias, "")) for (each,) in found.rows]


def _read(context: RequestContext) -> RosterFilter:
    """What an address asks for; whatever it does not know counts as nothing."""
    query = context.http_request.query
    return RosterFilter(
        view=listing.one_of(query, "view", VIEWS, "waiting"),
        text=searched(query),
        district=listing.district(query),
        since=listing.day(query, "since"),
        until=listing.day(query, "until"),
    )


def _view(context: RequestContext) -> ListView:
    return listing.view(context.http_request.query, SORTS, _columns(context))


def _columns(context: RequestContext) -> Columns:
    """Of a volunteer and their masked name."""
    grid, words = context.knowledge.grid, context.console.layout.words
    return {
        "number": lambda row: row[0].number,
        "created": lambda row: listing.moment(row[0].created_at),
        "masked": lambda row: row[1],
        "liaison": lambda row: words("detail_value.yes") if row[0].liaison else "",
        "district": lambda row: context.district(row[0].district),
        "platform": lambda row: grid.platforms.get(row[0].platform, row[0].platform),
        "availability": lambda row: grid.availabilities.get(row[0].availability, row[0].availability),
        "state": lambda row: words(
            f"state.{row[0].state}" if row[0].state != VolunteerState.REJECTED else "membership.reject"
        ),
    }


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
