"""All stations, found by position, by name and by what they offer.

Measured by benchmarks/stations.py with 186,100 stations, services and open now, 5 nearest: 55 to 70 µs p50, 150 to 230 µs
p99 of one busy 2.5 GHz core; 2 ms for the first query with a filter; 0.5 s and 35 MB to build.
"""

from collections import Counter, OrderedDict
from collections.abc import Container, Iterable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from math import inf
from typing import NamedTuple

import numpy as np

from knowledge.geo import Point, bearing, sector, wind
from knowledge.hours import Hours
from knowledge.stations.cells import Cells, Line
from knowledge.stations.clock import Clock
from knowledge.stations.named import Named
from knowledge.stations.station import Station

KEPT = 64 << 20  # bytes of filtered lines that are remembered: five million stations in all filters together
POOL = 30  # stations nearby among which the next one to open is looked for
PACE = 250.0  # metres a minute of an e-bike in a city, 15 km/h

Codes = frozenset[str]
NONE: Codes = frozenset()
_Key = tuple[Codes, Codes, str, bytes]  # services, kinds, region, and a byte for each of the hours


class NearStation(NamedTuple):
    """A station as seen from a point at a moment.  A tuple, because a dataclass takes four times as long to make."""

    station: Station
    metres: float  # as the crow flies
    origin: Point
    open: bool | None = None  # None when nobody asked about a moment
    closes_at: datetime | None = None  # None when it is closed, or never closes
    opens_at: datetime | None = None  # from `next_to_open` only

    @property
    def wind(self) -> str:
        """In which direction the station lies: 东北."""
        return wind(bearing(self.origin, self.station.point))

    @property
    def sector(self) -> int:
        """The same as a number, of knowledge.geo.sector."""
        return sector(bearing(self.origin, self.station.point))


