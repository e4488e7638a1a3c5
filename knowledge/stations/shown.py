"""Stations as people see them in chat: three lines each, the way there, and the filters one tap away.

The position people ask from stands in the buttons under their own message, rounded to 11 metres, and nowhere
else: nothing of it is kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Any

from bot.messaging.callbacks import FilterStations, ReportStation, ShowStation, button
from bot.messaging.reply import Link, Place, Row, Say, rows_of
from knowledge import maplinks
from knowledge.geo import Point
from knowledge.hours import SHANGHAI
from knowledge.regions import Region
from knowledge.stations.index import NearStation, Stations
from knowledge.stations.station import Station
from knowledge.stations.vocabulary import Vocabulary
from knowledge.texts import DEFAULT, Texts

SHOWN = 3  # stations in one answer
PINS = 200  # stations on a map
CITY = 4  # digits of the code of a city
FARTHEST = 30_000.0  # metres; farther than anybody rides for a rest
KINDS = ("driver", "merchant", "women")  # kinds offered as filters
FILTERS = ("phone", "heat", "toilet", "medicine", "parking")  # services offered as filters
DAY_AND_NIGHT = "24"  # a filter, too
SHORT = {"phone": "p", "heat": "h", "toilet": "t", "medicine": "m", "parking": "k"}  # a button's data has 64 bytes
LONG = {short: name for name, short in SHORT.items()}
KIND = "="  # before a kind among the filters


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody is looking for, as the data of a button carries it: `=driver.p.24:41.7937,123.3968:210106`.

    region: a GB/T 2260 prefix, of a place that was typed; distances are said from a position only.
    """

    point: Point
    filters: frozenset[str] = frozenset()
    region: str = ""
    kinds: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return ":".join(self.parts)

    @property
    def parts(self) -> tuple[str, str, str]:
        """Filters, place and region."""
        filters = (
            *(KIND + kind for kind in sorted(self.kinds)),
            *(SHORT.get(each, each) for each in sorted(self.filters)),
        )
        return ".".join(filters), f"{self.point.lat:.4f},{self.point.lon:.4f}", self.region

    @classmethod
    def read(cls, filters: str, place: str, region: str) -> "Wish":
        """Raises ValueError for data that is no wish."""
        lat, lon = place.split(",")
        given = [each for each in filters.split(".") if each]
        kinds = frozenset(each.removeprefix(KIND) for each in given if each.startswith(KIND))
        wanted = frozenset(LONG.get(each, each) for each in given if not each.startswith(KIND))
        return cls(Point(float(lat), float(lon)), wanted, region, kinds)

    def toggled(self, name: str) -> "Wish":
        return replace(self, filters=self.filters ^ {name})

    def toggled_kind(self, kind: str) -> "Wish":
        return replace(self, kinds=self.kinds ^ {kind})

    @property
    def services(self) -> frozenset[str]:
        return self.filters - {DAY_AND_NIGHT}


