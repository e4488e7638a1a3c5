"""The hazards somebody of the staff may see: in order, counted, and as clusters on a map."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core import keyset, map_clusters, periods, recent
from bot.services.core.counting import Count, capped, counted
from bot.services.core.districts import apart, inside
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.core.map_clusters import Chart, Pin
from bot.services.core.recent import Recent
from bot.services.hazards.states import CLOSED, OPEN, HazardState
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import AGENCY, Right, Staffer
from bot.store.base import among, at_most
from bot.store.models import Agency, Hazard, HazardStep, now
from knowledge.geo import Point

PAGE = 50  # rows
DRAWN = 5_000  # hazards on one map
SAMPLE = timedelta(days=7)  # after which staff looks whether it is fixed, because nobody else did
Condition = ColumnElement[bool]
VIEWS: Mapping[str, Condition] = {  # the tabs, in their order
    "open": among(Hazard.state, OPEN),
    "look": among(Hazard.state, [HazardState.REPORTED]),
    "dispatch": among(Hazard.state, {HazardState.VALIDATED, HazardState.REOPENED}),
    "handle": among(Hazard.state, {HazardState.DISPATCHED, HazardState.HANDLING}),
    "again": and_(among(Hazard.state, OPEN), Hazard.reopened > 0),
    "check": among(Hazard.state, [HazardState.RESOLVED]),
    "done": among(Hazard.state, CLOSED),
    "all": true(),
}
SORTS = ("urgent", "newest", "oldest")
WHOLE = ("done", "all")  # tabs that hold what is over
OPEN_MOST = 50_000  # hazards that are looked at to say how many wait behind each tab
_IS_OVER, _IS_CURRENT = among(Hazard.state, CLOSED), among(Hazard.state, set(HazardState) - CLOSED)
UNHANDED = (HazardState.REPORTED, HazardState.REJECTED, HazardState.WITHDRAWN)  # nothing for an agency


def visible(staffer: Staffer, right: Right = Right.HAZARDS_READ) -> Condition:
    """Which hazards somebody may do this with: of their districts, and for an agency's people what it has."""
    seen: list[Condition] = [false()]
    for grant in staffer.grants:
        if grant.allows(right):
            part = or_(Hazard.region == "", inside(Hazard.region, grant.district))
            if grant.role in AGENCY:
                own = Hazard.agency_id == staffer.agency_id if staffer.agency_id is not None else false()
                part = and_(part, own, among(Hazard.state, set(HazardState) - set(UNHANDED)))
            seen.append(part)
    return and_(or_(*seen), Hazard.origin != "test")


HAZARDS = Lookup("hazard", Hazard, Hazard.number, visible)


@dataclass(frozen=True, slots=True)
class HazardFilter:
    """What somebody looks for."""

    view: str = "open"
    kind: str = ""
    text: str = ""  # of the number, the words, the place, the agency's name
    district: str = ""
    since: date | None = None  # the first and the last day on which it was reported, by China's clock
    until: date | None = None

    def condition(self) -> Condition:
        parts = [VIEWS[self.view], *periods.within(Hazard.created_at, self.since, self.until)]
        if self.district:
            parts.append(inside(Hazard.region, self.district))
        if self.kind:
            parts.append(Hazard.kind == self.kind)
        if self.text:
            named = select(Agency.id).where(Agency.name.icontains(self.text, autoescape=True))
            columns = (Hazard.number, Hazard.text, Hazard.place)
            held = [column.icontains(self.text, autoescape=True) for column in columns]
            parts.append(or_(*held, Hazard.agency_id.in_(named)))
        return and_(*parts)


async def find(
    session: AsyncSession,
    staffer: Staffer,
    wanted: HazardFilter,
    place: Place,
    *,
    urgent: Collection[str] = (),
    sort: str = SORTS[0],
    size: int = PAGE,
    right: Right = Right.HAZARDS_READ,
) -> Page:
    """A page of hazards with the names of their agencies, in one of SORTS.

    By urgency, what is open comes first; of that the urgent kinds, then what a liaison reported, then what is due; of what is to
    be checked, what has waited longest; of what is over, what ended last.
    """
    query = select(Hazard, Agency.name).outerjoin(Agency, Agency.id == Hazard.agency_id)
    query = query.where(visible(staffer, right), wanted.condition())
    return await keyset.page(session, query, Hazard.id, _parts(wanted, urgent, sort), place, size)


