"""GeoJSON points as rows: each property a column, the point one more.  The first row, number 0, names them."""

import json
from collections.abc import Iterator
from typing import Any

from knowledge.tables.cell import text_of
from knowledge.tables.encoding import decoded
from knowledge.tables.rows import FileRefused, Row

COLUMNS = 100
POINT = "坐标"  # what the point's column is called


def rows(data: bytes) -> Iterator[Row]:
    """Raises FileRefused."""
    try:
        features = json.loads(decoded(data))["features"]
        found = [(feature.get("properties") or {}, feature.get("geometry") or {}) for feature in features]
        names = list(dict.fromkeys(str(name) for properties, _ in found for name in properties))[: COLUMNS - 1]
        yield Row(0, [*names, POINT])
        for number, (properties, geometry) in enumerate(found, 1):
            yield Row(number, [*(text_of(properties.get(name)) for name in names), _point(geometry)])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FileRefused("broken", why="不是 GeoJSON 的 FeatureCollection") from error


def _point(geometry: Any) -> str:
    """lon,lat of a point; "" for another geometry, which the row is then refused for."""
    place = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    return ",".join(map(str, place[:2])) if isinstance(place, list) else ""
