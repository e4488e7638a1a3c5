"""An atlas: pins on a square piece of the earth, north up, those close together as one cluster."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any

from sqlalchemy import ColumnElement, and_, true
from sqlalchemy.orm import InstrumentedAttribute

CELLS = 10  # clusters along a side of the map
CLOSEST, WIDEST = 0.004, 60.0  # degrees of latitude that a map may show
HOME = (41.8, 123.43), 0.5  # Shenyang, where nothing says where to look


@dataclass(frozen=True, slots=True)
class Pin:
    """Something on the map.  bad: it is drawn in red."""

    name: str
    latitude: float
    longitude: float
    bad: bool = False


@dataclass(frozen=True, slots=True)
class MapCluster:
    """Pins so close to each other that the map shows them as one."""

    x: float  # per mille of the map's side, from the left
    y: float  # from the top
    count: int
    bad: int  # of them
    latitude: float
    longitude: float
    name: str  # of the only one; "" for several

    @property
    def radius(self) -> float:
        return float(min(14 + 6 * len(str(self.count)) + self.count**0.5, 46))


@dataclass(frozen=True, slots=True)
class Chart:
    """A square piece of the earth with what is there."""

    latitude: float  # of its middle
    longitude: float
    span: float  # degrees of latitude from edge to edge
    clusters: Sequence[MapCluster] = ()
    nowhere: int = 0  # things without a position

    @property
    def wide(self) -> float:
        """Degrees of longitude from edge to edge, so that a square on the map is a square on the ground."""
        return self.span / max(cos(radians(self.latitude)), 0.2)

    @property
    def kilometres(self) -> float:
        return self.span * 111.32


def drawn(pins: Sequence[Pin], middle: tuple[float, float] | None, span: float | None, *, nowhere: int = 0) -> Chart:
    """The clusters around a middle; without one, a map that holds everything."""
    if middle is None or span is None:
        middle, span = _around(pins)
    empty = Chart(*middle, span)
    cells: dict[tuple[int, int], list[tuple[float, float, Pin]]] = {}
    for pin in pins:
        x = (pin.longitude - middle[1]) / empty.wide + 0.5
        y = 0.5 - (pin.latitude - middle[0]) / span
        if 0 <= x < 1 and 0 <= y < 1:
            cells.setdefault((int(x * CELLS), int(y * CELLS)), []).append((x, y, pin))
    return Chart(*middle, span, [_cluster(each) for each in cells.values()], nowhere)


def inside(
    latitude: InstrumentedAttribute[Any],
    longitude: InstrumentedAttribute[Any],
    middle: tuple[float, float] | None,
    span: float | None,
) -> ColumnElement[bool]:
    """The condition that a row stands on the map around a middle; without one everything does.

    So the more a map is magnified, the fewer rows there are to draw, and each is reached.
    """
    if middle is None or span is None:
        return true()
    half, wide = span / 2, Chart(*middle, span).wide / 2
    north = latitude.between(middle[0] - half, middle[0] + half)
    return and_(north, longitude.between(middle[1] - wide, middle[1] + wide))


def _cluster(found: Sequence[tuple[float, float, Pin]]) -> MapCluster:
    pins = [pin for *_, pin in found]
    return MapCluster(
        x=round(1000 * _mean(x for x, *_ in found), 1),
        y=round(1000 * _mean(y for _, y, _ in found), 1),
        count=len(pins),
        bad=sum(pin.bad for pin in pins),
        latitude=round(_mean(pin.latitude for pin in pins), 5),
        longitude=round(_mean(pin.longitude for pin in pins), 5),
        name=pins[0].name if len(pins) == 1 else "",
    )


def _mean(numbers: Iterable[float]) -> float:
    every = list(numbers)
    return sum(every) / len(every)


def _around(pins: Sequence[Pin]) -> tuple[tuple[float, float], float]:
    """A middle and a span that hold all of these."""
    if not pins:
        return HOME
    souths, wests = [each.latitude for each in pins], [each.longitude for each in pins]
    middle = (min(souths) + max(souths)) / 2, (min(wests) + max(wests)) / 2
    wide = (max(wests) - min(wests)) * cos(radians(middle[0]))
    return middle, min(max(max(souths) - min(souths), wide, CLOSEST) * 1.2, WIDEST)
