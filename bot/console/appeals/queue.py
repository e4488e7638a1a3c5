"""/console/appeals: the queue, most urgent first, behind tabs, filters and a search."""

import re
from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl, quote, urlencode
from zlib import crc32

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.appeals import deadline
from bot.console.core import listing
from bot.console.core.files import FileContent, file_page
from bot.console.core.listing import Columns, ListView
from bot.console.core.request import RequestContext, clean, searched
from bot.console.core.routes import Card, card, page, topic
from bot.doors import numbers
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.appeals import queue as appeal_queue
from bot.services.appeals.queue import SAVED, SORTS, VIEWS, AppealFilter
from bot.services.core.keyset import Place
from bot.services.identity import redaction
from bot.services.staff.permissions import Right, Staffer
from bot.services.units import agencies
from bot.store.models import Appeal, SavedFilter

LONGEST_NAME = 20  # of a saved filter
BULK_MOST = 100  # cases that one step takes at once
LONGEST_QUERY = 2000  # characters of a filter as an address has it
PARTS = re.compile(r"[%&+]")  # what parts a query
SHOWN = 80  # characters of a story in the list


async def pulse(session: AsyncSession, _: Collection[str]) -> Mapping[str, object]:
    return {"": await appeal_queue.newest_steps(session)}


@topic("appeals", right=Right.APPEALS_READ, pulse=pulse)
async def moved(session: AsyncSession, staffer: Staffer) -> object:
    """Grows with every step of any case they see."""
    return await appeal_queue.newest_steps(session, staffer)


@card(Right.APPEALS_READ, order=20)
async def overdue(context: RequestContext) -> Card:
    return await _card(context, "overdue", urgent=True)


@card(Right.APPEALS_ASSIGN, order=21)
async def dispatch(context: RequestContext) -> Card:
    return await _card(context, "dispatch")


@card(Right.APPEALS_HANDLE, order=22)
async def begin(context: RequestContext) -> Card:
    return await _card(context, "begin")


@card(Right.APPEALS_HANDLE, order=19)
async def sent_back(context: RequestContext) -> Card:
    """Answers that their reviewer did not take; before everything else, because somebody waits already."""
    return await _card(context, "sent_back", urgent=True)


@card(Right.APPEALS_REVIEW, order=23)
async def review(context: RequestContext) -> Card:
    return await _card(context, "review")


async def _card(context: RequestContext, view: str, *, urgent: bool = False) -> Card:
    count, words = (await context.once(appeal_queue.waiting))[view], context.console.layout.words
    return Card(
        words(f"view.{view}"), count, f"{urls.APPEALS}?view={view}", words("card.appeals"), urgent and count > 0
    )


@page("GET", urls.APPEALS, right=Right.APPEALS_READ, nav="appeals")
async def listed(context: RequestContext) -> web.Response:
    return await _list(context)


@page("POST", f"{urls.APPEALS}/filters", right=Right.APPEALS_READ)
async def save(context: RequestContext) -> web.Response:
    """Keep the present filter under a name."""
    name = context.text("name", most=LONGEST_NAME)
    kept = await appeal_queue.saved(context.session, context.staffer.id)
    if not name:
        raise Rejected("filter.name")
    if len(kept) >= SAVED:
        raise Rejected("filter.many", most=SAVED)
    wanted = parsed(context.text("query", most=LONGEST_QUERY))
    context.session.add(SavedFilter(staff_id=context.staffer.id, name=name, query=_short(wanted)))
    return context.to(f"{urls.APPEALS}?{written(wanted)}")


@page("POST", f"{urls.APPEALS}/filters/drop", right=Right.APPEALS_READ)
async def drop(context: RequestContext) -> web.Response:
    """Forget one of their own filters; somebody else's number drops nothing."""
    kept = await appeal_queue.saved(context.session, context.staffer.id)
    for each in kept:
        if each.id == context.number("filter"):
            await context.session.delete(each)
    return context.to(urls.APPEALS)


def read(query: Mapping[str, str]) -> AppealFilter:
    """What an address asks for; whatever it does not know counts as nothing."""
    return AppealFilter(
        view=listing.one_of(query, "view", VIEWS, "open"),
        kind=clean(query.get("kind", ""))[:16],
        agency=numbers.whole(query.get("agency", "")),
        district=listing.district(query),
        text=searched(query),
        since=listing.day(query, "since"),
        until=listing.day(query, "until"),
        sort=listing.one_of(query, "sort", SORTS, SORTS[0]),
    )


