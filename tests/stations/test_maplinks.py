"""Links that open a map app: the right datum, the right order, names that break nothing."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.geo import Point, distance, to_wgs
from knowledge.maplinks import amap, apple, baidu, tencent

SAMPLE = Point(39.990475, 116.481499)  # Amap publishes 116.487585177952,39.991754014757; the formula is 4 cm off.
NAME = "铁西区 示例/驿站,3|甲;乙&丙"


def test_amap_gets_its_own_datum_longitude_first() -> None:
    assert amap(SAMPLE, "驿站").startswith(
        "https://uri.amap.com/navigation?to=116.487586,39.991754,%E9%A9%BF%E7%AB%99&"
    )
    assert parse_qs(urlsplit(amap(SAMPLE, "驿站")).query)["coordinate"] == ["gaode"]


def test_tencent_gets_the_same_datum_latitude_first() -> None:
    query = parse_qs(urlsplit(tencent(SAMPLE, NAME)).query)
    assert query["tocoord"] == ["39.991754,116.487586"]
    assert query["to"] == [NAME]
    assert query["type"] == ["bike"]


def test_apple_gets_the_same_datum_latitude_first() -> None:
    query = parse_qs(urlsplit(apple(SAMPLE, NAME)).query)
    assert query["daddr"] == ["39.991754,116.487586"]
    assert query["q"] == [NAME]


def test_baidu_gets_its_own_datum_latitude_first() -> None:
    query = parse_qs(urlsplit(baidu(SAMPLE, NAME, "北京市")).query)
    match = re.fullmatch(r"latlng:([\d.]+),([\d.]+)\|name:(.*)", query["destination"][0])
    assert match
    assert distance(to_wgs(float(match[1]), float(match[2]), "bd09"), SAMPLE) < 0.2
    assert match[3] == NAME
    assert query["region"] == ["北京市"]
    assert query["coord_type"] == ["bd09ll"]


@pytest.mark.parametrize(
    "link", [amap(SAMPLE, NAME), tencent(SAMPLE, NAME), apple(SAMPLE, NAME), baidu(SAMPLE, NAME, "沈阳")]
)
def test_a_name_is_encoded_to_the_last_sign(link: str) -> None:
    assert link.isascii()
    assert not set(link) & set(" |;\"<>'")
    assert link.startswith("https://")
    assert "%2F" in link


def test_a_name_cannot_add_a_field() -> None:
    to = parse_qs(urlsplit(amap(SAMPLE, "甲&mode=car#")).query)
    assert to["mode"] == ["ride"]
    assert to["to"][0].endswith(",甲&mode=car#")


@given(name=st.text(max_size=40))
def test_any_name_makes_a_link(name: str) -> None:
    for link in (amap(SAMPLE, name), tencent(SAMPLE, name), apple(SAMPLE, name), baidu(SAMPLE, name, name)):
        assert re.fullmatch(r"https://[!-~]+", link)


def test_the_way_of_travel_is_said_in_the_map_s_own_word() -> None:
    assert "&mode=car&" in amap(SAMPLE, "", "drive")
    assert "&mode=walking&" in baidu(SAMPLE, "", "", "walk")
    assert "type=drive&" in tencent(SAMPLE, "", "drive")
    assert apple(SAMPLE, "", "drive").endswith("&dirflg=d")
