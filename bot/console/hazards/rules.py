"""/console/hazards/rules: which agency gets which type where; the place is a district, several, or drawn on a map."""

import orjson
from aiohttp import web

from bot.console.core import listing, map_view
from bot.console.core.request import RequestContext
from bot.console.core.routes import page
from bot.errors import Rejected
from bot.messaging import urls
from bot.services.hazards import dispatch_rules, drawn
from bot.services.hazards.queue import point_of
from bot.services.staff.permissions import Denied, Right
from bot.services.units import agencies
from bot.store.models import HazardRule

RULES = f"{urls.HAZARDS}/rules"
RIGHT = Right.HAZARDS_RULES
MOST = 40  # districts in one form
DRAWN = 5_000  # characters of the corners of an area
NAME = 40  # characters
START = 41.8, 123.43  # where the map begins for whoever works everywhere
CITY = 4  # digits of a city's code


@page("GET", RULES, right=RIGHT)
async def ruled(context: RequestContext) -> web.Response:
    mine = context.staffer.districts(RIGHT)
    rows = await dispatch_rules.listed(context.session, mine)
    latitude, longitude = _start(context, mine)
    return context.page(
        "hazards/rules.html",
        rows=rows,
        kinds=context.knowledge.hazards.kinds,
        agencies=await agencies.around(context.session, mine),
        places=[*(each for each in mine if each and len(each) <= CITY), *listing.places(context, RIGHT)],
        everywhere="" in mine,
        latitude=latitude,
        longitude=longitude,
        outlines=[{"name": _said(context, rule), "corners": rule.outline} for rule, _ in rows if rule.outline],
        where=lambda rule: _said(context, rule),
    )


@page("GET", f"{RULES}/districts", right=RIGHT)
async def districts(context: RequestContext) -> web.Response:
    """The districts of the city around a place that this person may choose, with their outlines, for the script."""
    (middle, _), places = map_view.asked(context.http_request.query), context.knowledge.places
    here = places.district_of(point_of(*middle)) if middle else None
    mine = tuple(context.staffer.districts(RIGHT))
    codes = [
        code for code in context.knowledge.regions if here and len(code) > CITY and code[:CITY] == here.code[:CITY]
    ]
    found = [
        {"code": code, "name": context.district(code), "rings": places.rings_of(code)}
        for code in codes
        if code.startswith(mine)
    ]
    return web.Response(body=orjson.dumps(found), content_type="application/json")


@page("POST", RULES, right=RIGHT)
async def rule(context: RequestContext) -> web.Response:
    """Which agency gets a type in each of some areas, from now on."""
    kind, agency = context.text("kind"), context.text("agency")
    if kind and kind not in context.knowledge.hazards.kinds:
        raise Rejected("answer.choose")
    if corners := context.text("outline", most=DRAWN):
        await _draw(context, kind, agency, drawn.read(corners))
        return context.to(RULES, said="hazard_rule")
    wanted = {each.replace(" ", "") for each in context.every("area")}
    for area in sorted(wanted - {""})[:MOST] or [""]:
        place, region = _area(context, area)
        await dispatch_rules.put(context.session, kind, place, agency, region=region)
        await context.audit("hazard.rule", f"rule:{kind or '*'}:{place or '*'}", agency=agency)
    return context.to(RULES, said="hazard_rule")


@page("POST", f"{RULES}/drop", right=RIGHT)
async def drop(context: RequestContext) -> web.Response:
    """Forget a rule of one's own district; any other number forgets nothing."""
    number = context.number("rule") or 0
    known = {
        each.id: each for each, _ in await dispatch_rules.listed(context.session, context.staffer.districts(RIGHT))
    }
    rule = known.get(number)
    if rule is not None and _is_theirs(context, rule):
        await dispatch_rules.remove(context.session, number)
        await context.audit("hazard.unrule", f"rule:{rule.kind or '*'}:{rule.area or '*'}")
    return context.to(RULES, said="hazard_unrule")


async def _draw(context: RequestContext, kind: str, agency: str, area: drawn.DrawnArea) -> None:
    """A rule for what was drawn: within one division that is theirs.  Raises Rejected, Denied."""
    region = area.region(context.knowledge.places)
    if not region:
        raise Rejected("hazard.drawn")
    context.staffer.require(RIGHT, district=region)
    name = context.text("name", most=NAME)
    await dispatch_rules.draw(context.session, kind, area, agency, region=region, name=name)
    await context.audit("hazard.rule", f"rule:{kind or '*'}:{area.key}", agency=agency, corners=len(area.corners))


def _is_theirs(context: RequestContext, rule: HazardRule) -> bool:
    try:
        if rule.outline:
            context.staffer.require(RIGHT, district=rule.region)
        else:
            _area(context, rule.area)
    except (Rejected, Denied):
        return False
    return True


def _area(context: RequestContext, area: str) -> tuple[str, str]:
    """An area of this person's district, as rules write it, and the district it lies in.  Raises Rejected, Denied."""
    if "," in area:
        point = map_view.point(*area.partition(",")[::2])
        if point is None:
            raise Rejected("hazard.area")
        found = context.knowledge.places.district_of(point_of(*point))
        region = found.code[:6] if found else ""
        context.staffer.require(RIGHT, district=region)
        return dispatch_rules.cell(*point), region
    everywhere = "" in context.staffer.districts(RIGHT)
    if area not in context.knowledge.regions and not (area == "" and everywhere):
        raise Rejected("hazard.area")
    context.staffer.require(RIGHT, district=area)
    return area, area


def _said(context: RequestContext, rule: HazardRule) -> str:
    """Where a rule holds, in words."""
    if rule.outline:
        return f"{context.district(rule.region)} · {rule.name or '画出的地方'}"
    return rule.area if "," in rule.area else context.console.layout.district(context.knowledge.regions, rule.area)


def _start(context: RequestContext, mine: tuple[str, ...]) -> tuple[float, float]:
    """Where the map begins: the seat of the first district of theirs."""
    place = context.knowledge.places.get(mine[0]) if mine and mine[0] else None
    return (place.point.lat, place.point.lon) if place else START
