"""Which piece of the earth an address asks for, and what lies there, for the script that draws it."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import orjson
from aiohttp import web

from bot.services.core.map_clusters import CLOSEST, WIDEST, Chart
from knowledge.geo import Point, distance, in_china

FAR = 150_000.0  # metres from a city's middle at which its outlines say nothing any more
NOBODY: Mapping[str, str] = {}


def asked(query: Mapping[str, str]) -> tuple[tuple[float, float] | None, float | None]:
    """The middle of the map and its span; None for what is missing or makes no sense."""
    return point(query.get("lat", ""), query.get("lon", "")), _span(query.get("span", ""))


def point(latitude: str, longitude: str) -> tuple[float, float] | None:
    try:
        point = float(latitude), float(longitude)
    except ValueError:
        return None
    return point if in_china(*point) else None


def _span(text: str) -> float | None:
    try:
        span = float(text)
    except ValueError:
        return None
    return span if CLOSEST <= span <= WIDEST else None


def clusters(chart: Chart, one: str, names: Mapping[str, str] = NOBODY) -> web.Response:
    """What a chart holds, as JSON: where, how many, of them bad, a name and an address where it is one thing alone.

    one: the address below which single things stand.  names: of things, where that is not what they are found by.
    """
    found = [
        {
            "at": (each.latitude, each.longitude),
            "count": each.count,
            "bad": each.bad,
            "name": names.get(each.name, each.name),
            "to": f"{one}/{each.name}" if each.name else "",
        }
        for each in chart.clusters
    ]
    return web.Response(body=orjson.dumps(found), content_type="application/json")


def city(latitude: float, longitude: float) -> str:
    """The code of the city whose outlines belong under a place; "" where there are none."""
    here = Point(latitude, longitude)
    metres, code = min((distance(here, middle), code) for code, middle in _cities().items())
    return code if metres < FAR else ""


@cache
def _cities() -> Mapping[str, Point]:
    """Where the cities lie whose outlines there are."""
    found: dict[str, Point] = {}
    for each in files("bot.maps").joinpath("static").iterdir():
        if each.name.startswith("map-"):
            longitude, latitude = orjson.loads(each.read_bytes())["middle"]
            found[each.name.removeprefix("map-").removesuffix(".json")] = Point(latitude, longitude)
    return found
