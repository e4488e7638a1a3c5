"""/console/hazards: what is wrong where, most urgent first, as a list and on a map."""

from collections.abc import Collection, Mapping, Sequence

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core import listing, map_view
from bot.console.core.files import FileContent, file_page
from bot.console.core.listing import Columns, ListView
from bot.console.core.request import RequestContext, searched
from bot.console.core.routes import Card, card, page, topic
from bot.console.hazards.actions import where
from bot.messaging import urls
from bot.services.calendar.wording import day
from bot.services.core.keyset import Place
from bot.services.core.map_clusters import Chart
from bot.services.hazards import photos
from bot.services.hazards import queue as hazard_queue
from bot.services.hazards.queue import SORTS, VIEWS, HazardFilter
from bot.services.staff.permissions import Right, Staffer
from bot.store.models import Hazard


async def pulse(session: AsyncSession, _: Collection[str]) -> Mapping[str, object]:
    return {"": await hazard_queue.newest_steps(session)}


@topic("hazards", right=Right.HAZARDS_READ, pulse=pulse)
async def moved(session: AsyncSession, staffer: Staffer) -> object:
    """Grows with every step of any hazard they see."""
    return await hazard_queue.newest_steps(session, staffer)


@card(Right.HAZARDS_REVIEW, order=30)
async def to_look_at(context: RequestContext) -> Card:
    return await _card(context, "look")


@card(Right.HAZARDS_REVIEW, order=31)
async def to_check(context: RequestContext) -> Card:
    return await _card(context, "check")


@card(Right.HAZARDS_HANDLE, order=29)
async def sent_back(context: RequestContext) -> Card:
    """Fixes that somebody looked at and found wanting."""
    return await _card(context, "again", urgent=True)


@card(Right.HAZARDS_HANDLE, order=30)
async def to_handle(context: RequestContext) -> Card:
    return await _card(context, "handle")


async def _card(context: RequestContext, view: str, *, urgent: bool = False) -> Card:
    words, count = context.console.layout.words, (await context.once(hazard_queue.waiting))[view]
    title = words(f"hazard_view.{view}")
    return Card(title, count, f"{urls.HAZARDS}?view={view}", words("card.hazards"), urgent and count > 0)


@page("GET", urls.HAZARDS, right=Right.HAZARDS_READ, nav="hazards")
async def listed(context: RequestContext) -> web.Response:
    wanted, view = _read(context), _view(context)
    page = await hazard_queue.find(
        context.session, context.staffer, wanted, context.place, urgent=_urgent(context), sort=view.sort
    )
    return context.page(
        "hazards/list.html",
        rows=page.rows,
        thumbs=await _thumbs(context, [hazard for hazard, _ in page.rows]),
        page=page,
        wanted=wanted,
        view=view,
        address=listing.address(urls.HAZARDS, wanted, view),
        places=[] if context.is_part else listing.places(context, Right.HAZARDS_READ, wanted.district),
        exports=context.staffer.may(Right.HAZARDS_EXPORT),
        views=list(VIEWS),
        counts=await context.once(hazard_queue.counts),
        kinds=context.knowledge.hazards.kinds,
        due=lambda hazard: day(context.knowledge.texts, hazard.due_at),
        late=hazard_queue.is_late,
        unseen=hazard_queue.is_unseen,
    )


async def _thumbs(context: RequestContext, found: Sequence[Hazard]) -> Mapping[int, int]:
    """The first photos of those hazards whose photos this person may look at, by the hazard."""
    mine = [each.id for each in found if context.staffer.may(Right.HAZARDS_PHOTOS, **where(each))]
    return await photos.first_of(context.session, mine)


@file_page(f"{urls.HAZARDS}.{{form}}", right=Right.HAZARDS_EXPORT)
async def file(context: RequestContext) -> FileContent:
    """What the filter gives, as a sheet."""
    wanted, view, right = _read(context), _view(context), Right.HAZARDS_EXPORT
    found = await hazard_queue.find(
        context.session, context.staffer, wanted, Place(), urgent=_urgent(context), sort=view.sort,
        size=listing.MOST + 1, right=right,
    )  # fmt: skip
    address = listing.address(urls.HAZARDS, wanted, view)
    return listing.content(context, "hazards", _columns(context), found.rows, address, view)


def _urgent(context: RequestContext) -> list[str]:
    return [code for code, kind in context.knowledge.hazards.kinds.items() if kind.urgent]


def _view(context: RequestContext) -> ListView:
    return listing.view(context.http_request.query, SORTS, _columns(context))


def _columns(context: RequestContext) -> Columns:
    """Of a hazard and the name of its unit."""
    kinds, words, place = context.knowledge.hazards.kinds, context.console.layout.words, context.district
    return {
        "due": lambda row: listing.due(row[0].due_at),
        "number": lambda row: row[0].number,
        "district": lambda row: place(row[0].region),
        "kind": lambda row: kinds[row[0].kind].label if row[0].kind in kinds else row[0].kind,
        "words": lambda row: row[0].text,
        "place": lambda row: row[0].place,
        "agency": lambda row: row[1] or "",
        "state": lambda row: words(f"hazard_state.{row[0].state}"),
        "created": lambda row: listing.moment(row[0].created_at),
    }


@page("GET", f"{urls.HAZARDS}/map", right=Right.HAZARDS_READ)
async def on_map(context: RequestContext) -> web.Response:
    """Clusters of what is open in the middle of the screen: the closer one looks, the smaller they are."""
    wanted, chart = await _chart(context)
    return context.page(
        "hazards/map.html",
        chart=chart,
        city=map_view.city(chart.latitude, chart.longitude),
        wanted=wanted,
        views=list(VIEWS),
        kinds=context.knowledge.hazards.kinds,
    )


@page("GET", f"{urls.HAZARDS}/map/clusters", right=Right.HAZARDS_READ)
async def clusters(context: RequestContext) -> web.Response:
    """The same for the script."""
    return map_view.clusters((await _chart(context))[1], urls.HAZARDS)


async def _chart(context: RequestContext) -> tuple[HazardFilter, Chart]:
    wanted, asked = _read(context), map_view.asked(context.http_request.query)
    return wanted, await hazard_queue.chart(context.session, context.staffer, wanted, *asked)


def _read(context: RequestContext) -> HazardFilter:
    """What an address asks for; whatever it does not know counts as nothing."""
    query = context.http_request.query
    return HazardFilter(
        view=listing.one_of(query, "view", VIEWS, "open"),
        kind=listing.one_of(query, "kind", context.knowledge.hazards.kinds),
        text=searched(query),
        district=listing.district(query),
        since=listing.day(query, "since"),
        until=listing.day(query, "until"),
    )
