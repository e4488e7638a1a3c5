"""What a client sends, turned into what we work with, or refused with every fault at once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.doors import numbers
from bot.errors import Rejected
from bot.services.hazards.hazards import HazardDraft
from bot.services.hazards.public import MOST, PublicFilter
from bot.store.models import now
from knowledge.geo import in_china
from knowledge.hazards import HazardKind, Hazards

LONGEST = 4_000  # characters of a description
SPAN = timedelta(days=90)
DEEPEST = 10_000  # requests that pages of one stretch of time reach: each page costs what all before it cost
ATTRIBUTE = re.compile(r"attribute\[([\w-]+)\](\[\])?")
Fields = Mapping[str, Sequence[str]]  # an argument that is empty is as good as absent


class Faulty(Exception):
    """The client's fault: an HTTP status, and what is wrong, in English for the people who write clients."""

    def __init__(self, status: int, *why: str, after: int | None = None) -> None:
        super().__init__(*why)
        self.status, self.why, self.after = status, why, after


def first(fields: Fields, name: str) -> str:
    return next((value.strip() for value in fields.get(name, ()) if value.strip()), "")


@dataclass
class _Faults:
    """Faults of one request, told together."""

    why: list[str] = field(default_factory=list)

    def add(self, why: str) -> None:
        self.why.append(why)

    def settle(self) -> None:
        if self.why:
            raise Faulty(400, *self.why)


def report(fields: Fields, known: Hazards, *, origin: str) -> HazardDraft:
    """A hazard as POST requests gives it.  Raises Faulty.

    Names, mail and device ids are not kept: a hazard is about a place.
    """
    code = first(fields, "service_code")
    if not code:
        raise Faulty(400, "service_code was not provided")
    kind = known.kinds.get(code)
    if kind is None:
        raise Faulty(404, f"service_code {code} was not found")
    faults = _Faults()
    point = _point(fields, faults)
    place = first(fields, "address_string")[:200]
    address_id = first(fields, "address_id")[:60]
    if point is None and not place and not address_id and not faults.why:
        faults.add("lat and long, address_string or address_id was not provided")
    text = first(fields, "description").replace("\r\n", "\n")
    if len(text) > LONGEST:
        faults.add(f"description is longer than {LONGEST} characters")
    details = _attributes(fields, kind, faults)
    faults.settle()
    if address_id:
        details["address_id"] = address_id
    return HazardDraft(kind.code, text or kind.label, place=place, point=point, details=details, origin=origin)


def _point(fields: Fields, faults: _Faults) -> tuple[float, float] | None:
    latitude, longitude = first(fields, "lat"), first(fields, "long")
    if not latitude and not longitude:
        return None
    if not latitude or not longitude:
        faults.add("lat and long go together")
        return None
    try:
        point = float(latitude), float(longitude)
    except ValueError:
        faults.add("lat and long are numbers")
        return None
    if not in_china(*point):
        faults.add("lat and long are not in China; send WGS-84, latitude in lat")
        return None
    return point


def _attributes(fields: Fields, kind: HazardKind, faults: _Faults) -> dict[str, Any]:
    given: dict[str, list[str]] = {}
    for name, values in fields.items():
        if match := ATTRIBUTE.fullmatch(name):
            given.setdefault(match[1], []).extend(value.strip() for value in values if value.strip())
    found: dict[str, Any] = {}
    for each in kind.attributes:
        values = given.get(each.code, [])
        if each.required and not values:
            faults.add(f"attribute[{each.code}] required")
        elif each.values and (unknown := [value for value in values if value not in each.values]):
            faults.add(f"attribute[{each.code}] is one of {', '.join(each.values)}, not {unknown[0][:40]}")
        elif values:
            found[each.code] = values[0][:200]
    return found


def wanted(fields: Fields, *, test: bool) -> PublicFilter:
    """Which hazards GET requests asks for.  Raises Faulty."""
    faults = _Faults()
    numbers = _listed(first(fields, "service_request_id"))
    status = set(_listed(first(fields, "status")))
    if status - {"open", "closed"}:
        faults.add("status is open, closed or both")
    since, until = span(fields, faults, SPAN)
    page, size = (_count(fields, name, faults, most) for name, most in (("page", 10_000), ("page_size", MOST)))
    if ((page or 1) - 1) * (size or MOST) >= DEEPEST:
        faults.add(f"page and page_size reach the first {DEEPEST} requests; for more, move end_date back")
    faults.settle()
    return PublicFilter(
        test=test,
        numbers=numbers[:MOST],
        kinds=_listed(first(fields, "service_code")),
        closed=None if len(status) != 1 else status == {"closed"},
        since=since,
        until=until,
        page=page or 1,
        page_size=size or MOST,
    )


def span(fields: Fields, faults: _Faults, longest: timedelta) -> tuple[datetime, datetime]:
    """The stretch of time asked for: what is missing is filled up to the longest one."""
    since, until = (_moment(fields, name, faults) for name in ("start_date", "end_date"))
    if since and until and until - since > longest:
        faults.add(f"start_date and end_date may not span more than {longest.days} days")
    until = until or (since + longest if since else now())
    return since or until - longest, until


def updates(fields: Fields) -> tuple[datetime, datetime]:
    """The stretch of time GET servicerequestupdates asks for.  Raises Faulty."""
    faults = _Faults()
    found = span(fields, faults, SPAN)
    faults.settle()
    return found


@dataclass(frozen=True, slots=True)
class HazardUpdate:
    """What POST servicerequestupdates says."""

    number: str
    id: str
    status: str  # in lower case
    text: str
    at: datetime


def news(fields: Fields, known: Sequence[str]) -> HazardUpdate:
    """Raises Faulty."""
    faults = _Faults()
    values = {name: first(fields, name) for name in ("service_request_id", "update_id", "status", "description")}
    for name, value in values.items():
        if not value:
            faults.add(f"{name} was not provided")
    status = values["status"].lower()
    if status and status not in known:
        faults.add(f"status is one of {', '.join(each.upper() for each in known)}")
    if not re.fullmatch(r"[\w-]{0,40}", values["update_id"]):
        faults.add("update_id has 1 to 40 letters, digits, _ and -")
    if len(values["description"]) > LONGEST:
        faults.add(f"description is longer than {LONGEST} characters")
    at = _moment(fields, "updated_datetime", faults)
    if at is None and not first(fields, "updated_datetime"):
        faults.add("updated_datetime was not provided")
    faults.settle()
    return HazardUpdate(values["service_request_id"], values["update_id"], status, values["description"], at or now())


def refused(why: Rejected, text: str) -> Faulty:
    """A report that is not for us, in the words the chat has for it."""
    return Faulty(400, f"{why.key}: {text}")


def _moment(fields: Fields, name: str, faults: _Faults) -> datetime | None:
    text = first(fields, name).replace(" ", "+")  # A plus that was not escaped.
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        faults.add(f"{name} is a moment with its zone, such as 2026-01-31T08:00:00Z")
        return None
    return at


def _count(fields: Fields, name: str, faults: _Faults, most: int) -> int | None:
    text = first(fields, name)
    if not text:
        return None
    count = numbers.whole(text, most=most)
    if not count:
        faults.add(f"{name} is a number from 1 to {most}")
        return None
    return count


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]