class Shown:
    """Makes the replies about stations of one snapshot."""

    def __init__(self, stations: Stations, vocabulary: Vocabulary, texts: Texts, regions: Mapping[str, Region]) -> None:
        self._stations, self._vocabulary, self._texts, self._regions = stations, vocabulary, texts, regions

    def around(self, wish: Wish, at: datetime, language: str) -> tuple[Say, Station | None]:
        """The stations nearest to a point that are open now; else the next to open, and those that never close.

        Returns the reply and the first station of it.
        """
        found = self._open(wish, at)
        state = "open" if found else "none_open"
        if not found:
            found = self._later(wish, at)
        if not found and len(wish.region) > CITY:
            wider, first = self.around(replace(wish, region=wish.region[:CITY]), at, language)
            if first:
                wider["text"] = f"{self._head('none', wish, language)}\n\n{wider['text']}"
            return wider, first
        head = self._head(state if found else "none", wish, language)
        lines = [self._line(number, near, wish, at, language) for number, near in enumerate(found, 1)]
        text = "\n\n".join((head, *lines))
        ways = [self._way(number, near.station, language) for number, near in enumerate(found, 1)]
        reply = Say(do="say", text=text, choices=[*ways, *self._filters(wish, language)])
        return reply, found[0].station if found else None

    def one(self, station: Station, language: str) -> Place:
        """One station as a pin with ways to it, and a way to say that something is wrong."""
        say = self._texts.say
        city = self._regions.get(station.region[:4])
        links = (
            ("amap", maplinks.amap(station.point, station.name)),
            ("baidu", maplinks.baidu(station.point, station.name, city.name if city else "")),
            ("tencent", maplinks.tencent(station.point, station.name)),
        )
        ways = [Link(label=say(language, f"station.{name}"), url=url) for name, url in links]
        reports = [
            button(say(language, f"station.report_{what}"), ReportStation(what, station.id))
            for what in ("closed", "wrong")
        ]
        address = station.address or station.name
        if station.sample:
            address = f"{address}（{say(language, 'station.sample')}）"
        return {
            "do": "place",
            "lat": station.point.lat,
            "lon": station.point.lon,
            "name": station.name,
            "address": address,
            "choices": [ways[:1], ways[1:], reports],
        }

    def pins(self, point: Point, at: datetime, language: str = DEFAULT) -> list[dict[str, Any]]:
        """The stations nearest to a point, for a map: where, until when, what is there, and the way."""
        near = self._stations.nearest(point, limit=PINS, within=FARTHEST)
        open_now = {each.station.id: each for each in self._stations.nearest(point, at=at, limit=PINS, within=FARTHEST)}
        return [self._pin(each.station, open_now.get(each.station.id), at, language) for each in near]

    def _pin(self, station: Station, open_now: NearStation | None, at: datetime, language: str) -> dict[str, Any]:
        closed = self._texts.say(language, "station.closed_now")
        return {
            "name": station.name,
            "lat": station.point.lat,
            "lon": station.point.lon,
            "open": open_now is not None,
            "hours": self._opening(open_now, at, language) if open_now else closed,
            "services": self._labels(station.services, language),
            "address": station.address,
            "note": self._texts.say(language, "station.sample") if station.sample else "",
            "way": maplinks.amap(station.point, station.name),
        }

    def _head(self, state: str, wish: Wish, language: str) -> str:
        """What follows: of which kinds, and where; a place that was typed is named."""
        kinds = [
            self._vocabulary.kinds[each].named(language)
            for each in sorted(wish.kinds)
            if each in self._vocabulary.kinds
        ]
        what = self._texts.say(language, "station.and").join(kinds) or self._texts.say(language, "station.any")
        values = {"what": what, "km": round(FARTHEST / 1000)}
        region = self._regions.get(wish.region)
        if region is not None:
            return self._texts.say(language, f"station.{state}_in", place=region.name, **values)
        return self._texts.say(language, f"station.{state}", **values)

    def _open(self, wish: Wish, at: datetime) -> tuple[NearStation, ...]:
        search = {**self._search(wish), "limit": SHOWN}
        if DAY_AND_NIGHT in wish.filters:
            return self._stations.always_open(wish.point, **search)
        return self._stations.nearest(wish.point, at=at, **search)

    def _later(self, wish: Wish, at: datetime) -> tuple[NearStation, ...]:
        search = self._search(wish)
        soon = self._stations.next_to_open(wish.point, at, limit=SHOWN - 1, **search)
        return (*soon, *self._stations.always_open(wish.point, limit=1, **search))

    @staticmethod
    def _search(wish: Wish) -> dict[str, Any]:
        return {"services": wish.services, "kinds": wish.kinds, "region": wish.region, "within": FARTHEST}

    def _line(self, number: int, near: NearStation, wish: Wish, at: datetime, language: str) -> str:
        station, say = near.station, self._texts.say
        head = say(
            language,
            "station.head_in" if wish.region in self._regions else "station.head",
            number=number,
            name=station.name,
            distance=self.distance(near.metres, language),
            wind=self._texts.say(language, "station.winds").split()[near.sector],
            open=self._opening(near, at, language),
        )
        parts = [head]
        if station.services:
            parts.append(escape("　".join(self._labels(station.services, language)), quote=False))
        if station.address:
            parts.append(escape(station.address, quote=False))
        if offer := station.offer_on(at.astimezone(SHANGHAI).date()):
            parts.append(say(language, "station.offer", offer=offer))
        if station.checked:
            parts.append(say(language, "station.checked", date=station.checked_text))
        if station.doubtful:
            parts.append(say(language, "station.doubtful"))
        if station.sample:
            parts.append(say(language, "station.sample"))
        return "\n".join(parts)

    def _opening(self, near: NearStation, at: datetime, language: str) -> str:
        if near.opens_at is not None:
            return self._texts.say(language, "station.opens", time=self.moment(near.opens_at, at, language))
        if near.closes_at is not None:
            return self._texts.say(language, "station.until", time=self.moment(near.closes_at, at, language))
        return self._texts.say(language, "station.always")

    def _labels(self, services: Iterable[str], language: str) -> list[str]:
        """Each with its sign before it; the page makes them out by that."""
        return [
            f"{service.icon} {service.named(language)}"
            for code, service in self._vocabulary.services.items()
            if code in services
        ]

    def _way(self, number: int, station: Station, language: str) -> Row:
        say = self._texts.say
        return (
            Link(label=say(language, "station.go", number=number), url=maplinks.amap(station.point, station.name)),
            button(say(language, "station.more", number=number), ShowStation(station.id)),
        )

    def _filters(self, wish: Wish, language: str) -> list[Row]:
        labels = {DAY_AND_NIGHT: self._texts.say(language, "station.day_and_night")}
        labels |= {
            code: self._vocabulary.services[code].on_button(language)
            for code in FILTERS
            if code in self._vocabulary.services
        }
        buttons = [
            button(f"✓ {label}" if name in wish.filters else label, FilterStations(*wish.toggled(name).parts))
            for name, label in labels.items()
        ]
        kinds = [
            button(
                f"✓ {kind.named(language)}" if code in wish.kinds else kind.named(language),
                FilterStations(*wish.toggled_kind(code).parts),
            )
            for code, kind in self._vocabulary.kinds.items()
            if code in wish.kinds or code in KINDS
        ]
        return [*rows_of(buttons, 3), *([kinds[:3]] if kinds else [])]

    def distance(self, metres: float, language: str) -> str:
        """A distance as people say it: 350 米, 1.2 公里."""
        if metres < 1000:
            return self._texts.say(language, "station.metres", n=f"{max(round(metres, -1), 10):.0f}")
        return self._texts.say(language, "station.kilometres", n=f"{metres / 1000:.1f}")

    def moment(self, when: datetime, now: datetime, language: str) -> str:
        """The same of a language as the function says in Chinese."""
        return moment(when, now, self._texts.say(language, "station.tomorrow"))


def moment(when: datetime, now: datetime, tomorrow: str = "明天") -> str:
    """A time of day, with 明天 or the date when it is not today; China time."""
    local, today = when.astimezone(SHANGHAI), now.astimezone(SHANGHAI).date()
    days = (local.date() - today).days
    prefix = "" if days == 0 else f"{tomorrow} " if days == 1 else f"{local:%m-%d} "
    return f"{prefix}{local:%H:%M}"
