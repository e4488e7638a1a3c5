"""Calls: staff hear in their linked chat that something waits for them, and where; never what it is about.

What happens to a case sets one timer, and costs nothing else.  When that rings, whoever may act gets a row; when those
are due, one message tells all of a person's rows, after asking of each once more whether it still waits and whether this
person may still open it.  A crash or a second process finds rows that are told, and tells nobody twice.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import partial
from typing import Generic, Protocol, TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.queue import outbox
from bot.queue.jobs import CallTimer
from bot.services.chats import notifications
from bot.services.core import quiet_hours, timers
from bot.services.core.context import ServiceContext
from bot.services.staff import accounts
from bot.services.staff.permissions import Right, Staffer
from bot.store import upsert
from bot.store.base import locked
from bot.store.models import Chat, Outbox, Staff, StaffCall, StaffRole, now
from knowledge.regions import around

Case = TypeVar("Case")

OF = "call"  # whose timers these are
PACE = timedelta(minutes=5)  # between two messages to one person; what comes meanwhile goes with the second one
DIGEST = time(9)  # China time
BEHIND = ("appeal", "hazard")  # what a backend handles, where there is one
LISTED = 8  # lines of one message


class CallMode(StrEnum):
    """How often somebody wants to hear."""

    ONCE = "once"  # as soon as something waits
    DIGEST = "digest"  # once a day
    NONE = "none"  # only of what is urgent


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that waits, and for whom.

    line: one sentence without markup that names number, kind and deadline.  right: of whoever may act.
    region: "" when nobody knows it yet.  unit: who has it, None for nobody.  category: its kind, where rights have one.
    only: it is theirs alone, when there are any.  but: not theirs, because they did what comes before.
    urgent: it does not wait for the morning.  choices: buttons under the message, with labels that tell which is meant.
    alone: what is said besides where the message is about nothing else.
    instead: for whom it is where nobody of these may act, or whoever it is for alone hears nothing.
    """

    line: str
    right: Right
    region: str = ""
    unit: int | None = None
    category: str | None = None
    only: frozenset[int] = frozenset()
    but: frozenset[int] = frozenset()
    urgent: bool = False
    choices: Sequence[notifications.Row] = ()
    alone: str = ""
    instead: "Matter | None" = None

    def within_unit(self, colleague: str, nobody: str, dispatch: Right) -> "Matter":
        """The same for a thing that a unit has: its colleagues hear in the place of the one who has it and hears nothing,
        and whoever gives things to units where nobody works for this one.  colleague, nobody: the lines they read."""
        unstaffed = replace(self, line=nobody, right=dispatch, only=frozenset(), choices=(), alone="")
        if not self.only:
            return replace(self, instead=unstaffed)
        return replace(self, instead=replace(self, line=colleague, only=frozenset(), instead=unstaffed))

    def concerns(self, staff_id: int) -> bool:
        return staff_id not in self.but and (not self.only or staff_id in self.only)


@dataclass(frozen=True, slots=True)
class Wait(Generic[Case]):
    """What waits: for whoever has this right, `owned` by who has the case already; as long as the case is so."""

    right: Right
    still: Callable[[Case], bool]
    owned: bool = False
    urgent: bool = False


class Openable(Protocol):
    """Finds a thing for who may open it: a Lookup, or what answers like one."""

    async def find(
        self, session: AsyncSession, staffer: Staffer, number: str | int | None, right: Right
    ) -> object | None: ...


@dataclass(frozen=True, slots=True)
class CallSource:
    """One noun that calls.

    look: what waits under a number, for the reason of this name; None once it waits no more.
    lookup: who may open it.  path: of their pages.  key: how its table writes a number.
    """

    lookup: Openable
    path: str
    look: Callable[[AsyncSession, ServiceContext, str, str], Awaitable[Matter | None]]
    key: Callable[[str], str | int] = str


Sources = Mapping[str, CallSource]


