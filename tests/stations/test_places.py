"""Places people type, and the districts points lie in."""

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import places, regions
from knowledge.geo import Point, in_china
from knowledge.places import Places


@pytest.fixture(scope="module")
def country() -> Places:
    return places.load()


def full(country: Places, text: str, *, near: Point | None = None, region: str = "") -> list[str]:
    return [place.full for place in country.find(text, near=near, region=region)]


ONE = {
    "沈阳铁西": "辽宁省沈阳市铁西区",
    "沈阳铁西区哪里可以充电": "辽宁省沈阳市铁西区",
    "我在鞍山铁西": "辽宁省鞍山市铁西区",
    "太原街": "辽宁省沈阳市和平区太原街街道",
    "沈阳太原街": "辽宁省沈阳市和平区太原街街道",
    "辽宁省沈阳市和平区太原街街道": "辽宁省沈阳市和平区太原街街道",
    "Shenyang Taiyuan Street": "辽宁省沈阳市和平区太原街街道",
    "成都春熙路附近": "四川省成都市锦江区春熙路街道",
    "Chengdu Wuhou District": "四川省成都市武侯区",
    "shenyangtiexi": "辽宁省沈阳市铁西区",
    "shen yang shi he ping qu": "辽宁省沈阳市和平区",
    "我在大连甘井子附近": "辽宁省大连市甘井子区",
    "双流": "四川省成都市双流区",
    "郫县": "四川省成都市郫都区",
    "浑南新区奥体": "辽宁省沈阳市浑南区",
    "阜新太平区": "辽宁省阜新市太平区",
    "阜蒙县": "辽宁省阜新市阜新蒙古族自治县",
    "新宾": "辽宁省抚顺市新宾满族自治县",
    "抚顺": "辽宁省抚顺市",
    "抚顺县": "辽宁省抚顺市抚顺县",
    "北京": "北京市",
    "北京朝阳": "北京市朝阳区",
    "东莞": "广东省东莞市",
    "内蒙古": "内蒙古自治区",
    "香港": "香港特别行政区",
    "济南历下": "山东省济南市历下区",
    "沈阳铁西广场": "辽宁省沈阳市",
    "ＳＨＥＮＹＡＮＧ": "辽宁省沈阳市",
    "瀋陽鐵西區": "辽宁省沈阳市铁西区",
    "呂梁市": "山西省吕梁市",
    "沈\u200b阳铁西\u2060区": "辽宁省沈阳市铁西区",
    "⻓春市": "吉林省长春市",
    "⻄安市": "陕西省西安市",
    "沈阳铁⻄区": "辽宁省沈阳市铁西区",
    "沈阳铁西區": "辽宁省沈阳市铁西区",
}
SEVERAL = {
    "铁西区": ["辽宁省沈阳市铁西区", "辽宁省鞍山市铁西区", "吉林省四平市铁西区"],
    "tiexi": ["辽宁省沈阳市铁西区", "辽宁省鞍山市铁西区", "吉林省四平市铁西区"],
    "和平区": ["天津市和平区", "辽宁省沈阳市和平区"],
    "朝阳": ["北京市朝阳区", "辽宁省朝阳市", "吉林省长春市朝阳区"],
    "吉林": ["吉林省", "吉林省吉林市"],
}


@pytest.mark.parametrize(("text", "place"), ONE.items())
def test_a_place_described_well_enough_is_one(text: str, place: str, country: Places) -> None:
    assert full(country, text) == [place]


@pytest.mark.parametrize(("text", "candidates"), SEVERAL.items())
def test_a_name_of_several_places_is_never_guessed(text: str, candidates: list[str], country: Places) -> None:
    assert full(country, text) == candidates


@pytest.mark.parametrize(
    "text",
    [
        "附近有厕所吗",
        "",
        "高新区",
        "建设",
        "北京街",
        "铁西广场",
        "郊区",
        "hello there",
        "在吗",
        "12345",
        "\x00",
        "\ud800",
    ],
)
def test_what_names_no_place_finds_none(text: str, country: Places) -> None:
    assert country.find(text) == ()


