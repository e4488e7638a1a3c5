"""Links that open a map app on the way to a place, each in the datum and the order the app expects.

Telegram's url buttons take https only, so the apps' own schemes (amapuri://, baidumap://) are not offered.
Formats: Amap URI API (lbs.amap.com/api/uri-api), Baidu 地图调起 API, Tencent URI API, Apple Map Links; we always send the
map's own datum and say so where the link can.  Longitude comes first only for Amap.
"""

from typing import Literal
from urllib.parse import quote

from knowledge.geo import Datum, Point, from_wgs

Way = Literal["ride", "walk", "drive"]

SOURCE = "nuanxin"  # the name under which the map companies count our calls
_AMAP: dict[Way, str] = {"ride": "ride", "walk": "walk", "drive": "car"}
_BAIDU: dict[Way, str] = {"ride": "riding", "walk": "walking", "drive": "driving"}
_TENCENT: dict[Way, str] = {"ride": "bike", "walk": "walk", "drive": "drive"}
_APPLE: dict[Way, str] = {"ride": "w", "walk": "w", "drive": "d"}  # Apple has no letter for riding.


def amap(point: Point, name: str, way: Way = "ride") -> str:
    """The way to a point in 高德地图: GCJ-02, longitude first."""
    lat, lon = _degrees(point, "gcj02")
    return (
        f"https://uri.amap.com/navigation?to={lon},{lat},{_quoted(name)}&mode={_AMAP[way]}"
        f"&src={SOURCE}&coordinate=gaode&callnative=1"
    )


def baidu(point: Point, name: str, city: str, way: Way = "ride") -> str:
    """The way to a point in 百度地图: BD-09.  The city (沈阳市) is what Baidu looks in when it does not know where one is."""
    lat, lon = _degrees(point, "bd09")
    return (
        f"https://api.map.baidu.com/direction?destination={_quoted(f'latlng:{lat},{lon}|name:{name}')}"
        f"&mode={_BAIDU[way]}&region={_quoted(city)}&coord_type=bd09ll&output=html&src={SOURCE}"
    )


def tencent(point: Point, name: str, way: Way = "ride") -> str:
    """The way to a point in 腾讯地图: GCJ-02, latitude first."""
    lat, lon = _degrees(point, "gcj02")
    return (
        f"https://apis.map.qq.com/uri/v1/routeplan?type={_TENCENT[way]}&to={_quoted(name)}"
        f"&tocoord={lat},{lon}&policy=0&referer={SOURCE}"
    )


def apple(point: Point, name: str, way: Way = "walk") -> str:
    """The way to a point in Apple's maps, whose map of mainland China is AutoNavi's: GCJ-02 by common practice."""
    lat, lon = _degrees(point, "gcj02")
    return f"https://maps.apple.com/?daddr={lat},{lon}&q={_quoted(name)}&dirflg={_APPLE[way]}"


def _degrees(point: Point, datum: Datum) -> tuple[str, str]:
    lat, lon = from_wgs(point, datum)
    return f"{lat:.6f}", f"{lon:.6f}"  # 0.1 metres


def _quoted(text: str) -> str:
    # A lone surrogate from a broken file must not stop a link; everything else is encoded, slash and comma too.
    return quote(text, safe="", errors="replace")
