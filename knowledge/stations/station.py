"""A station: a place where workers may rest, drink, charge or wash, and what is known about it."""

import re
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from knowledge.geo import Datum, Point
from knowledge.hours import Hours

_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,24}")  # short enough for a button's callback data


@dataclass(frozen=True, slots=True)
class Station:
    """A station as an operator listed it.  Codes of kinds and services are those of kinds.toml and services.toml."""

    id: str  # the same in every import, see `station_id`
    name: str
    kind: str
    point: Point  # WGS-84
    datum: Datum = "wgs84"  # of the file it came from
    address: str = ""
    region: str = ""  # GB/T 2260 code of the district the point lies in
    services: frozenset[str] = frozenset()
    hours: Hours | None = None  # None: nobody wrote them down, so it never counts as open
    phone: str = ""
    checked: date | None = None  # when somebody last made sure of all this
    checked_month: bool = False  # nobody wrote the day down: `checked` is the first of its month
    closed: bool = False  # for the time being, whatever the hours say
    doubtful: bool = False  # two workers said that something here is wrong, and nobody has looked yet
    sample: bool = False  # made up for the demo, and said to be so wherever it is shown
    photo: str = ""  # file or link
    offer: str = ""  # what a friendly merchant gives
    offer_from: date | None = None
    offer_until: date | None = None  # the last day

    @property
    def checked_text(self) -> str:
        """As precise as it was written: 2024-11-05, or 2024-11; "" for never."""
        return "" if self.checked is None else f"{self.checked:%Y-%m}" if self.checked_month else f"{self.checked}"

    def offer_on(self, day: date) -> str:
        """The offer as it holds on a day in China, "" before it begins and from the midnight after its last day."""
        begun = self.offer_from is None or self.offer_from <= day
        ended = self.offer_until is not None and self.offer_until < day
        return self.offer if begun and not ended else ""


def station_id(given: str, name: str, point: Point) -> str:
    """The operator's own id when there is one, else one from the name and the place, rounded to 11 metres.

    Ids that no button can carry (long, or Chinese) become a hash of themselves, so they stay the same too.
    """
    if _PLAIN_ID.fullmatch(given):
        return given
    text = given or f"{''.join(name.split())}|{point.lat:.4f},{point.lon:.4f}"
    return "s" + sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
