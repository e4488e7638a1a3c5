"""/console/appeals: the queue, most urgent first, behind tabs, filters and a search."""

from collections.abc import Collection, Mapping
from datetime import date
from urllib.parse import parse_qsl, urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.appeals import deadline
from bot.console.core.request import RequestContext, clean
from bot.console.core.routes import Card, card, page, topic
from bot.doors import numbers
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.appeals import queue as appeal_queue
from bot.services.appeals.queue import SAVED, VIEWS, AppealFilter
from bot.services.identity import redaction
from bot.services.staff.permissions import Right, Staffer
from bot.services.units import agencies
from bot.store.models import Appeal, SavedFilter

LONGEST_TEXT = 50  # characters of a search
LONGEST_NAME = 20  # of a saved filter
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
    count, words = (await context.once(appeal_queue.counts))[view], context.console.layout.words
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
    query = written(read(dict(parse_qsl(context.text("query", most=300)))))
    context.session.add(SavedFilter(staff_id=context.staffer.id, name=name, query=query))
    return context.to(f"{urls.APPEALS}?{query}" if query else urls.APPEALS)


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
    agency, district = query.get("agency", ""), query.get("district", "")
    return AppealFilter(
        view=query.get("view", "") if query.get("view") in VIEWS else "open",
        kind=clean(query.get("kind", ""))[:16],
        agency=numbers.whole(agency),
        district=district if numbers.whole(district, most=999_999) is not None else "",
        text=clean(query.get("q", "")).strip()[:LONGEST_TEXT],
        since=_day(query.get("since", "")),
        until=_day(query.get("until", "")),
    )


def _day(text: str) -> date | None:
    """A day as a browser writes it, within a century."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None


def from_list(query: Mapping[str, str]) -> AppealFilter | None:
    """The list from which somebody came to a case, as its address says; None for none."""
    return read(dict(parse_qsl(query.get("list", "")[:300]))) if query.get("list") else None


def written(wanted: AppealFilter) -> str:
    """The same as the query of an address, without what is not asked for."""
    values = {"view": wanted.view, "kind": wanted.kind, "agency": wanted.agency, "district": wanted.district}
    days = {"since": wanted.since, "until": wanted.until}
    values |= {"q": wanted.text, **{name: day.isoformat() for name, day in days.items() if day is not None}}
    return urlencode({name: value for name, value in values.items() if value not in ("", None)})


async def _list(context: RequestContext) -> web.Response:
    wanted = read(context.http_request.query)
    session, staffer = context.session, context.staffer
    kept = await appeal_queue.saved(session, staffer.id)
    page = await appeal_queue.queue(session, staffer, wanted, context.place)
    more = {f"saved:{each.id}": read(dict(parse_qsl(each.query))) for each in kept}
    return context.page(
        "appeals/queue.html",
        rows=[(appeal, agency or "", _shown(appeal)) for appeal, agency in page.rows],
        page=page,
        wanted=wanted,
        address=lambda **change: f"{urls.APPEALS}?{urlencode({**dict(parse_qsl(written(wanted))), **change})}",
        query=written(wanted),
        views=list(VIEWS),
        counts=await appeal_queue.counts(session, staffer, more),
        saved=kept,
        kinds=context.knowledge.appeals.kinds,
        places=places(context, Right.APPEALS_READ),
        agencies=await agencies.around(session, context.staffer.districts(Right.APPEALS_READ)),
        left=lambda appeal: deadline.left(context.console.layout.words, appeal),
    )


def places(context: RequestContext, right: Right) -> list[str]:
    """The cities or districts inside the person's own: districts for whoever works in a city."""
    mine = context.staffer.districts(right)
    near = [code for code in context.knowledge.regions if code.startswith(tuple(mine))]
    return [code for code in near if len(code) == (6 if any(len(each) >= 4 for each in mine) else 4)]


def _shown(appeal: Appeal) -> str:
    """The beginning of the story, without anybody's numbers in it."""
    story = " ".join(redaction.mask(appeal.story).split())
    return story if len(story) <= SHOWN else f"{story[:SHOWN]}…"