def people(*numbers: int | None) -> frozenset[int]:
    """Those of these colleagues that there are."""
    return frozenset(each for each in numbers if each is not None)


def call(noun: str, number: str, what: str, mark: str | int) -> Outbox:
    """The timer that calls whoever may act.  mark: the same for the same event, such as the version of a case."""
    return timers.timer(number, what, now(), of=OF, noun=noun, mark=str(mark))


async def ring(sources: Sources, session: AsyncSession, context: ServiceContext, payload: CallTimer) -> None:
    """A timer has rung: something happened, or it is time to tell somebody.  Ringing twice changes nothing."""
    if payload["do"] == "tell":
        await _tell(sources, session, context, int(payload["number"]))
        return
    if context.queue and payload["noun"] in BEHIND:  # That desk is behind the backend, and calls its own people.
        return
    matter = await sources[payload["noun"]].look(session, context, payload["number"], payload["do"])
    for person, chat in await _hearing(session, matter):
        await _note(session, context, person, chat, payload, urgent=matter is not None and matter.urgent)


async def set_mode(session: AsyncSession, person: Staff, mode: CallMode) -> None:
    """How often somebody wants to hear from now on; what waits to be told follows."""
    person.calls = mode
    if mode is CallMode.NONE:
        waiting = StaffCall.staff_id == person.id, StaffCall.told_at.is_(None), ~StaffCall.urgent
        await session.execute(delete(StaffCall).where(*waiting))
    await session.flush()


async def _hearing(session: AsyncSession, matter: Matter | None) -> list[tuple[Staff, Chat]]:
    """Whoever is told: those who may act and want to hear; those instead of them where that leaves it with nobody."""
    while matter is not None:
        reached = await _able(session, matter)
        hearing = [(each, chat) for each, chat in reached if matter.urgent or each.calls != CallMode.NONE]
        if hearing or (not matter.only and (reached or await _able(session, matter, anyhow=True))):
            return hearing
        matter = matter.instead
    return []


async def _able(session: AsyncSession, matter: Matter, *, anyhow: bool = False) -> list[tuple[Staff, Chat]]:
    """Colleagues with a chat who may act; `anyhow` also those without one.

    Without a district it goes to those who answer for the largest one.
    """
    query = select(Staff, Chat, StaffRole).join(Chat, Chat.id == Staff.chat_id, isouter=anyhow)
    query = query.join(StaffRole, StaffRole.staff_id == Staff.id).order_by(Staff.id, StaffRole.id)
    query = query.where(Staff.active, StaffRole.role.in_(matter.right.roles))
    if not anyhow:
        query = query.where(Chat.blocked_at.is_(None))
    if matter.region:
        query = query.where(StaffRole.district.in_(around(matter.region)))
    if matter.only:
        query = query.where(Staff.id.in_(matter.only))
    people: dict[int, tuple[Staff, Chat, list[StaffRole]]] = {}
    for person, chat, role in await session.execute(query):
        people.setdefault(person.id, (person, chat, []))[2].append(role)
    widest = min((len(role.district) for _, _, roles in people.values() for role in roles), default=0)
    return [
        (person, chat)
        for person, chat, roles in people.values()
        if matter.concerns(person.id) and _may(_staffer(person, roles), matter, widest)
    ]


def _staffer(person: Staff, roles: Iterable[StaffRole]) -> Staffer:
    return accounts.made(person, map(accounts.grant_of, roles))


def _may(staffer: Staffer, matter: Matter, widest: int) -> bool:
    unit, kind = matter.unit or 0, matter.category
    if matter.region:
        return staffer.may(matter.right, district=matter.region, agency=unit, category=kind)
    wide = any(len(each.district) == widest for each in staffer.grants)
    return wide and staffer.may(matter.right, agency=unit, category=kind)


