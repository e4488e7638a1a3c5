"""Stations found by position, by hours, by services and by name."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import places
from knowledge.geo import Point, bearing, distance, wind
from knowledge.hours import SHANGHAI, read
from knowledge.places import Places
from knowledge.stations import NearStation, Station, Stations, Vocabulary, cells, station_id, vocabulary
from knowledge.stations.read import sample

HERE = Point(41.80, 123.40)
NOON, NIGHT = (datetime(2026, 3, 10, hour, tzinfo=SHANGHAI) for hour in (12, 3))  # a Tuesday
DAY, OFFICE, LATE, ALWAYS = map(read, ("08:00-20:00", "Mo-Fr 09:00-17:00", "18:00-02:00", "24/7"))


@pytest.fixture(scope="module")
def country() -> Places:
    return places.load()


@pytest.fixture(scope="module")
def words() -> Vocabulary:
    return vocabulary.load()


def station(id: str, north: float = 0.0, **fields: object) -> Station:  # noqa: A002
    """A station so many metres north of HERE, open by day."""
    made = Station(id, f"示例驿站{id}", "love", Point(HERE.lat + north / 111_195, HERE.lon), hours=DAY, region="210106")
    return replace(made, **fields)  # type: ignore[arg-type]


def ids(found: tuple[NearStation, ...]) -> list[str]:
    return [near.station.id for near in found]


SERVICES = ("water", "toilet", "shower")
NEARBY = st.builds(Point, st.floats(41.0, 42.5), st.floats(122.5, 124.0)) | st.sampled_from([HERE, Point(41.8, 123.5)])
ANYWHERE = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180)) | st.sampled_from(
    [Point(0, 180), Point(0, -180), Point(90, 0), Point(-90, 7), Point(0, 0), Point(41.8, -179.99)]
)
SOME = st.lists(
    st.tuples(
        NEARBY | ANYWHERE,
        st.frozensets(st.sampled_from(SERVICES)),
        st.sampled_from(["love", "driver"]),
        st.sampled_from([DAY, OFFICE, LATE, ALWAYS, None]),
        st.sampled_from(["210106", "210902", "510104", ""]),
        st.booleans(),
    ),
    max_size=60,
).map(
    lambda rows: tuple(
        Station(str(number), "示例", kind, point, services=services, hours=hours, region=region, closed=closed)
        for number, (point, services, kind, hours, region, closed) in enumerate(rows)
    )
)


def test_the_nearest_may_lie_beyond_the_meridian_where_the_world_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "FEW", 0)
    places = [Point(41.8, 123.4), Point(0, -180), Point(41.0, 123.0), Point(0, -180)]
    stations = [Station(str(number), "示例", "love", point) for number, point in enumerate(places)]
    for east in (180.0, 179.9999):
        (near,) = Stations(stations).nearest(Point(0, east), limit=1)
        assert near.metres < 20


@settings(max_examples=200, deadline=None)
@given(
    stations=SOME,
    point=NEARBY | ANYWHERE,
    at=st.sampled_from([None, NOON, NIGHT]),
    services=st.frozensets(st.sampled_from((*SERVICES, "sauna")), max_size=2),
    kinds=st.frozensets(st.sampled_from(["love", "driver"]), max_size=1),
    region=st.sampled_from(["", "21", "2109", "510104", "99"]),
    limit=st.integers(0, 7),
    within=st.sampled_from([inf, 5_000.0, 200_000.0]),
    few=st.sampled_from([0, cells.FEW]),
)
def test_nearest_is_what_looking_at_all_of_them_finds(
    stations: tuple[Station, ...],
    point: Point,
    at: datetime | None,
    services: frozenset[str],
    kinds: frozenset[str],
    region: str,
    limit: int,
    within: float,
    few: int,
) -> None:
    passing = [
        each
        for each in stations
        if services <= each.services
        and (not kinds or each.kind in kinds)
        and each.region.startswith(region)
        and (at is None or (each.hours is not None and not each.closed and each.hours.open_at(at)))
        and distance(point, each.point) <= within
    ]
    expected = sorted(distance(point, each.point) for each in passing)[:limit]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "FEW", few)  # 0: the search through the squares is taken for few stations too.
        found = Stations(stations).nearest(
            point, at=at, services=services, kinds=kinds, region=region, limit=limit, within=within
        )
    assert [near.metres for near in found] == pytest.approx(expected, abs=0.02)
    assert all(near.station in passing for near in found)
    assert len({near.station.id for near in found}) == len(found)


@pytest.mark.parametrize("count", [2_000, 30_000])
def test_nearest_is_exact_among_many_in_cities_and_between_them(count: int) -> None:
    chance = np.random.default_rng(count)
    middles = np.column_stack([chance.uniform(22, 50, 12), chance.uniform(80, 130, 12)])
    spots = middles[chance.integers(0, 12, count)] + chance.normal(0, 0.1, (count, 2))
    spots[:50] = spots[50]  # many at one place
    stations = Stations(
        Station(str(number), "示例", "love", Point(lat, lon)) for number, (lat, lon) in enumerate(spots.tolist())
    )
    a, b = np.radians(spots[:, 0]), np.radians(spots[:, 1])
    vectors = np.column_stack((np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)))
    for lat, lon in [*spots[45:55].tolist(), *chance.uniform((20, 75), (53, 135), (60, 2)).tolist()]:
        apart = vectors - vectors_of(lat, lon)
        chords = np.einsum("ij,ij->i", apart, apart)
        expected = np.lexsort((np.arange(count), chords))[:5].tolist()
        assert ids(stations.nearest(Point(lat, lon), limit=5)) == [str(number) for number in expected]


def vectors_of(lat: float, lon: float) -> tuple[float, float, float]:
    a, b = np.radians(lat), np.radians(lon)
    return float(np.cos(a) * np.cos(b)), float(np.cos(a) * np.sin(b)), float(np.sin(a))


def test_a_result_says_how_far_in_which_direction_and_until_when() -> None:
    (near,) = Stations([station("a", north=1500)]).nearest(HERE, at=NOON)
    assert near.metres == pytest.approx(1500, abs=1)
    assert near.wind == "北" == wind(bearing(HERE, near.station.point))
    assert near.open
    assert near.closes_at == NOON.replace(hour=20)


def test_without_a_moment_nothing_is_said_about_being_open() -> None:
    found = Stations([station("closed", closed=True), station("unknown", 10, hours=None)]).nearest(HERE)
    assert [(near.station.id, near.open, near.closes_at) for near in found] == [
        ("closed", None, None),
        ("unknown", None, None),
    ]


def test_the_closing_time_is_right_again_on_the_next_day_and_after_it_has_passed() -> None:
    stations = Stations([station("a")])
    for moment in (NOON, NOON + timedelta(days=1), NOON - timedelta(days=3), NOON):
        assert stations.nearest(HERE, at=moment)[0].closes_at == moment.replace(hour=20)
    assert stations.nearest(HERE, at=NOON.replace(hour=20)) == ()


def test_open_follows_the_minute() -> None:
    stations = Stations([station("late", hours=LATE), station("always", 100, hours=ALWAYS)])
    assert ids(stations.nearest(HERE, at=NOON.replace(hour=17, minute=59))) == ["always"]
    assert ids(stations.nearest(HERE, at=NOON.replace(hour=18))) == ["late", "always"]
    assert ids(stations.nearest(HERE, at=NIGHT.replace(hour=1, minute=59))) == ["late", "always"]
    assert ids(stations.nearest(HERE, at=NIGHT.replace(hour=2))) == ["always"]


def test_what_is_closed_for_now_never_appears_as_open() -> None:
    stations = Stations([station("shut", hours=ALWAYS, closed=True), station("open", 500)])
    assert ids(stations.nearest(HERE, at=NOON)) == ["open"]
    assert stations.always_open(HERE) == ()
    assert ids(stations.next_to_open(HERE, NIGHT)) == ["open"]


def test_when_none_is_open_the_one_to_be_inside_of_first_is_named() -> None:
    stations = Stations(
        [
            station("soon", 3_000, hours=read("04:00-20:00")),
            station("near", 100, hours=read("06:00-20:00")),
            station("too far", 90_000, hours=read("03:30-20:00")),
            station("never", 10, hours=read("off")),
            station("unknown", 20, hours=None),
            station("open", 50, hours=ALWAYS),
        ]
    )
    found = stations.next_to_open(HERE, NIGHT)
    assert ids(found) == ["soon", "near", "too far"]
    assert [near.opens_at for near in found[:2]] == [NIGHT.replace(hour=4), NIGHT.replace(hour=6)]
    assert not any(near.open for near in found)


def test_round_the_clock_stations_are_found_apart() -> None:
    stations = Stations(
        [station("day"), station("always", 900, hours=ALWAYS), station("holidays", 50, hours=read("24/7; PH off"))]
    )
    (near,) = stations.always_open(HERE)
    assert (near.station.id, near.open, near.closes_at) == ("always", True, None)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        Stations([station("a")]).nearest(HERE, at=NOON.replace(tzinfo=None))


def test_two_stations_with_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="same id"):
        Stations([station("a"), station("a", 10)])


def test_an_empty_index_finds_nothing() -> None:
    stations = Stations(())
    assert (len(stations), stations.nearest(HERE, at=NOON), stations.named("太原街"), stations.middle("")) == (
        0,
        (),
        (),
        None,
    )


def test_the_index_gives_back_what_it_was_made_of() -> None:
    all_of_them = (station("a"), station("b", 10))
    stations = Stations(all_of_them)
    assert tuple(stations) == all_of_them
    assert stations.get("b") == all_of_them[1]
    assert stations.get("c") is None


def test_many_filters_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.stations.index.KEPT", 100)
    stations = Stations(station(str(number), number) for number in range(20))
    for number in range(100):
        assert len(stations.nearest(HERE, kinds=frozenset({"love", str(number)}), limit=2)) == 2
    assert len(stations._lines) == 1


def test_the_middle_of_a_region_is_where_its_stations_are() -> None:
    stations = Stations([station("a"), station("b", 1000), station("c", 90_000), station("d", 5000, region="510104")])
    middle = stations.middle("2101")
    assert middle
    assert distance(middle, stations_point(stations, "b")) < 1


def stations_point(stations: Stations, id: str) -> Point:  # noqa: A002
    found = stations.get(id)
    assert found
    return found.point


NAMED = [
    station("1", name="太原街示例驿站", address="沈阳市和平区太原北街 8 号"),
    station("2", name="示例驿站二", address="沈阳市铁西区建设路 1 号（铁西广场地铁站 A 口）"),
    station("3", name="示例驿站三", address="鞍山市铁西区建设路 5 号", region="210303"),
    station("4", name="沈阳站示例驿站", address="沈阳市和平区胜利大街"),
    station("5", name="ＡＢＣ 商场示例驿站", address=""),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("太原街", ["1"]),
        ("太原街附近的驿站有吗", ["1"]),
        ("沈阳太原街", ["1"]),
        ("我在铁西广场", ["2"]),
        ("太原街地铁站旁边", ["1"]),
        ("建设路", ["2", "3"]),
        ("鞍山建设路", ["3"]),
        ("沈阳铁西建设路", ["2"]),
        ("沈阳站", ["4"]),
        ("abc商场", ["5"]),
        ("示例驿站二", ["2"]),
        ("铁西区", []),
        ("沈阳铁西", []),
        ("附近有厕所吗", []),
        ("浑南奥体中心", []),
        ("", []),
        ("\n", []),
        ("\ud800", []),
    ],
)
def test_a_station_is_found_by_what_people_type(text: str, found: list[str], country: Places) -> None:
    assert [each.id for each in Stations(NAMED, country.divisions).named(text)] == found


def test_names_are_found_in_one_region_only_when_asked_to() -> None:
    assert [each.id for each in Stations(NAMED).named("建设路", region="2103")] == ["3"]


def test_a_word_that_most_stations_hold_does_not_say_where() -> None:
    stations = Stations(station(str(number), number, address="示例大街") for number in range(500))
    assert stations.named("示例大街") == ()


def test_an_id_is_the_operator_s_own_or_stays_the_same_with_name_and_place() -> None:
    assert station_id("SY-001", "甲", HERE) == "SY-001"
    made = station_id("", "铁西 驿站", HERE)
    assert made == station_id("", "铁西驿站", Point(HERE.lat + 0.00001, HERE.lon))
    assert made != station_id("", "铁西驿站", Point(HERE.lat + 0.001, HERE.lon))
    assert made != station_id("", "和平驿站", HERE)
    assert station_id("一号站点", "甲", HERE) == station_id("一号站点", "乙", Point(0, 0))
    assert len(station_id("很长" * 50, "甲", HERE).encode()) <= 24


def test_an_offer_holds_from_its_first_day_to_the_midnight_after_its_last() -> None:
    shop = station("a", offer="9 折", offer_from=date(2026, 3, 1), offer_until=date(2026, 3, 31))
    assert [shop.offer_on(date(2026, *day)) for day in ((2, 28), (3, 1), (3, 31), (4, 1))] == ["", "9 折", "9 折", ""]
    assert station("b", offer="9 折").offer_on(date(2040, 1, 1)) == "9 折"


def test_buttons_of_services_are_short_and_no_word_means_two_services(words: Vocabulary) -> None:
    assert all(1 <= len(service.button) <= 4 for service in words.services.values())
    for entries in (words.services.values(), words.kinds.values()):
        spoken = [
            word
            for entry in entries
            for word in {getattr(entry, "label", ""), getattr(entry, "name", ""), *entry.synonyms}
            if word
        ]
        assert len(spoken) == len(set(spoken))


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("附近有厕所吗", {"toilet"}),
        ("哪能热饭充电", {"heat", "phone"}),
        ("电动车充电", {"vehicle"}),
        ("想上厕所顺便给手机充电", {"toilet", "phone"}),
        ("货车停车的地方", {"truck"}),
        ("有wifi吗", {"reading"}),
        ("最近的驿站", set()),
    ],
)
def test_services_are_understood_in_workers_words(text: str, codes: set[str], words: Vocabulary) -> None:
    assert words.asked(text) == codes


def test_the_sample_is_marked_and_lies_in_the_three_cities(country: Places, words: Vocabulary) -> None:
    stations = sample(country, words)
    assert len(stations) == 40
    assert all(each.sample and "示例" in each.name and "示例" in each.address and not each.phone for each in stations)
    assert {each.region[:4] for each in stations} == {"2101", "2109", "5101"}
    assert {"210904", "210106"} <= {each.region for each in stations}
    assert {"driver", "merchant", "women", "love"} <= {each.kind for each in stations}
    index = Stations(stations, country.divisions)
    for city in (HERE, Point(42.02, 121.67), Point(30.66, 104.07)):
        assert index.nearest(city, at=NOON, within=20_000)
        assert index.always_open(city, within=40_000)
