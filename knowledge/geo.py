"""Points on the earth: WGS-84 inside, converted at the edges, with distances and directions.

Phones and GPS receivers give WGS-84.  Amap and Tencent maps draw GCJ-02, Baidu draws BD-09; the three lie 350 to 900
metres apart, so a datum is always said, never guessed.  (lat, lon) order everywhere, decimal degrees.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import asin, atan2, cos, degrees, hypot, isfinite, pi, radians, sin, sqrt
from typing import Literal, get_args

Datum = Literal["wgs84", "gcj02", "bd09"]
DATUMS: tuple[Datum, ...] = get_args(Datum)

EARTH = 6_371_008.8  # metres, the IUGG mean radius
WINDS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")  # clockwise, 45 degrees each

_LATITUDES, _LONGITUDES = (3.0, 54.0), (73.0, 136.0)  # China with its islands; the two ranges do not meet
_AXIS = 6_378_245.0  # metres, Krasovsky's ellipsoid, on which GCJ-02 rests
_ECCENTRICITY = 0.00669342162296594323  # its first eccentricity, squared
_BAIDU = pi * 3000.0 / 180.0
_STEPS = 12  # of the iterated inverse; three are enough inside China
_CLOSE = 1e-10  # degrees, 0.01 mm


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the earth, WGS-84, decimal degrees.  Raises ValueError outside ±90 / ±180 and for NaN."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (-90.0 <= self.lat <= 90.0 and -180.0 <= self.lon <= 180.0):
            raise ValueError(f"not a position on the earth: {self.lat}, {self.lon}")


def to_wgs(lat: float, lon: float, datum: Datum) -> Point:
    """The WGS-84 point of a position given in another datum; less than a millimetre off the exact inverse.

    Raises ValueError for an unknown datum and for an impossible position.  Points outside China are in WGS-84 on
    Chinese maps too and come back unmoved from GCJ-02.
    """
    _check(lat, lon)
    if datum == "gcj02":
        return Point(*_gcj_to_wgs(lat, lon))
    if datum == "bd09":
        return Point(*_gcj_to_wgs(*_bd_to_gcj(lat, lon)))
    if datum == "wgs84":
        return Point(lat, lon)
    raise ValueError(f"unknown datum {datum!r}: one of {', '.join(DATUMS)}")


def from_wgs(point: Point, datum: Datum) -> tuple[float, float]:
    """(lat, lon) of a point in the datum of a map.  Raises ValueError for an unknown datum."""
    if datum == "gcj02":
        return _wgs_to_gcj(point.lat, point.lon)
    if datum == "bd09":
        return _gcj_to_bd(*_wgs_to_gcj(point.lat, point.lon))
    if datum == "wgs84":
        return point.lat, point.lon
    raise ValueError(f"unknown datum {datum!r}: one of {', '.join(DATUMS)}")


def in_china(lat: float, lon: float) -> bool:
    """Whether a position lies in the box around China, neighbours' corners included; any datum will do."""
    return _LATITUDES[0] <= lat <= _LATITUDES[1] and _LONGITUDES[0] <= lon <= _LONGITUDES[1]


def swapped(lat: float, lon: float) -> bool:
    """Whether the two numbers are a place in China once they change places.

    Latitudes of China end at 54 and longitudes begin at 73, so this is never true of a position in China.
    """
    return in_china(lon, lat)


def distance(start: Point, end: Point) -> float:
    """Metres along the surface, not along streets; the sphere makes it up to 0.5 % wrong.

    Source: haversine formula, R. W. Sinnott, "Virtues of the Haversine", Sky & Telescope 68 (1984), 159.
    """
    north, east = radians(end.lat - start.lat), radians(end.lon - start.lon)
    half_chord = sin(north / 2) ** 2 + cos(radians(start.lat)) * cos(radians(end.lat)) * sin(east / 2) ** 2
    return 2 * EARTH * asin(min(1.0, sqrt(half_chord)))


def bearing(start: Point, end: Point) -> float:
    """Degrees clockwise from true north, 0 <= bearing < 360, in which the way from start to end sets out."""
    south, north, east = radians(start.lat), radians(end.lat), radians(end.lon - start.lon)
    across = sin(east) * cos(north)
    along = cos(south) * sin(north) - sin(south) * cos(north) * cos(east)
    return degrees(atan2(across, along)) % 360.0


def wind(degrees_from_north: float) -> str:
    """The Chinese name of a direction, to the nearest of eight: 东北 for 30."""
    return WINDS[sector(degrees_from_north)]


def sector(degrees_from_north: float) -> int:
    """Which of the eight directions it is, north first, clockwise."""
    return round(degrees_from_north / 45.0) % 8


def _check(lat: float, lon: float) -> None:
    # The loop of the inverse would turn an infinite latitude into NaN, far from where it came in.
    if not (isfinite(lat) and isfinite(lon)):
        raise ValueError(f"not a position on the earth: {lat}, {lon}")


def _shifted(lat: float, lon: float) -> bool:
    """Where GCJ-02 shifts at all: the box every public implementation uses, wider than China."""
    return 72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271


def _shift(lat: float, lon: float) -> tuple[float, float]:
    """Degrees from WGS-84 to GCJ-02: the public formula, 5 cm from Amap's published sample."""
    x, y = lon - 105.0, lat - 35.0
    waves = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    curve = 1.0 - _ECCENTRICITY * sin(radians(lat)) ** 2
    meridian = _AXIS * (1.0 - _ECCENTRICITY) / (curve * sqrt(curve))
    return degrees(north / meridian), degrees(east / (_AXIS / sqrt(curve) * cos(radians(lat))))


def _wgs_to_gcj(lat: float, lon: float) -> tuple[float, float]:
    if not _shifted(lat, lon):
        return lat, lon
    north, east = _shift(lat, lon)
    return lat + north, lon + east


def _gcj_to_wgs(lat: float, lon: float) -> tuple[float, float]:
    # The usual one-step inverse is up to 2.7 m off in Liaoning and Sichuan.
    return _inverse(_wgs_to_gcj, lat, lon, lat, lon) if _shifted(lat, lon) else (lat, lon)


def _gcj_to_bd(lat: float, lon: float) -> tuple[float, float]:
    radius = hypot(lon, lat) + 0.00002 * sin(lat * _BAIDU)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * _BAIDU)
    return radius * sin(angle) + 0.006, radius * cos(angle) + 0.0065


def _bd_to_gcj(lat: float, lon: float) -> tuple[float, float]:
    return _inverse(_gcj_to_bd, lat, lon, lat - 0.006, lon - 0.0065)


def _inverse(
    forward: Callable[[float, float], tuple[float, float]], lat: float, lon: float, y: float, x: float
) -> tuple[float, float]:
    """The (lat, lon) that `forward` brings to lat, lon, beginning with the guess y, x."""
    for _ in range(_STEPS):
        there = forward(y, x)
        north, east = there[0] - lat, there[1] - lon
        y, x = y - north, x - east
        if abs(north) < _CLOSE and abs(east) < _CLOSE:
            break
    return y, x
