"""Which piece of the earth an address asks for."""

from collections.abc import Mapping

from bot.services.core.map_clusters import CLOSEST, WIDEST
from knowledge.geo import in_china


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
