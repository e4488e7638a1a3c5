"""/console/hazards: what is wrong where, most urgent first, as a list and on a map; and which agency gets what."""

from collections.abc import Collection, Mapping

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.console.core import map_view
from bot.console.core.request import RequestContext
from bot.console.core.routes import Card, card, page, topic
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.calendar.wording import day
from bot.services.hazards import dispatch_rules
from bot.services.hazards import queue as hazard_queue
from bot.services.hazards.queue import VIEWS, HazardFilter
from bot.services.staff.permissions import Denied, Right, Staffer
from bot.services.units import agencies

LONGEST_TEXT = 50  # characters of a search


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
    words, count = context.console.layout.words, (await context.once(hazard_queue.counts))[view]
    title = words(f"hazard_view.{view}")
    return Card(title, count, f"{urls.HAZARDS}?view={view}", words("card.hazards"), urgent and count > 0)


@page("GET", urls.HAZARDS, right=Right.HAZARDS_READ, nav="hazards")
async def listed(context: RequestContext) -> web.Response:
    wanted = _read(context)
    urgent = [code for code, kind in context.knowledge.hazards.kinds.items() if kind.urgent]
    page = await hazard_queue.find(context.session, context.staffer, wanted, context.place, urgent=urgent)
    return context.page(
        "hazards/list.html",
        rows=page.rows,
        page=page,
        wanted=wanted,
        views=list(VIEWS),
        counts=await context.once(hazard_queue.counts),
        kinds=context.knowledge.hazards.kinds,
        due=lambda hazard: day(context.knowledge.texts, hazard.due_at),
        late=hazard_queue.is_late,
        unseen=hazard_queue.is_unseen,
    )


@page("GET", f"{urls.HAZARDS}/map", right=Right.HAZARDS_READ)
async def on_map(context: RequestContext) -> web.Response:
    """Clusters of what is open in the middle of the screen: the closer one looks, the smaller they are."""
    wanted = _read(context)
    view = await hazard_queue.chart(
        context.session, context.staffer, wanted, *map_view.asked(context.http_request.query)
    )
    return context.page(
        "hazards/map.html", chart=view, wanted=wanted, views=list(VIEWS), kinds=context.knowledge.hazards.kinds
    )


@page("GET", f"{urls.HAZARDS}/rules", right=Right.HAZARDS_RULES)
async def ruled(context: RequestContext) -> web.Response:
    return context.page(
        "hazards/rules.html",
        rows=await dispatch_rules.listed(context.session, context.staffer.districts(Right.HAZARDS_RULES)),
        kinds=context.knowledge.hazards.kinds,
        agencies=await agencies.around(context.session, context.staffer.districts(Right.HAZARDS_RULES)),
    )


@page("POST", f"{urls.HAZARDS}/rules", right=Right.HAZARDS_RULES)
async def rule(context: RequestContext) -> web.Response:
    """Which agency gets a type in an area, from now on."""
    kind, agency = context.text("kind"), context.text("agency")
    area, region = _area(context, context.text("area").replace(" ", ""))
    if kind and kind not in context.knowledge.hazards.kinds:
        raise Rejected("answer.choose")
    await dispatch_rules.put(context.session, kind, area, agency, region=region)
    await context.audit("hazard.rule", f"rule:{kind or '*'}:{area or '*'}", agency=agency)
    return context.to(f"{urls.HAZARDS}/rules", said="hazard_rule")


@page("POST", f"{urls.HAZARDS}/rules/drop", right=Right.HAZARDS_RULES)
async def drop(context: RequestContext) -> web.Response:
    """Forget a rule of one's own district; any other number forgets nothing."""
    number = context.number("rule") or 0
    mine = context.staffer.districts(Right.HAZARDS_RULES)
    known = {each.id: each for each, _ in await dispatch_rules.listed(context.session, mine)}
    rule = known.get(number)
    if rule is not None and _is_theirs(context, rule.area):
        await dispatch_rules.remove(context.session, number)
        await context.audit("hazard.unrule", f"rule:{rule.kind or '*'}:{rule.area or '*'}")
    return context.to(f"{urls.HAZARDS}/rules", said="hazard_unrule")


def _is_theirs(context: RequestContext, area: str) -> bool:
    try:
        _area(context, area)
    except (Rejected, Denied):
        return False
    return True


def _area(context: RequestContext, area: str) -> tuple[str, str]:
    """An area of this person's district, as rules write it, and the district it lies in.  Raises Rejected, Denied."""
    if "," in area:
        point = map_view.point(*area.partition(",")[::2])
        if point is None:
            raise Rejected("hazard.area")
        found = context.knowledge.places.district_of(hazard_queue.point_of(*point))
        region = found.code[:6] if found else ""
        context.staffer.require(Right.HAZARDS_RULES, district=region)
        return dispatch_rules.cell(*point), region
    everywhere = "" in context.staffer.districts(Right.HAZARDS_RULES)
    if area not in context.knowledge.regions and not (area == "" and everywhere):
        raise Rejected("hazard.area")
    context.staffer.require(Right.HAZARDS_RULES, district=area)
    return area, area


def _read(context: RequestContext) -> HazardFilter:
    """What an address asks for; whatever it does not know counts as nothing."""
    query = context.http_request.query
    return HazardFilter(
        view=query.get("view", "") if query.get("view") in VIEWS else "open",
        kind=query.get("kind", "") if query.get("kind") in context.knowledge.hazards.kinds else "",
        text=query.get("q", "").strip()[:LONGEST_TEXT],
    )