class Stations:
    """An immutable index of stations; a change makes a new one.  Memory: about 80 bytes a station besides the values."""

    def __init__(self, stations: Iterable[Station], divisions: Container[str] = ()) -> None:
        """Raises ValueError for an id that comes twice.  `divisions`: see `named`."""
        self._stations = tuple(stations)
        self._by_id = {station.id: station for station in self._stations}
        if len(self._by_id) != len(self._stations):
            raise ValueError("two stations have the same id")
        self._divisions = divisions
        lat, lon = (
            np.fromiter((getattr(station.point, axis) for station in self._stations), float, len(self._stations))
            for axis in ("lat", "lon")
        )
        self._cells = Cells(lat, lon)
        self._columns()
        self._lines: OrderedDict[_Key, Line] = OrderedDict()
        self._size = 0

    def _columns(self) -> None:
        """What filters look at, in the order of the cells' rows."""
        bits: dict[str, int] = {}
        kinds: dict[str, int] = {}
        hours: dict[Hours | None, int] = {None: 0}
        offered: dict[Codes, int] = {}
        met: dict[int, int] = {}  # Hours by identity, because many stations share one value and hashing it is slow.
        rows, numbers = [], []
        for station in self._stations:
            if (mask := offered.get(station.services)) is None:
                mask = sum(1 << bits.setdefault(code, len(bits)) for code in station.services)
                offered[station.services] = mask
            if (number := met.get(id(station.hours))) is None:
                number = met[id(station.hours)] = hours.setdefault(station.hours, len(hours))
            numbers.append(0 if station.closed else number)
            district = int(station.region[:6].ljust(6, "0"))
            rows.append((mask, kinds.setdefault(station.kind, len(kinds)), numbers[-1], district))
        if len(bits) > 63:
            raise ValueError(f"{len(bits)} services; 63 fit into the index")
        table = np.array(rows, dtype=np.int64).reshape(-1, 4)[self._cells.order]
        self._bits, self._kinds, self._clock, self._hours = bits, kinds, Clock(tuple(hours)), tuple(numbers)
        self._offered, self._kind = table[:, 0].copy(), table[:, 1].astype(np.int32)
        self._hour, self._region = table[:, 2].astype(np.int32), table[:, 3].astype(np.int32)

    def __len__(self) -> int:
        return len(self._stations)

    def __iter__(self) -> Iterator[Station]:
        return iter(self._stations)

    def get(self, id: str) -> Station | None:  # noqa: A002
        return self._by_id.get(id)

    def nearest(
        self,
        point: Point,
        *,
        at: datetime | None = None,
        services: Codes = NONE,
        kinds: Codes = NONE,
        region: str = "",
        limit: int = 3,
        within: float = inf,
    ) -> tuple[NearStation, ...]:
        """The nearest stations that have all the services and one of the kinds, nearest first.

        at: only those open at this moment, with the time they close; ValueError for a naive datetime.
        region: a prefix of the codes of districts.  within: metres.
        """
        if at is None:
            found = self._found((services, kinds, region, b""), point, limit, within)
            return tuple([NearStation(self._stations[number], metres, point) for metres, number in found])
        hours, minute = self._hours, self._clock.at(at)
        found = self._found((services, kinds, region, minute.open), point, limit, within)
        return tuple(
            [
                NearStation(self._stations[number], metres, point, True, minute[hours[number]])
                for metres, number in found
            ]
        )

    def always_open(
        self,
        point: Point,
        *,
        services: Codes = NONE,
        kinds: Codes = NONE,
        region: str = "",
        limit: int = 3,
        within: float = inf,
    ) -> tuple[NearStation, ...]:
        """The nearest stations that are open day and night all year, and not closed for now."""
        found = self._found((services, kinds, region, self._clock.always.tobytes()), point, limit, within)
        return tuple(NearStation(self._stations[number], metres, point, True) for metres, number in found)

    def next_to_open(
        self,
        point: Point,
        at: datetime,
        *,
        services: Codes = NONE,
        kinds: Codes = NONE,
        region: str = "",
        limit: int = 3,
        within: float = inf,
    ) -> tuple[NearStation, ...]:
        """Of the POOL nearest stations that are closed at a moment, those one can be inside of first, with their openings.

        Whoever sets out at once arrives after the way at PACE; a station that opens later than that lets them wait.
        """
        found = self._found((services, kinds, region, self._clock.closed_at(at)), point, POOL, within)
        waits = []
        for metres, number in found:
            if opening := self._clock.next_opening(self._hours[number], at):
                waits.append((max(opening, at + timedelta(minutes=metres / PACE)), metres, number, opening))
        return tuple(
            NearStation(self._stations[number], metres, point, False, opens_at=opening)
            for _, metres, number, opening in sorted(waits)[:limit]
        )

    def named(self, text: str, *, region: str = "", limit: int = 20) -> tuple[Station, ...]:
        """Stations whose name or address holds the typed words, in the order of the index.

        Names of divisions alone (铁西区) find nothing here: there are three of it, and the gazetteer knows them.
        """
        found = (self._stations[number] for number in self._named.find(text))
        return tuple(station for station in found if station.region.startswith(region))[:limit]

    def middle(self, region: str) -> Point | None:
        """The point in the middle (median) of a region's stations; None when it has none."""
        points = [station.point for station in self._stations if station.region.startswith(region)]
        if not points:
            return None
        return Point(
            float(np.median([point.lat for point in points])), float(np.median([point.lon for point in points]))
        )

    @cached_property
    def cities(self) -> tuple[str, ...]:
        """Codes of the cities that have stations, those with most first."""
        return tuple(code for code, _ in Counter(station.region[:4] for station in self._stations).most_common())

    @cached_property
    def _named(self) -> Named:
        return Named((f"{station.name} {station.address}" for station in self._stations), self._divisions)

    def _found(self, key: _Key, point: Point, limit: int, within: float) -> list[tuple[float, int]]:
        if (line := self._lines.get(key)) is None:
            line = self._lines[key] = self._line(*key)
            self._size += line.size
            while self._size > KEPT and len(self._lines) > 1:
                self._size -= self._lines.popitem(last=False)[1].size
        else:
            self._lines.move_to_end(key)
        return self._cells.nearest(line, point, limit, within)

    def _line(self, services: Codes, kinds: Codes, region: str, openings: bytes) -> Line:
        """The stations that pass a filter.  `openings`: a byte for each of the hours, 1 for those that pass."""
        passing = np.ones(len(self._stations), dtype=bool)
        if services:
            mask = sum(1 << self._bits[code] for code in services if code in self._bits)
            passing &= (self._offered & mask == mask) & (services <= self._bits.keys())
        if kinds:
            passing &= np.isin(self._kind, [self._kinds[code] for code in kinds if code in self._kinds])
        if region:
            passing &= (self._region >= int(region.ljust(6, "0")[:6])) & (self._region <= int(region.ljust(6, "9")[:6]))
        if openings:
            passing &= np.frombuffer(openings, dtype=bool)[self._hour]
        return self._cells.line(passing)
