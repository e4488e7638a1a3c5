"""Which district a point lies in: outlines of all districts of China, good to about a hundred metres at a border."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from knowledge.geo import Point

FILE = Path(__file__).parent / "outlines.npz"
GRID = 2000  # steps a degree: 55 metres of latitude
SHORE = 0.03  # degrees, about 3 kilometres: piers and islands too small for the map belong to the coast beside them

_Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outlines:
    """All rings in one line of corners, a NaN after each: no comparison holds with NaN, so no edge crosses over."""

    codes: tuple[str, ...]
    bounds: _Floats  # (district, 4): west, south, east, north
    firsts: tuple[int, ...]  # where the corners of a district begin; one more for the end
    east: _Floats
    north: _Floats

    def district(self, point: Point) -> str:
        """The code of the district around a point, "" far outside of China.

        Even-odd rule over the few districts whose box holds the point: about 60 µs.
        """
        boxes = self.bounds
        x, y = point.lon, point.lat
        near = (boxes[:, 0] <= x + SHORE) & (boxes[:, 2] >= x - SHORE)
        near &= (boxes[:, 1] <= y + SHORE) & (boxes[:, 3] >= y - SHORE)
        candidates = np.flatnonzero(near).tolist()
        for number in candidates:
            if self._holds(number, x, y):
                return self.codes[number]
        return self._beside(candidates, point)

    def rings(self, code: str) -> list[list[tuple[float, float]]]:
        """The rings of a district, corners as (latitude, longitude) in degrees; none for a code without an outline."""
        if code not in self.codes:
            return []
        number = self.codes.index(code)
        first, last = self.firsts[number : number + 2]
        corners = np.column_stack((self.north[first:last], self.east[first:last]))
        gaps = np.flatnonzero(np.isnan(corners[:, 0]))
        return [ring[~np.isnan(ring[:, 0])].round(4).tolist() for ring in np.split(corners, gaps + 1) if len(ring)]

    def _holds(self, number: int, x: float, y: float) -> bool:
        first, last = self.firsts[number : number + 2]
        east, north = self.east[first:last], self.north[first:last]
        above = north > y
        crossing = np.flatnonzero((above[:-1] != above[1:]) & ~np.isnan(north[:-1] + north[1:]))
        south, top = north[crossing], north[crossing + 1]
        left, right = east[crossing], east[crossing + 1]
        return bool(np.count_nonzero(x < left + (right - left) * (y - south) / (top - south)) % 2)

    def _beside(self, candidates: list[int], point: Point) -> str:
        wide = float(np.cos(np.radians(point.lat)))
        best, code = SHORE, ""
        for number in candidates:
            first, last = self.firsts[number : number + 2]
            away = np.hypot((self.east[first:last] - point.lon) * wide, self.north[first:last] - point.lat)
            if (nearest := float(np.nanmin(away))) < best:
                best, code = nearest, self.codes[number]
        return code


def load(path: Path = FILE) -> Outlines:
    """Reads what `build` wrote; about 30 ms."""
    with np.load(path, allow_pickle=False) as file:
        arrays: dict[str, Any] = {name: file[name] for name in file.files}
    owners, lengths = arrays["owners"].astype(np.intp), arrays["lengths"].astype(np.intp)
    east, north = (
        _corners(arrays["starts"][:, axis], arrays[name], lengths) for axis, name in enumerate(("east", "north"))
    )
    codes = tuple(map(str, arrays["codes"].tolist()))
    rings = np.concatenate(([0], np.cumsum(lengths + 2)))  # a ring has one corner more than steps, and its NaN
    firsts = [int(rings[ring]) for ring in np.searchsorted(owners, np.arange(len(codes) + 1))]
    begins = firsts[:-1]
    bounds = [
        low_or_high.reduceat(axis, begins) for low_or_high in (np.fmin, np.fmax) for axis in (east, north)
    ]  # fmin and fmax pass over NaN.
    return Outlines(codes, np.column_stack(bounds), tuple(firsts), east, north)


def _corners(starts: NDArray[np.int32], steps: NDArray[np.int16], lengths: NDArray[np.intp]) -> _Floats:
    """Degrees of every corner.  A running sum over all rings, in which each start undoes what came before it."""
    ends = np.cumsum(lengths)
    walked = np.concatenate(([0], np.cumsum(steps, dtype=np.int64)))
    corners = np.full(int(lengths.sum()) + 2 * len(lengths), np.nan)
    places = np.arange(len(walked) - 1) + 1
    ring = np.repeat(np.arange(len(lengths)), lengths)
    at = places + 2 * ring  # the NaN and the start of each ring before this one take two places
    corners[at] = starts[ring] + walked[places] - walked[ends[ring] - lengths[ring]]
    corners[np.concatenate(([0], ends[:-1])) + 2 * np.arange(len(lengths))] = starts
    return corners / GRID
