"""The queue: which appeals somebody may see, in what order, how many wait where, and who has one open."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Subquery, and_, case, delete, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.appeals.states import DONE, OPEN, TO_DISPATCH, AppealState
from bot.services.core import keyset, recent
from bot.services.core.counting import Count, capped, counted
from bot.services.core.districts import inside
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.core.recent import Recent
from bot.services.core.working_days import DAY, ZONE
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import AGENCY, Grant, Right, Staffer
from bot.store import upsert
from bot.store.models import Agency, Appeal, AppealStep, CasePresence, SavedFilter, Staff, now

PAGE = 50  # rows
SOON = timedelta(days=2)  # before the deadline a case counts as urgent
HERE = timedelta(seconds=45)  # without news from their page, somebody has left a case
SAVED = 6  # filters one person may keep

DIGITS = re.compile(r"[0-9]{12}")  # of a number
BUSY = OPEN - {AppealState.ANSWERED}  # Somebody of the staff has to do something.
UNHANDED = frozenset(
    {AppealState.SUBMITTED, AppealState.ACCEPTED, AppealState.MERGED, AppealState.REJECTED, AppealState.WITHDRAWN}
)

OVER = DONE | {AppealState.REJECTED, AppealState.MERGED, AppealState.WITHDRAWN}
WHOLE = frozenset({"answered", "done", "all"})  # tabs that hold other cases than BUSY ones
OPEN_MOST = 50_000  # cases that are looked at to say how many wait behind each tab

Condition = ColumnElement[bool]
_IS_OVER = Appeal.state.in_(OVER)
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
        parts.append(Appeal.state.not_in(UNHANDED))
    return and_(*parts)


def _still(*states: AppealState) -> Callable[[Staffer, datetime], Condition]:
    return lambda staffer, at: Appeal.state.in_(states)


def _running(at: datetime) -> Condition:
    return and_(Appeal.state.in_(BUSY), Appeal.paused_at.is_(None))


def _proposed() -> Condition:
    return and_(Appeal.state == AppealState.IN_PROGRESS, Appeal.proposal != "")


def _with_whom_it_is_about() -> Condition:
    """Its unit turned out to be the one complained about, and does not see it any more: another one has to get it."""
    return and_(Appeal.state.in_(BUSY), Appeal.agency_id == Appeal.about_id)


# The tabs of the queue, in their order.
VIEWS: Mapping[str, Callable[[Staffer, datetime], Condition]] = {
    "open": lambda staffer, at: Appeal.state.in_(BUSY),
    "mine": lambda staffer, at: and_(Appeal.state.in_(BUSY), Appeal.handler_id == staffer.id),
    "dispatch": lambda staffer, at: or_(Appeal.state.in_(TO_DISPATCH), _with_whom_it_is_about()),
    "begin": _still(AppealState.ASSIGNED),
    "review": lambda staffer, at: and_(_proposed(), Appeal.remark == ""),
    "sent_back": lambda staffer, at: and_(_proposed(), Appeal.remark != ""),
    "waiting": _still(AppealState.PENDING_INFO),
    "overdue": lambda staffer, at: and_(_running(at), Appeal.due_at < at),
    "soon": lambda staffer, at: and_(_running(at), Appeal.due_at >= at, Appeal.due_at < at + SOON),
    "escalated": lambda staffer, at: and_(Appeal.state.in_(BUSY), Appeal.level > 0),
    "placeless": lambda staffer, at: and_(Appeal.state.in_(BUSY), Appeal.region == ""),
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
        if self.since is not None:
            parts.append(Appeal.created_at >= datetime.combine(self.since, time(), ZONE))
        if self.until is not None:
            parts.append(Appeal.created_at < datetime.combine(self.until, time(), ZONE) + DAY)
        return and_(*parts)


def is_exact(text: str) -> bool:
    """Whether a text can only mean the case of that number."""
    return DIGITS.fullmatch(text) is not None


def _holds(text: str) -> Condition:
    if is_exact(text):
        return Appeal.number == text
    named = select(Agency.id).where(Agency.name.icontains(text, autoescape=True))
    columns = (Appeal.number, Appeal.story, Appeal.place, Appeal.about)
    return or_(*(column.icontains(text, autoescape=True) for column in columns), Appeal.agency_id.in_(named))


async def queue(session: AsyncSession, staffer: Staffer, wanted: AppealFilter, place: Place) -> Page:
    """A page of appeals with the names of their agencies.

    Those of 民情联络员 come first, then the most urgent; of those that are over, what ended last.
    """
    query = (
        select(Appeal, Agency.name)
        .outerjoin(Agency, Agency.id == Appeal.agency_id)
        .where(visible(staffer), wanted.condition(staffer, now()))
    )
    return await keyset.page(session, query, Appeal.id, parts(wanted.view), place, PAGE)


def parts(view: str) -> list[Part]:
    """The parts of a tab: what is over goes by when it ended, the last one first; everything else by how urgent it is."""
    current, over = Part(~_IS_OVER, _URGENT), Part(_IS_OVER, _ENDED)
    return {"done": [over], "all": [current, over]}.get(view, [current])


def cursor(view: str, appeal: Appeal) -> str:
    """Where a case stands in a tab, or would stand if it were still there."""
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
    whole = {name: capped(Appeal, and_(visible(staffer), wanted[name])) for name in wanted if shown[name].view in WHOLE}
    return await counted(session, {**dict(sums.c.items()), **whole})


def _sums(conditions: Mapping[str, Condition], staffer: Staffer) -> Subquery:
    """How many of the cases that somebody has to deal with meet each condition, by one look at them."""
    columns = [case((condition, 1), else_=0).label(name) for name, condition in conditions.items()]
    rows = select(*columns).where(Appeal.state.in_(BUSY), visible(staffer)).limit(OPEN_MOST).subquery()
    return select(*(func.sum(column).label(name) for name, column in rows.c.items())).subquery()


async def newest_steps(session: AsyncSession, staffer: Staffer | None = None) -> Recent:
    """The newest steps of all cases, or of those that somebody sees."""
    steps = recent.newest(AppealStep.id, AppealStep.appeal_id)
    found = select(steps.c.id)
    if staffer is not None:
        found = found.join(Appeal, Appeal.id == steps.c.appeal_id).where(visible(staffer))
    return Recent(await session.scalars(found))


async def moments(session: AsyncSession, numbers: Collection[str]) -> dict[str, object]:
    """Of each case a value that differs once anything on its page does: steps, ticks, who has it open."""
    lines = select(func.max(AppealStep.id), func.count(AppealStep.told_at)).where(AppealStep.appeal_id == Appeal.id)
    newest, told = (lines.with_only_columns(each).scalar_subquery() for each in lines.selected_columns)
    cases = select(Appeal.number, Appeal.id, Appeal.version, Appeal.level, newest, told).where(
        Appeal.number.in_(numbers)
    )
    here = select(CasePresence.appeal_id, CasePresence.staff_id, CasePresence.typing).where(
        CasePresence.at > now() - HERE
    )
    rows = {row.number: tuple(row) for row in await session.execute(cases)}
    present: dict[int, set[object]] = {}
    for appeal_id, *who in await session.execute(
        here.where(CasePresence.appeal_id.in_([row[1] for row in rows.values()]))
    ):
        present.setdefault(appeal_id, set()).add(tuple(who))
    return {number: (row, frozenset(present.get(row[1], ()))) for number, row in rows.items()}


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


async def enter(session: AsyncSession, appeal_id: int, staff_id: int, *, typing: bool) -> None:
    """Somebody has the case on their screen."""
    values = {"appeal_id": appeal_id, "staff_id": staff_id, "typing": typing, "at": now()}
    statement = upsert.insert(session, CasePresence).values(values)
    again = {"typing": typing, "at": values["at"]}
    await session.execute(statement.on_conflict_do_update(index_elements=["appeal_id", "staff_id"], set_=again))


async def leave(session: AsyncSession, appeal_id: int, staff_id: int) -> None:
    theirs = (CasePresence.appeal_id == appeal_id) & (CasePresence.staff_id == staff_id)
    await session.execute(delete(CasePresence).where(or_(theirs, CasePresence.at < now() - 10 * HERE)))


async def others(session: AsyncSession, appeal_id: int, staff_id: int) -> list[tuple[str, bool]]:
    """Who else has the case open, by name, and whether they are writing."""
    query = (
        select(Staff.name, CasePresence.typing)
        .join(Staff, Staff.id == CasePresence.staff_id)
        .where(CasePresence.appeal_id == appeal_id, CasePresence.staff_id != staff_id)
        .where(CasePresence.at > now() - HERE)
        .order_by(Staff.id)
    )
    return [(name, typing) for name, typing in await session.execute(query)]


async def saved(session: AsyncSession, staff_id: int) -> Sequence[SavedFilter]:
    return (
        await session.scalars(select(SavedFilter).where(SavedFilter.staff_id == staff_id).order_by(SavedFilter.id))
    ).all()
