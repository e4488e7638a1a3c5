"""Stations on a map: what a pin says is what the answer in chat would say."""

from datetime import datetime

import pytest

import knowledge
from knowledge import Knowledge
from knowledge.geo import Point, distance
from knowledge.hours import SHANGHAI

NOON, NIGHT = datetime(2026, 11, 30, 12, tzinfo=SHANGHAI), datetime(2026, 11, 30, 3, tzinfo=SHANGHAI)
SHENYANG = Point(41.80, 123.43)


@pytest.fixture(scope="module")
def known() -> Knowledge:
    return knowledge.shipped()


def test_pins_are_the_stations_around_with_what_they_offer_and_the_way(known: Knowledge) -> None:
    pins = known.shown.pins(SHENYANG, NOON)
    assert pins
    assert all(distance(SHENYANG, Point(pin["lat"], pin["lon"])) <= 30_000 for pin in pins)
    assert all(pin["way"].startswith("https://uri.amap.com/") for pin in pins)
    assert all("示例" in pin["note"] for pin in pins)
    labels = {f"{service.icon} {service.label}" for service in known.vocabulary.services.values()}
    assert {label for pin in pins for label in pin["services"]} <= labels


def test_a_pin_says_until_when_or_that_nobody_is_there(known: Knowledge) -> None:
    noon, night = ({pin["name"]: pin for pin in known.shown.pins(SHENYANG, at)} for at in (NOON, NIGHT))
    assert sum(pin["open"] for pin in noon.values()) > sum(pin["open"] for pin in night.values()) > 0
    for pin in night.values():
        assert (pin["hours"] == "现在没开") is not pin["open"]


def test_nothing_stands_where_no_station_is(known: Knowledge) -> None:
    assert known.shown.pins(Point(0.0, 0.0), NOON) == []