def from_list(query: Mapping[str, str]) -> AppealFilter | None:
    """The list from which somebody came to a case, as its address says; None for none."""
    return parsed(query["list"]) if query.get("list") else None


def parsed(query: str) -> AppealFilter:
    return read(dict(parse_qsl(query)))


def written(wanted: AppealFilter) -> str:
    """The same as the query of an address, without what is not asked for."""
    return urlencode(listing.asked(wanted))


def _short(wanted: AppealFilter) -> str:
    """The same in the characters it was typed in: the longest one fits its column."""
    return "&".join(f"{name}={PARTS.sub(lambda each: quote(each[0]), text)}" for name, text in listing.asked(wanted))


@file_page(f"{urls.APPEALS}.{{form}}", right=Right.APPEALS_EXPORT)
async def file(context: RequestContext) -> FileContent:
    """What the filter gives, as a sheet."""
    wanted, view, size = read(context.http_request.query), _view(context), listing.MOST + 1
    found = await appeal_queue.queue(
        context.session, context.staffer, wanted, Place(), size=size, right=Right.APPEALS_EXPORT
    )
    address = listing.address(urls.APPEALS, wanted, view)
    return listing.content(context, "appeals", _columns(context), found.rows, address, view)


def _view(context: RequestContext) -> ListView:
    return listing.view(context.http_request.query, SORTS, _columns(context))


def _columns(context: RequestContext) -> Columns:
    """Of a case and the name of its unit."""
    kinds, words = context.knowledge.appeals.kinds, context.console.layout.words
    return {
        "due": lambda row: listing.due(row[0].due_at),
        "level": lambda row: row[0].level,
        "number": lambda row: row[0].number,
        "district": lambda row: context.district(row[0].region),
        "kind": lambda row: kinds[row[0].kind].label if row[0].kind in kinds else row[0].kind,
        "words": lambda row: beginning(row[0]),
        "agency": lambda row: row[1] or "",
        "state": lambda row: words(f"state.{row[0].state}"),
        "created": lambda row: listing.moment(row[0].created_at),
        "closed": lambda row: listing.moment(row[0].closed_at),
    }


async def _list(context: RequestContext) -> web.Response:
    wanted, view = read(context.http_request.query), _view(context)
    session, staffer = context.session, context.staffer
    kept = await appeal_queue.saved(session, staffer.id)
    page = await appeal_queue.queue(session, staffer, wanted, context.place)
    filters, part = {each.id: parsed(each.query) for each in kept}, context.is_part
    return context.page(
        "appeals/queue.html",
        rows=[(appeal, agency or "", beginning(appeal)) for appeal, agency in page.rows],
        page=page,
        wanted=wanted,
        address=listing.address(urls.APPEALS, wanted, view),
        query=written(wanted),
        views=list(VIEWS),
        counts=await appeal_queue.counts(session, staffer, {f"saved:{each}": filters[each] for each in filters}),
        saved=[(each, written(filters[each.id])) for each in kept],
        kinds=context.knowledge.appeals.kinds,
        places=[] if part else listing.places(context, Right.APPEALS_READ, wanted.district),
        view=view,
        exports=staffer.may(Right.APPEALS_EXPORT),
        many=BULK_MOST,
        agencies=[] if part else await agencies.around(session, context.staffer.districts(Right.APPEALS_READ)),
        mark_of=mark_of,
        left=lambda appeal: deadline.left(context.console.layout.words, appeal),
    )


def mark_of(appeal: Appeal, agency: str, story: str, term: str) -> str:
    """Another one whenever the row of a case looks otherwise, in one arrangement of the list."""
    shown = (
        appeal.version,
        appeal.state,
        appeal.level,
        appeal.priority,
        appeal.kind,
        appeal.region,
        agency,
        story,
        term,
    )
    return f"{crc32(repr(shown).encode()):08x}"


def beginning(appeal: Appeal) -> str:
    """The beginning of the story, without anybody's numbers in it."""
    story = " ".join(redaction.mask(appeal.story).split())
    return story if len(story) <= SHOWN else f"{story[:SHOWN]}…"