def test_the_worker_s_own_city_decides_between_equals(country: Places) -> None:
    assert full(country, "铁西区", region="2101") == ["辽宁省沈阳市铁西区"]
    assert full(country, "铁西区", region="2103") == ["辽宁省鞍山市铁西区"]
    assert full(country, "铁西区", region="2102") == ["辽宁省沈阳市铁西区", "辽宁省鞍山市铁西区"]
    assert len(full(country, "铁西区", region="5101")) == 3
    assert full(country, "鞍山铁西区", region="2101") == ["辽宁省鞍山市铁西区"]


def test_the_nearest_comes_first_when_the_position_is_known(country: Places) -> None:
    assert full(country, "铁西区", near=Point(43.16, 124.35))[0] == "吉林省四平市铁西区"


def test_no_division_is_a_point_to_rank_from(country: Places) -> None:
    found = [place for text in ("沈阳", "太原街", "铁西区") for place in country.find(text)]
    assert not any(place.exact for place in found)
    assert [place.level for place in found[:3]] == ["city", "street", "district"]


def test_a_street_stands_where_its_district_does(country: Places) -> None:
    (street,), district = country.find("太原街"), country.get("210102")
    assert district
    assert (street.point, street.radius, street.within) == (
        district.point,
        district.radius,
        ("辽宁省", "沈阳市", "和平区"),
    )


@settings(deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="沈阳铁西和平区市大连路街 shenyagtixqu", max_size=60))
def test_any_text_is_answered(text: str) -> None:
    for place in COUNTRY.find(text, region="2101"):
        assert COUNTRY.get(place.code) == place


COUNTRY = places.load()


def test_every_region_is_a_place(country: Places) -> None:
    for code, region in regions.load().items():
        place = country.get(code)
        assert place
        assert place.name == region.name
        assert in_china(place.point.lat, place.point.lon)


@pytest.mark.parametrize(
    ("lat", "lon", "district"),
    [
        (41.7967, 123.4291, "210103"),  # Shenyang's old palace
        (41.7937, 123.3968, "210102"),  # its main station
        (30.6636, 104.0526, "510105"),  # Kuanzhai alley, Chengdu
        (30.5702, 103.9471, "510116"),  # Shuangliu airport
        (39.9087, 116.3975, "110101"),  # Tiananmen
        (22.2793, 114.1628, "81"),
        (38.8686, 121.6800, "210202"),  # Dalian, a beach
        (0.0, 0.0, ""),
        (35.68, 139.69, ""),
    ],
)
def test_a_point_lies_in_its_district(lat: float, lon: float, district: str, country: Places) -> None:
    found = country.district_of(Point(lat, lon))
    assert (found.code if found else "") == district


def test_seats_lie_in_their_own_district(country: Places) -> None:
    """The seats were chosen inside the full outlines; the simplified ones have to agree."""
    with (places.gazetteer.FILE).open(encoding="utf-8", newline="") as file:
        codes = [row["code"] for row in csv.DictReader(file) if len(row["code"]) == 6 and row["lat"]]
    elsewhere = []
    for code in codes:
        place = country.get(code)
        assert place
        found = country.district_of(place.point)
        if not found or found.code != code:
            elsewhere.append(code)
    assert len(codes) > 2800
    assert len(elsewhere) <= 3


def test_a_pier_belongs_to_the_coast_beside_it_and_the_open_sea_to_nobody(country: Places) -> None:
    coast = next(
        lat / 1000 for lat in range(38_900, 38_700, -1) if not country.district_of(Point(lat / 1000 - 0.025, 121.68))
    )
    inside = country.district_of(Point(coast + 0.05, 121.68))
    assert inside
    assert country.district_of(Point(coast, 121.68)) == inside
    assert country.district_of(Point(38.0, 120.0)) is None


def test_the_data_is_small() -> None:
    folder = places.gazetteer.FILE.parent
    assert (folder / "places.csv").stat().st_size < 400_000
    assert (folder / "outlines.npz").stat().st_size < 1_000_000
