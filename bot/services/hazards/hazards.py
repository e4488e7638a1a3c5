"""Hazards: reporting one, finding one's own and those nearby.  `moves` changes their state."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import cos, radians
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.calendar import time_limits
from bot.services.core import case_clock, timers
from bot.services.core.case_clock import CaseClock
from bot.services.core.context import ServiceContext
from bot.services.core.lifecycle import SYSTEM, Actor, Role
from bot.services.core.numbers import new_number
from bot.services.core.working_days import Limit, LimitUnit, china_date
from bot.services.hazards import dispatch_rules, followers, photos, transitions
from bot.services.hazards.deadlines import DEADLINES
from bot.services.hazards.states import CLOSED, DONE, OPEN, HazardMove, HazardState
from bot.services.identity import identities, redaction
from bot.services.staff import calls
from bot.store.models import Agency, Chat, Hazard, HazardStep, Identity, Naming, now
from knowledge.geo import Point, distance
from knowledge.hazards import HazardKind

A_DAY = 10  # reports one person may hand in within 24 hours
NEAR = 250.0  # metres within which a report of the same type may be the same
RECENT = timedelta(days=7)
ALIKE = 80.0  # rapidfuzz ratio from which two typed places of one district may be the same
BY_HAND = 5  # the first reports of somebody new are looked at by a person
METRES_A_DEGREE = 111_320.0  # of latitude


@dataclass(frozen=True)
class HazardDraft:
    """A hazard as somebody reports it."""

    kind: str  # of knowledge.hazards
    text: str
    place: str = ""
    point: tuple[float, float] | None = None  # latitude, longitude; degrees, WGS-84
    region: str = ""  # where the reporter works, in case the place does not say
    files: Sequence[dict[str, Any]] = field(default_factory=tuple)  # {"kind", "file"}: the channel's ids
    details: Mapping[str, Any] = field(default_factory=dict)
    origin: str = "chat"
    priority: bool = False  # a 民情联络员 reports it


@dataclass(frozen=True, slots=True)
class HazardReceipt:
    """What the reporter is told at once."""

    number: str
    agency: str
    due_at: datetime | None
    by_hand: bool  # Somebody looks at it before it goes to the agency.


async def submit(
    session: AsyncSession, context: ServiceContext, chat: Chat | None, draft: HazardDraft
) -> HazardReceipt:
    """Report a hazard: case, identity, timeline, photos and timers, all or nothing.

    Raises Rejected: it is about a person, or this person has reported too many today.
    """
    refuse_people(context, draft.text)
    kind = context.knowledge.hazards.kinds[draft.kind]
    if chat is not None:
        await _check_pace(session, chat)
    by_hand = not kind.urgent and (kind.batch if chat is None else await _is_new(session, chat))
    alias = await identities.keep(session, chat, Naming.HIDDEN) if chat is not None else None
    values = await _values(session, context, kind, draft)
    hazard_id = (await session.execute(insert(Hazard).values(**values, alias=alias).returning(Hazard.id))).scalar_one()
    number = values["number"]
    step = {"hazard_id": hazard_id, "name": "submit", "source": "", "target": HazardState.REPORTED, "role": Role.WORKER}
    await session.execute(insert(HazardStep).values(step))
    if chat is not None:
        await photos.expect(session, hazard_id, number, chat.channel, draft.files)
    if by_hand and draft.origin != "test":
        await outbox.put(session, [calls.call("hazard", number, "look", "submit")])
    if draft.origin != "test":
        await _begin(session, context, values, by_hand=by_hand)
    agency = await session.get(Agency, values["agency_id"]) if values["agency_id"] else None
    return HazardReceipt(number, agency.name if agency else "", values["due_at"], by_hand)


async def _values(
    session: AsyncSession, context: ServiceContext, kind: HazardKind, draft: HazardDraft
) -> dict[str, Any]:
    at = now()
    region = region_of(context, draft)
    agency = await dispatch_rules.agency_for(session, kind, region, draft.point)
    rules = await time_limits.rules(session)
    limit = rules.limit(kind, region, china_date(at))
    return {
        "number": await _new_number(session),
        "origin": draft.origin,
        "kind": kind.code,
        "state": HazardState.REPORTED,
        "text": redaction.mask(draft.text, but=("address",)),
        "region": region,
        "place": redaction.mask(draft.place, but=("address",)),
        "latitude": draft.point[0] if draft.point else None,
        "longitude": draft.point[1] if draft.point else None,
        "details": dict(draft.details),
        "priority": draft.priority,
        "agency_id": agency.id if agency else None,
        "created_at": at,
        "updated_at": at,
        "limit_amount": limit.amount,
        "limit_unit": limit.unit,
        "due_at": case_clock.due_of(CaseClock(at, limit), rules.calendar),
    }


async def _begin(session: AsyncSession, context: ServiceContext, values: Mapping[str, Any], *, by_hand: bool) -> None:
    """Set the timers; without anybody to look first, on to the agency at once."""
    number = values["number"]
    clock = CaseClock(values["created_at"], Limit(values["limit_amount"], LimitUnit(values["limit_unit"])))
    await outbox.put(session, timers.running(number, clock, values["due_at"], of=DEADLINES.of))
    if not by_hand:
        quietly = replace(context, silent=True)  # The receipt says it all.
        await transitions.move(session, quietly, number, HazardMove(HazardState.VALIDATED, SYSTEM))
        if values["agency_id"] is not None:
            await transitions.move(session, quietly, number, HazardMove(HazardState.DISPATCHED, SYSTEM))


def refuse_people(context: ServiceContext, text: str) -> None:
    """Hazards are about places and things.  Raises Rejected with where a report about somebody belongs."""
    if channel := context.knowledge.hazards.people.channel(text):
        raise Rejected(f"hazard.about_{channel}")


def region_of(context: ServiceContext, draft: HazardDraft) -> str:
    """The district a place lies in; of a typed place the only one it can mean; else the reporter's own region.

    A place that names no more than the city around that region says nothing new.
    """
    places = context.knowledge.places
    if draft.point is not None:
        found = places.district_of(Point(*draft.point))
        return found.code[:6] if found else draft.region
    named = places.find(draft.place, region=draft.region)
    code = named[0].code[:6] if len(named) == 1 else ""
    return draft.region if draft.region.startswith(code) else code


async def own(session: AsyncSession, chat_id: int) -> list[Hazard]:
    """What a person reported or follows, newest first."""
    aliases = await identities.aliases_of(session, chat_id)
    if not aliases:
        return []
    followed = await followers.followed(session, aliases)
    mine = select(Hazard).where(or_(Hazard.alias.in_(aliases), Hazard.id.in_(followed)))
    return list(await session.scalars(mine.order_by(Hazard.id.desc())))


async def own_one(session: AsyncSession, chat_id: int, number: str) -> Hazard | None:
    """One of these by its number; None for anybody else's."""
    return next((each for each in await own(session, chat_id) if each.number == number), None)