def _parts(wanted: HazardFilter, urgent: Collection[str], sort: str) -> list[Part]:
    if sort != SORTS[0]:
        return [Part(true(), [Key(Hazard.id, falling=sort == "newest")])]
    first = Key(case((Hazard.kind.in_(urgent), 1), else_=0), falling=True), Key(Hazard.priority, falling=True)
    then = Key(func.coalesce(Hazard.resolved_at if wanted.view == "check" else Hazard.due_at, keyset.FAR))
    ended = Key(func.coalesce(Hazard.closed_at, Hazard.updated_at), falling=True), Key(Hazard.id, falling=True)
    current, over = Part(_IS_CURRENT, [*first, then, Key(Hazard.id)]), Part(_IS_OVER, ended)
    return {"done": [over], "all": [current, over]}.get(wanted.view, [current])


async def counts(session: AsyncSession, staffer: Staffer) -> dict[str, Count]:
    """How many there are behind each tab, by one statement; what is still open is looked at once for all tabs."""
    stretches = apart(Hazard.region, staffer.districts(Right.HAZARDS_READ))
    whole = {name: capped(Hazard, *(and_(visible(staffer), VIEWS[name], part) for part in stretches)) for name in WHOLE}
    return await counted(session, {**_sums(staffer), **whole})


async def waiting(session: AsyncSession, staffer: Staffer) -> dict[str, Count]:
    """The same behind the tabs of what is still open; the others take longer to count."""
    return await counted(session, _sums(staffer))


def _sums(staffer: Staffer) -> dict[str, ColumnElement[int]]:
    wanted = {name: condition for name, condition in VIEWS.items() if name not in WHOLE}
    columns = [case((condition, 1), else_=0).label(name) for name, condition in wanted.items()]
    rows = select(*columns).where(_IS_CURRENT, visible(staffer)).limit(at_most(OPEN_MOST)).subquery()
    sums = select(*(func.sum(column).label(name) for name, column in rows.c.items())).subquery()
    return dict(sums.c.items())


async def newest_steps(session: AsyncSession, staffer: Staffer | None = None) -> Recent:
    """The newest steps of all hazards, or of those that somebody sees."""
    steps = recent.newest(HazardStep.id, HazardStep.hazard_id)
    found = select(steps.c.id)
    if staffer is not None:
        found = found.join(Hazard, Hazard.id == steps.c.hazard_id).where(visible(staffer))
    return Recent(await session.scalars(found))


async def get(session: AsyncSession, staffer: Staffer, number: str, *, lock: bool = False) -> Hazard | None:
    """A hazard by its number; None for one that is not there for this person."""
    return await HAZARDS.find(session, staffer, number, Right.HAZARDS_READ, lock=lock)


def is_late(hazard: Hazard, at: datetime | None = None) -> bool:
    return hazard.state in OPEN and hazard.due_at is not None and hazard.due_at < (at or now())


def is_unseen(hazard: Hazard, at: datetime | None = None) -> bool:
    """Whether it is said to be fixed, and nobody has seen so for long: it is for staff to sample."""
    resolved = hazard.resolved_at if hazard.state == HazardState.RESOLVED else None
    return resolved is not None and resolved + SAMPLE < (at or now())


def point_of(latitude: float, longitude: float) -> Point:
    return Point(latitude, longitude)


async def chart(
    session: AsyncSession,
    staffer: Staffer,
    wanted: HazardFilter,
    middle: tuple[float, float] | None,
    span: float | None,
) -> Chart:
    """The clusters around a middle; without one, a map that holds everything."""
    query = select(Hazard.number, Hazard.latitude, Hazard.longitude, Hazard.due_at, Hazard.state)
    here = map_clusters.inside(Hazard.latitude, Hazard.longitude, middle, span)
    query = query.where(visible(staffer), wanted.condition(), here).order_by(Hazard.id.desc()).limit(DRAWN)
    rows, at = (await session.execute(query)).all(), now()
    pins = [
        Pin(number, latitude, longitude, state in OPEN and due is not None and due < at)
        for number, latitude, longitude, due, state in rows
        if latitude is not None and longitude is not None
    ]
    return map_clusters.drawn(pins, middle, span, nowhere=len(rows) - len(pins))
