"""The queue: which appeals somebody may see, in what order, and how many wait where."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Subquery, and_, case, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.appeals.states import DONE, OPEN, TO_DISPATCH, AppealState
from bot.services.core import keyset, periods, recent
from bot.services.core.counting import Count, capped, counted
from bot.services.core.districts import apart, inside
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.core.recent import Recent
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import AGENCY, Grant, Right, Staffer
from bot.store.base import among, at_most, locked
from bot.store.models import Agency, Appeal, AppealStep, SavedFilter, now

PAGE = 50  # rows
SOON = timedelta(days=2)  # before the deadline a case counts as urgent
SAVED = 6  # filters one person may keep

DIGITS = re.compile(r"[0-9]{12}")  # of a number
BUSY = OPEN - {AppealState.ANSWERED}  # Somebody of the staff has to do something.
UNHANDED = frozenset(
    {AppealState.SUBMITTED, AppealState.ACCEPTED, AppealState.MERGED, AppealState.REJECTED, AppealState.WITHDRAWN}
)

OVER = DONE | {AppealState.REJECTED, AppealState.MERGED, AppealState.WITHDRAWN}
SORTS = ("urgent", "newest", "oldest")
WHOLE = frozenset({"answered", "done", "all"})  # tabs that hold other cases than BUSY ones
OPEN_MOST = 50_000  # cases that are looked at to say how many wait behind each tab

Condition = ColumnElement[bool]
_IS_OVER, _IS_CURRENT = among(Appeal.state, OVER), among(Appeal.state, set(AppealState) - OVER)
_URGENT = (Key(Appeal.priority, falling=True), Key(func.coalesce(Appeal.due_at, keyset.FAR)), Key(Appeal.id))
_ENDED_AT = func.coalesce(Appeal.closed_at, Appeal.answered_at, Appeal.created_at)
_ENDED = (Key(_ENDED_AT, falling=True), Key(Appeal.id, falling=True))


def visible(staffer: Staffer, right: Right = Right.APPEALS_READ) -> Condition:
    """Which appeals somebody may do this with.  A unit complained about does not learn that there is one."""
    seen = or_(false(), *(_granted(staffer, each) for each in staffer.grants if each.allows(right)))
    if staffer.agency_id is not None:
        seen = and_(seen, or_(Appeal.about_id.is_(None), Appeal.about_id != staffer.agency_id))
    return seen


APPEALS = Lookup("appeal", Appeal, Appeal.number, visible)


def _granted(staffer: Staffer, grant: Grant) -> Condition:
    """A case whose district nobody knows yet is everybody's: else it would be nobody's."""
    parts: list[Condition] = [or_(Appeal.region == "", inside(Appeal.region, grant.district))]
    own = Appeal.agency_id == staffer.agency_id if staffer.agency_id is not None else false()
    if grant.category:
        parts.append(Appeal.kind == grant.category)
    else:
        parts.append(or_(~Appeal.confidential, own))  # the desk in charge, or who was named for this kind
    if grant.role in AGENCY or staffer.agency_id is not None:
        parts.append(own)
    if grant.role in AGENCY:
        parts.append(among(Appeal.state, set(AppealState) - UNHANDED))
    return and_(*parts)


def _still(*states: AppealState) -> Callable[[Staffer, datetime], Condition]:
    return lambda staffer, at: among(Appeal.state, states)


def _running(at: datetime) -> Condition:
    return and_(among(Appeal.state, BUSY), Appeal.paused_at.is_(None))


def _proposed() -> Condition:
    return and_(among(Appeal.state, [AppealState.IN_PROGRESS]), Appeal.proposal != "")


def _with_whom_it_is_about() -> Condition:
    """Its unit turned out to be the one complained about, and does not see it any more: another one has to get it."""
    return and_(among(Appeal.state, BUSY), Appeal.agency_id == Appeal.about_id)


# The tabs of the queue, in their order.
VIEWS: Mapping[str, Callable[[Staffer, datetime], Condition]] = {
    "open": lambda staffer, at: among(Appeal.state, BUSY),
    "mine": lambda staffer, at: and_(among(Appeal.state, BUSY), Appeal.handler_id == staffer.id),
    "dispatch": lambda staffer, at: or_(among(Appeal.state, TO_DISPATCH), _with_whom_it_is_about()),
    "begin": _still(AppealState.ASSIGNED),
    "review": lambda staffer, at: and_(_proposed(), Appeal.remark == ""),
    "sent_back": lambda staffer, at: and_(_proposed(), Appeal.remark != ""),
    "waiting": _still(AppealState.PENDING_INFO),
    "overdue": lambda staffer, at: and_(_running(at), Appeal.due_at < at),
    "soon": lambda staffer, at: and_(_running(at), Appeal.due_at >= at, Appeal.due_at < at + SOON),
    "escalated": lambda staffer, at: and_(among(Appeal.state, BUSY), Appeal.level > 0),
    "placeless": lambda staffer, at: and_(among(Appeal.state, BUSY), Appeal.region == ""),
    "answered": _still(AppealState.ANSWERED),
    "done": _still(*OVER),
    "all": lambda staffer, at: true(),
}


@dataclass(frozen=True, slots=True)
class AppealFilter:
    """What somebody looks for in the queue."""

    view: str = "open"
    kind: str = ""
    agency: int | None = None
    district: str = ""
    text: str = ""  # of the number, the story, the place, whom it is about, the agency's name
    since: date | None = None  # the first and the last day on which it was filed, by China's clock
    until: date | None = None
    sort: str = "urgent"  # one of SORTS

    @property
    def is_counted(self) -> bool:
        """Looking for words in all that is over takes too long to say beforehand how much it gives."""
        return self.view not in WHOLE or not self.text or is_exact(self.text)

    def condition(self, staffer: Staffer, at: datetime) -> Condition:
        parts = [VIEWS[self.view](staffer, at)]
        if self.kind:
            parts.append(Appeal.kind == self.kind)
        if self.agency is not None:
            parts.append(Appeal.agency_id == self.agency)
        if self.district:
            parts.append(inside(Appeal.region, self.district))
        if self.text:
            parts.append(_holds(self.text))
        return and_(*parts, *periods.within(Appeal.created_at, self.since, self.until))


def is_exact(text: str) -> bool:
    """Whether a text can only mean the case of that number."""
    return DIGITS.fullmatch(text) is not None


def _holds(text: str) -> Condition:
    if is_exact(text):
        return Appeal.number == text
    named = select(Agency.id).where(Agency.name.icontains(text, autoescape=True))
    columns = (Appeal.number, Appeal.story, Appeal.place, Appeal.about)
    return or_(*(column.icontains(text, autoescape=True) for column in columns), Appeal.agency_id.in_(named))


async def queue(
    session: AsyncSession,
    staffer: Staffer,
    wanted: AppealFilter,
    place: Place,
    *,
    size: int = PAGE,
    right: Right = Right.APPEALS_READ,
) -> Page:
    """A page of appeals with the names of their agencies, in one of SORTS.

    By urgency, those of 民情联络员 come first, then the most urgent; of those that are over, what ended last.
    """
    query = (
        select(Appeal, Agency.name)
        .outerjoin(Agency, Agency.id == Appeal.agency_id)
        .where(visible(staffer, right), wanted.condition(staffer, now()))
    )
    return await keyset.page(session, query, Appeal.id, parts(wanted.view, wanted.sort), place, size)


async def count(session: AsyncSession, staffer: Staffer, wanted: AppealFilter, right: Right) -> Count:
    """How many cases of a filter somebody may do this with."""
    found = capped(Appeal, and_(visible(staffer, right), wanted.condition(staffer, now())))
    return (await counted(session, {"found": found}))["found"]


async def several(
    session: AsyncSession, staffer: Staffer, numbers: Collection[str], *, lock: bool = False
) -> Sequence[Appeal]:
    """Those of the cases that are there for this person; two who lock the same ones do so in the same order."""
    known = [each for each in numbers if is_exact(each)]
    query = select(Appeal).where(Appeal.number.in_(known), visible(staffer)).order_by(Appeal.id)
    return (await session.scalars(locked(query) if lock else query)).all()


def parts(view: str, sort: str = "urgent") -> list[Part]:
    """The parts of a tab: what is over goes by when it ended, the last one first; everything else by how urgent it is."""
    if sort != SORTS[0]:
        return [Part(true(), [Key(Appeal.id, falling=sort == "newest")])]
    current, over = Part(_IS_CURRENT, _URGENT), Part(_IS_OVER, _ENDED)
    return {"done": [over], "all": [current, over]}.get(view, [current])


def cursor(view: str, appeal: Appeal, sort: str = "urgent") -> str:
    """Where a case stands in a tab, or would stand if it were still there."""
    if sort != SORTS[0]:
        return keyset.cursor(0, (appeal.id,))
    ends = view == "done" or (view == "all" and appeal.state in OVER)
    if ends:
        return keyset.cursor(
            int(view == "all"), (appeal.closed_at or appeal.answered_at or appeal.created_at, appeal.id)
        )
    return keyset.cursor(0, (appeal.priority, appeal.due_at or keyset.FAR, appeal.id))


async def counts(
    session: AsyncSession, staffer: Staffer, more: Mapping[str, AppealFilter] | None = None
) -> dict[str, Count]:
    """How many there are behind each tab and each of some filters, by one statement.

    What somebody has to deal with is looked at once for all tabs, and no further than `OPEN_MOST`.
    """
    at, shown = now(), {**{name: AppealFilter(name) for name in VIEWS}, **(more or {})}
    wanted = {name: each.condition(staffer, at) for name, each in shown.items() if each.is_counted}
    sums = _sums({name: each for name, each in wanted.items() if shown[name].view not in WHOLE}, staffer)
    stretches = apart(Appeal.region, staffer.districts(Right.APPEALS_READ))
    whole = {
        name: capped(Appeal, *(and_(visible(staffer), each, part) for part in stretches))
        for name, each in wanted.items()
        if shown[name].view in WHOLE
    }
    return await counted(session, {**dict(sums.c.items()), **whole})


async def waiting(session: AsyncSession, staffer: Staffer) -> dict[str, Count]:
    """How many wait behind each tab of what somebody has to deal with; the other tabs take longer to count."""
    at = now()
    return await counted(
        session, dict(_sums({name: VIEWS[name](staffer, at) for name in VIEWS if name not in WHOLE}, staffer).c.items())
    )


def _sums(conditions: Mapping[str, Condition], staffer: Staffer) -> Subquery:
    """How many of the cases that somebody has to deal with meet each condition, by one look at them."""
    columns = [case((condition, 1), else_=0).label(name) for name, condition in conditions.items()]
    rows = select(*columns).where(among(Appeal.state, BUSY), visible(staffer)).limit(at_most(OPEN_MOST)).subquery()
    return select(*(func.sum(column).label(name) for name, column in rows.c.items())).subquery()


async def newest_steps(session: AsyncSession, staffer: Staffer | None = None) -> Recent:
    """The newest steps of all cases, or of those that somebody sees."""
    steps = recent.newest(AppealStep.id, AppealStep.appeal_id)
    found = select(steps.c.id)
    if staffer is not None:
        found = found.join(Appeal, Appeal.id == steps.c.appeal_id).where(visible(staffer))
    return Recent(await session.scalars(found))


async def find(session: AsyncSession, staffer: Staffer, number: str, *, lock: bool = False) -> Appeal | None:
    """A case by its number; None for one that is not there for this person."""
    return await APPEALS.find(session, staffer, number, Right.APPEALS_READ, lock=lock)


async def children(session: AsyncSession, staffer: Staffer, case: Appeal) -> Sequence[str]:
    """Numbers of the cases that were merged into this one, as far as somebody may see them."""
    query = select(Appeal.number).where(Appeal.parent_id == case.id, visible(staffer)).order_by(Appeal.id)
    return (await session.scalars(query)).all()


async def number_of(session: AsyncSession, staffer: Staffer, appeal_id: int | None) -> str:
    """The number of a case that another one refers to; "" for none, or none that is there for this person."""
    return await session.scalar(select(Appeal.number).where(Appeal.id == appeal_id, visible(staffer))) or ""


async def saved(session: AsyncSession, staff_id: int) -> Sequence[SavedFilter]:
    return (
        await session.scalars(select(SavedFilter).where(SavedFilter.staff_id == staff_id).order_by(SavedFilter.id))
    ).all()