async def nearby(session: AsyncSession, kind: str, point: tuple[float, float]) -> list[Hazard]:
    """Open hazards of a type within NEAR metres and RECENT days, nearest first."""
    return _nearest(point, await session.scalars(around(point).where(*_open(kind))))


async def alike(session: AsyncSession, context: ServiceContext, kind: str, place: str, region: str) -> list[Hazard]:
    """Open hazards of a type and RECENT days whose typed place in the same district is worded alike, the likest first.

    Words are no measure of distance: whoever reports is shown the places, and says whether it is the same one.
    """
    named = {each.code[:6] for each in context.knowledge.places.find(place, region=region)} or {region}
    query = select(Hazard).where(*_open(kind), Hazard.region.in_(named - {""}), Hazard.origin != "test")
    scored = []
    for each in await session.scalars(query.where(Hazard.place != "")):
        wanted, known = _bare(context, each.region, place), _bare(context, each.region, each.place)
        scored.append((fuzz.WRatio(wanted, known), each))
    return [each for score, each in sorted(scored, key=lambda pair: -pair[0]) if score >= ALIKE]


def _open(kind: str) -> tuple[Any, ...]:
    return Hazard.kind == kind, Hazard.state.in_(OPEN), Hazard.created_at > now() - RECENT


def _bare(context: ServiceContext, region: str, place: str) -> str:
    """A typed place without the names of its province, city and district, which all places of a district share."""
    text = re.sub(r"\W", "", unicodedata.normalize("NFKC", place).lower())
    for length in (2, 4, 6):
        division = context.knowledge.places.get(region[:length])
        name = division.name if division is not None else ""
        for saying in (name, name[:-1] if len(name) > 2 else ""):
            if saying and text.startswith(saying):
                text = text.removeprefix(saying)
                break
    return text


