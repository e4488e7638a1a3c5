"""An area that somebody drew on a map: its corners, what lies inside, and the district it lies in."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from bot.errors import Rejected
from knowledge.geo import Point, in_china
from knowledge.places.gazetteer import Places

CORNERS = 60  # of one area, at most
WIDEST = 2.0  # degrees from one end to the other
DIGITS = 5  # of a degree: about a metre

Corner = tuple[float, float]  # latitude, longitude; degrees, WGS-84


@dataclass(frozen=True, slots=True)
class DrawnArea:
    """A closed line of corners; the last one joins the first."""

    corners: tuple[Corner, ...]

    @property
    def key(self) -> str:
        """What tells it from others, as short as a cell of the grid."""
        return "~" + sha256(repr(self.corners).encode()).hexdigest()[:15]

    @property
    def size(self) -> float:
        """Square degrees, for comparing areas with each other."""
        return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in _edges(self.corners))) / 2

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a place lies inside, by the even-odd rule."""
        crossed = 0
        for (north, east), (north_too, east_too) in _edges(self.corners):
            if (north > latitude) != (north_too > latitude):
                at = east + (east_too - east) * (latitude - north) / (north_too - north)
                crossed += longitude < at
        return crossed % 2 == 1

    def region(self, places: Places) -> str:
        """The smallest division that holds the districts of all corners; "" for several provinces, or none."""
        found = [places.district_of(Point(*corner)) for corner in self.corners]
        levels = ({each.code[:digits] if each else "" for each in found} for digits in (6, 4, 2))
        return next((codes.pop() for codes in levels if len(codes) == 1), "")


def read(text: str) -> DrawnArea:
    """Corners as `latitude,longitude`, one after another.  Raises Rejected."""
    try:
        pairs = [tuple(round(float(part), DIGITS) for part in each.split(",")) for each in text.split()]
    except ValueError:
        raise Rejected("hazard.drawn") from None
    corners = tuple((pair[0], pair[1]) for pair in pairs if len(pair) == 2 and in_china(*pair))
    area = DrawnArea(corners)
    if len(corners) != len(pairs) or not 3 <= len(corners) <= CORNERS or not area.size or _is_wide(corners):
        raise Rejected("hazard.drawn")
    return area


def kept(outline: Sequence[Sequence[float]]) -> DrawnArea:
    """An area as a rule keeps it."""
    return DrawnArea(tuple((latitude, longitude) for latitude, longitude in outline))


def _edges(corners: Sequence[Corner]) -> list[tuple[Corner, Corner]]:
    return list(pairwise([*corners, corners[0]]))


def _is_wide(corners: Sequence[Corner]) -> bool:
    return any(max(axis) - min(axis) > WIDEST for axis in zip(*corners, strict=True))
