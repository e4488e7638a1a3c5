"""Nearest 5 stations with filters among 6,261, 186,100 and 1,000,000, side by side with numpy looking at all of them.

    taskset -c 0 python -m benchmarks.stations [--sizes 6261,186100] [--queries 2000]

6,261 is Liaoning's own number, 186,100 the country's.  Stations lie in 60 cities and a tenth anywhere, services fall from
80 % to 10 %, hours are 16 different ones.  Times are of this process's own thread, in µs, so that a busy machine does not
spoil them; `first` is the first query with a filter, which makes its line, in ms.  Every answer of the first queries is
compared with numpy's, ids and order, and a difference stops the run.
"""

import argparse
import resource
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.geo import Point
from knowledge.hours import SHANGHAI, read
from knowledge.stations import NearStation, Station, Stations

SERVICES = {
    "rest": 0.8,
    "water": 0.7,
    "phone": 0.5,
    "heat": 0.4,
    "toilet": 0.3,
    "climate": 0.2,
    "vehicle": 0.15,
    "shower": 0.1,
}
HOURS = [
    read(text)
    for text in (
        "08:00-20:00", "08:00-20:00", "09:00-18:00", "Mo-Fr 08:30-17:00", "24/7", "07:00-22:00", "08:00-12:00,13:00-17:00",
        "Mo-Fr 09:00-17:00; PH off", "10:00-02:00", "18:00-06:00", "Mo-Sa 08:00-19:00", "06:00-23:00", "24/7; PH off",
        "Jun-Sep 07:00-22:00; Oct-May 08:00-19:00", "09:30-21:30", "Sa,Su 09:00-16:00", "05:00-11:00",
    )
]  # fmt: skip
EVENING, NIGHT = (datetime(2026, 3, 10, hour, 40, tzinfo=SHANGHAI) for hour in (19, 3))
FILTERS: dict[str, dict[str, Any]] = {
    "no filter": {},
    "common": {"services": frozenset({"rest", "water"})},
    "rare": {"services": frozenset({"vehicle", "shower"})},
    "open": {"at": EVENING},
    "open+common": {"at": EVENING, "services": frozenset({"rest", "water"})},
    "open+rare": {"at": EVENING, "services": frozenset({"vehicle", "shower"})},
    "night+rare": {"at": NIGHT, "services": frozenset({"vehicle", "shower"})},
}
COMPARED = 100  # queries of each filter
LIMIT = 5


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="6261,186100,1000000")
    parser.add_argument("--queries", type=int, default=2000)
    given = parser.parse_args()
    print(f"{'stations':>9} {'filter':12} {'pass':>8} {'p50':>7} {'p99':>7} {'numpy p50':>10} {'first ms':>9}  equal")
    for size in map(int, given.sizes.split(",")):
        run(size, given.queries)


def run(size: int, queries: int) -> None:
    stations, points = made(size, queries)
    before, start = memory(), time.perf_counter()
    index = Stations(stations)
    built, used = time.perf_counter() - start, memory() - before
    lat, lon = (np.array([getattr(station.point, axis) for station in stations]) for axis in ("lat", "lon"))
    for name, filters in FILTERS.items():
        passing = np.array([passes(station, **filters) for station in stations])
        ask = asking(index, filters)
        brute = looking_at_all(lat, lon, passing)
        first = timed(ask, points[:1])[0] / 1000
        equal = all(
            [near.station.id for near in ask(point)] == [stations[number].id for number in brute(point)]
            for point in points[:COMPARED]
        )
        assert equal, f"{size} {name}: not what numpy finds"
        times, slow = timed(ask, points), timed(brute, points[:COMPARED])
        print(
            f"{size:>9,} {name:12} {passing.mean():>8.2%} {np.percentile(times, 50):>7.1f} {np.percentile(times, 99):>7.1f}"
            f" {np.percentile(slow, 50):>10.0f} {first:>9.2f}  {COMPARED} of {COMPARED}",
            flush=True,
        )
    text = "沈阳区示例路地铁站"
    start = time.perf_counter()
    index.named(text)
    built_names = time.perf_counter() - start
    names = timed(lambda _: index.named(text), points[:50])
    print(
        f"{size:>9,} built in {built:.2f} s, index {used:.0f} MB with its lines; names built in {built_names:.2f} s,"
        f" {np.percentile(names, 50):.0f} µs a text",
        flush=True,
    )


def asking(index: Stations, filters: dict[str, Any]) -> Callable[[Point], tuple[NearStation, ...]]:
    return lambda point: index.nearest(point, limit=LIMIT, **filters)


def made(size: int, queries: int) -> tuple[list[Station], list[Point]]:
    """Stations clustered like cities, and askers mostly in the same cities."""
    chance = np.random.default_rng(7)
    cities = np.column_stack([chance.uniform(22, 50, 60), chance.uniform(80, 130, 60)])
    weights = chance.dirichlet(np.full(60, 2.0))

    def spread(number: int, width: float) -> NDArray[np.float64]:
        inside = cities[chance.choice(60, number * 9 // 10, p=weights)] + chance.normal(0, width, (number * 9 // 10, 2))
        rest = number - len(inside)
        return chance.permutation(
            np.vstack([inside, np.column_stack([chance.uniform(22, 53, rest), chance.uniform(75, 135, rest)])])
        )

    codes, shares = list(SERVICES), np.array(list(SERVICES.values()))
    offered = {row: frozenset(code for bit, code in enumerate(codes) if row >> bit & 1) for row in range(256)}
    rows = ((chance.random((size, len(codes))) < shares) << np.arange(len(codes))).sum(1).tolist()
    hours = chance.integers(0, len(HOURS), size).tolist()
    stations = [
        Station(
            f"s{number}",
            f"示例驿站{number}",
            "love",
            Point(lat, lon),
            address=f"示例路{number}号",
            services=offered[row],
            hours=HOURS[hour],
        )
        for number, ((lat, lon), row, hour) in enumerate(zip(spread(size, 0.12).tolist(), rows, hours, strict=True))
    ]
    return stations, [Point(lat, lon) for lat, lon in spread(queries, 0.15).tolist()]


def passes(station: Station, *, at: datetime | None = None, services: frozenset[str] = frozenset()) -> bool:
    return services <= station.services and (at is None or bool(station.hours and OPEN[at, id(station.hours)]))


OPEN = {(at, id(hours)): hours.open_at(at) for at in (EVENING, NIGHT) for hours in HOURS}


def looking_at_all(
    lat: NDArray[np.float64], lon: NDArray[np.float64], passing: NDArray[np.bool_]
) -> Callable[[Point], list[int]]:
    """numpy's way with all that passes laid out beforehand: squared chords of every station, and the least of them."""
    numbers = np.flatnonzero(passing)
    a, b = np.radians(lat[numbers]), np.radians(lon[numbers])
    vectors = np.column_stack((np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)))

    def nearest(point: Point) -> list[int]:
        a, b = np.radians(point.lat), np.radians(point.lon)
        apart = vectors - (np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a))
        chords = np.einsum("ij,ij->i", apart, apart)
        least = np.argpartition(chords, min(LIMIT, len(chords) - 1))[: LIMIT + 1]
        return [int(numbers[place]) for place in least[np.lexsort((least, chords[least]))][:LIMIT]]

    return nearest


def timed(ask: Callable[[Point], object], points: list[Point]) -> list[float]:
    """µs of this thread for each point."""
    times = []
    for point in points:
        start = time.thread_time_ns()
        ask(point)
        times.append((time.thread_time_ns() - start) / 1000)
    return times


def memory() -> float:
    """MB this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    main()