async def resolved_near(session: AsyncSession, point: tuple[float, float]) -> list[Hazard]:
    """What somebody on the spot can check, nearest first."""
    return _nearest(point, await session.scalars(around(point).where(Hazard.state == HazardState.RESOLVED)))


def around(point: tuple[float, float]) -> Any:
    """The query for hazards in the square of NEAR metres around a place."""
    north = NEAR / METRES_A_DEGREE
    east = north / max(cos(radians(point[0])), 0.01)
    latitudes = Hazard.latitude.between(point[0] - north, point[0] + north)
    longitudes = Hazard.longitude.between(point[1] - east, point[1] + east)
    return select(Hazard).where(latitudes, longitudes, Hazard.origin != "test")


def _nearest(point: tuple[float, float], found: Any) -> list[Hazard]:
    start = Point(*point)
    apart = [(distance(start, Point(each.latitude, each.longitude)), each) for each in found]
    return [each for metres, each in sorted(apart, key=lambda pair: pair[0]) if metres <= NEAR]


async def timeline(session: AsyncSession, hazard_id: int) -> list[HazardStep]:
    steps = select(HazardStep).where(HazardStep.hazard_id == hazard_id).order_by(HazardStep.id)
    return list(await session.scalars(steps))


async def note(
    session: AsyncSession, hazard: Hazard, name: str, actor: Actor, *, note: str = "", text: str = "", key: str = ""
) -> bool:
    """A line in the timeline that moves nothing.  Returns False when one with this key is there already."""
    if key and await transitions.seen(session, hazard, key):
        return False
    values = {"hazard_id": hazard.id, "name": name, "source": hazard.state, "target": hazard.state, "text": text}
    values |= {"role": actor.role, "staff_id": actor.id, "agency_id": actor.agency_id}
    values |= {"note": note, "key": key or None, "at": now()}
    await session.execute(insert(HazardStep).values(values))
    return True


async def _new_number(session: AsyncSession) -> str:
    """H, `YYMMDD`, five random digits, a check digit."""
    while True:
        number = f"H{new_number()}"
        if await session.scalar(select(Hazard.id).where(Hazard.number == number)) is None:
            return number


async def _check_pace(session: AsyncSession, chat: Chat) -> None:
    recent = _of(session, chat).where(Hazard.created_at > now() - timedelta(days=1))
    if (await session.scalar(recent) or 0) >= A_DAY:
        raise Rejected("hazard.too_many", most=A_DAY)


async def _is_new(session: AsyncSession, chat: Chat) -> bool:
    """Whether fewer than BY_HAND reports of this person were found good so far."""
    good = _of(session, chat).where(Hazard.state.not_in((CLOSED - DONE) | {HazardState.REPORTED}))
    return (await session.scalar(good) or 0) < BY_HAND


def _of(session: AsyncSession, chat: Chat) -> Any:
    mine = Identity.owner == identities.owner_key(session, chat.id)
    return select(func.count()).select_from(Hazard).join(Identity, Identity.alias == Hazard.alias).where(mine)