async def _note(
    session: AsyncSession, context: ServiceContext, person: Staff, chat: Chat, event: CallTimer, *, urgent: bool
) -> None:
    """A row for somebody, once for each event, and a timer for when it is due unless one is set for that moment."""
    due_at = await _due(session, context, person, chat, urgent=urgent)
    theirs = StaffCall.staff_id == person.id, StaffCall.told_at.is_(None), StaffCall.due_at == due_at
    is_set = await session.scalar(select(StaffCall.id).where(*theirs).limit(1)) is not None
    values = {"staff_id": person.id, "noun": event["noun"], "number": event["number"], "what": event["do"]}
    values |= {"mark": event["mark"], "urgent": urgent, "due_at": due_at}
    new = upsert.insert(session, StaffCall).values(values).on_conflict_do_nothing().returning(StaffCall.id)
    if await session.scalar(new) is not None and not is_set:
        await outbox.put(session, [timers.timer(str(person.id), "tell", due_at, of=OF)])


async def _due(session: AsyncSession, context: ServiceContext, person: Staff, chat: Chat, *, urgent: bool) -> datetime:
    """When somebody is told: within their waking hours, and not one message for each of many things."""
    at = now()
    if urgent:
        return at
    if person.calls == CallMode.DIGEST:
        at = timers.coming(DIGEST)
    else:
        told = select(func.max(StaffCall.told_at)).where(StaffCall.staff_id == person.id)
        last = await session.scalar(told)
        at = max(at, last + PACE) if last is not None else at
    return quiet_hours.waking(at, *quiet_hours.of(chat.quiet, context.quiet))


async def _tell(sources: Sources, session: AsyncSession, context: ServiceContext, staff_id: int) -> None:
    """Tell somebody all that is due, in one message; what waits no more, or is not theirs any more, is left out."""
    person = await session.scalar(locked(select(Staff).where(Staff.id == staff_id)))
    due = StaffCall.staff_id == staff_id, StaffCall.told_at.is_(None), StaffCall.due_at <= now()
    lines: dict[str, Matter] = {}  # by where each leads: of one thing the newest
    urgent = False
    for row in await session.scalars(select(StaffCall).where(*due).order_by(StaffCall.id)):
        if matter := await _matter(sources[row.noun], session, context, row):
            path = f"{sources[row.noun].path}/{row.number}"
            lines.pop(path, None)
            lines[path], row.told_at, urgent = matter, now(), urgent or row.urgent
        else:
            await session.delete(row)
    await session.flush()
    chat = await session.get(Chat, person.chat_id) if person is not None and person.chat_id is not None else None
    if lines:
        await _say(session, context, chat, lines, urgent=urgent)


async def _say(
    session: AsyncSession, context: ServiceContext, chat: Chat | None, lines: Mapping[str, Matter], *, urgent: bool
) -> None:
    base, tell = context.base_url, partial(notifications.tell, session, context, chat, urgent=urgent)
    if len(lines) == 1:
        [(path, matter)] = lines.items()
        await tell("staff.call", choices=matter.choices, line=f"{matter.line}{matter.alone}", link=f"{base}{path}")
    else:
        shown = list(lines.values())[:LISTED]
        choices, told = [row for each in shown for row in each.choices], "\n".join(f"· {each.line}" for each in shown)
        await tell("staff.calls", choices=choices, lines=told, count=len(lines), link=f"{base}{urls.CONSOLE}")


async def _matter(source: CallSource, session: AsyncSession, context: ServiceContext, row: StaffCall) -> Matter | None:
    """What is said of a row now; None for what nobody has to be told any more."""
    staffer = await accounts.staffer_of(session, row.staff_id)
    matter = await source.look(session, context, row.number, row.what)
    while staffer is not None and matter is not None:
        number = source.key(row.number)
        if matter.concerns(staffer.id) and await source.lookup.find(session, staffer, number, matter.right) is not None:
            return matter
        matter = matter.instead
    return None
