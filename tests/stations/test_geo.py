"""Positions, datums, distances and directions."""

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.geo import DATUMS, WINDS, Datum, Point, bearing, distance, from_wgs, in_china, swapped, to_wgs, wind

CHINA = st.builds(Point, st.floats(18.2, 53.5), st.floats(73.7, 135.0))
SHENYANG, CHENGDU = Point(41.7937, 123.3968), Point(30.6570, 104.0657)


def test_amap_s_published_sample_is_met() -> None:
    lat, lon = from_wgs(Point(39.990475, 116.481499), "gcj02")
    assert distance(Point(lat, lon), Point(39.991754014757, 116.487585177952)) < 0.1


@pytest.mark.parametrize(("point", "least", "most"), [(SHENYANG, 525, 578), (CHENGDU, 347, 374)])
def test_a_chinese_map_is_hundreds_of_metres_off(point: Point, least: float, most: float) -> None:
    assert least <= distance(point, Point(*from_wgs(point, "gcj02"))) <= most


@given(point=CHINA, datum=st.sampled_from(DATUMS))
def test_there_and_back_is_less_than_a_millimetre(point: Point, datum: Datum) -> None:
    assert distance(point, to_wgs(*from_wgs(point, datum), datum)) < 0.001


def test_points_abroad_stay_where_they_are() -> None:
    assert from_wgs(Point(-33.86, 151.21), "gcj02") == (-33.86, 151.21)
    assert to_wgs(-33.86, 151.21, "gcj02") == Point(-33.86, 151.21)


def test_an_unknown_datum_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown datum 'gps'"):
        to_wgs(41.8, 123.4, "gps")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown datum 'gps'"):
        from_wgs(SHENYANG, "gps")  # type: ignore[arg-type]


@pytest.mark.parametrize(("lat", "lon"), [(90.1, 0.0), (0.0, -180.1), (nan, 120.0), (41.0, nan), (float("inf"), 120.0)])
def test_what_is_no_position_is_refused(lat: float, lon: float) -> None:
    with pytest.raises(ValueError, match="not a position"):
        Point(lat, lon)
    with pytest.raises(ValueError, match="not a position"):
        to_wgs(lat, lon, "gcj02")


def test_distances_are_those_of_the_sphere() -> None:
    assert distance(Point(0, 0), Point(1, 0)) == pytest.approx(111_195, abs=1)
    assert distance(Point(39.9042, 116.4074), Point(31.2304, 121.4737)) == pytest.approx(1_067_000, abs=2_000)
    assert distance(Point(0, 0), Point(0, 180)) == pytest.approx(20_015_115, abs=1)


@given(CHINA, CHINA)
def test_the_way_back_is_as_long(start: Point, end: Point) -> None:
    assert distance(start, end) == pytest.approx(distance(end, start))


@pytest.mark.parametrize(
    ("north", "east", "name"),
    [
        (1, 0, "北"),
        (1, 1, "东北"),
        (0, 1, "东"),
        (-1, 1, "东南"),
        (-1, 0, "南"),
        (-1, -1, "西南"),
        (0, -1, "西"),
        (1, -1, "西北"),
    ],
)
def test_the_direction_has_its_chinese_name(north: float, east: float, name: str) -> None:
    assert wind(bearing(Point(30, 104), Point(30 + north / 100, 104 + east / 86.6))) == name


@given(CHINA, CHINA)
def test_every_direction_has_a_name(start: Point, end: Point) -> None:
    assert 0 <= bearing(start, end) < 360
    assert wind(bearing(start, end)) in WINDS


def test_latitude_and_longitude_in_the_wrong_order_are_noticed() -> None:
    assert in_china(41.8, 123.4)
    assert not swapped(41.8, 123.4)
    assert swapped(123.4, 41.8)
    assert not swapped(48.85, 2.35)


@given(CHINA)
def test_no_place_in_china_is_taken_for_swapped(point: Point) -> None:
    assert in_china(point.lat, point.lon)
    assert swapped(point.lon, point.lat)
    assert not swapped(point.lat, point.lon)
