"""Calls: staff hear in their linked chat that something waits for them, and where; never what it is about.

What happens to a case sets one timer, and costs nothing else.  When that rings, whoever may act gets a row; when those
are due, one message tells all of a person's rows, after asking of each once more whether it still waits and whether this
person may still open it.  A crash or a second process finds rows that are told, and tells nobody twice.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Generic, TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.messaging import urls
from bot.queue import outbox
from bot.queue.jobs import CallTimer
from bot.services.chats import notifications
from bot.services.core import quiet_hours, timers
from bot.services.core.context import ServiceContext
from bot.services.staff import accounts
from bot.services.staff.lookup import Lookup
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
    urgent: it does not wait for the morning.
    """

    line: str
    right: Right
    region: str = ""
    unit: int | None = None
    category: str | None = None
    only: frozenset[int] = frozenset()
    but: frozenset[int] = frozenset()
    urgent: bool = False

    def concerns(self, staff_id: int) -> bool:
        return staff_id not in self.but and (not self.only or staff_id in self.only)


@dataclass(frozen=True, slots=True)
class Wait(Generic[Case]):
    """What waits: for whoever has this right, `owned` by who has the case already; as long as the case is so."""

    right: Right
    still: Callable[[Case], bool]
    owned: bool = False
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class CallSource:
    """One noun that calls.

    look: what waits under a number, for the reason of this name; None once it waits no more.
    lookup: who may open it.  path: of their pages.  key: how its table writes a number.
    """

    lookup: Lookup[Any]
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
    for person, chat in await _able(session, matter) if matter is not None else ():
        if matter is not None and (matter.urgent or person.calls != CallMode.NONE):
            await _note(session, context, person, chat, payload, urgent=matter.urgent)


async def set_mode(session: AsyncSession, person: Staff, mode: CallMode) -> None:
    """How often somebody wants to hear from now on; what waits to be told follows."""
    person.calls = mode
    if mode is CallMode.NONE:
        waiting = StaffCall.staff_id == person.id, StaffCall.told_at.is_(None), ~StaffCall.urgent
        await session.execute(delete(StaffCall).where(*waiting))
    await session.flush()


async def _able(session: AsyncSession, matter: Matter) -> list[tuple[Staff, Chat]]:
    """Colleagues with a chat who may act.  Without a district it goes to those who answer for the largest one."""
    query = select(Staff, Chat, StaffRole).join(Chat, Chat.id == Staff.chat_id)
    query = query.join(StaffRole, StaffRole.staff_id == Staff.id).order_by(Staff.id, StaffRole.id)
    query = query.where(Staff.active, Chat.blocked_at.is_(None), StaffRole.role.in_(matter.right.roles))
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
    lines: dict[str, str] = {}  # by where each leads: of one thing the newest line
    urgent = False
    for row in await session.scalars(select(StaffCall).where(*due).order_by(StaffCall.id)):
        if line := await _line(sources[row.noun], session, context, row):
            path = f"{sources[row.noun].path}/{row.number}"
            lines.pop(path, None)
            lines[path], row.told_at, urgent = line, now(), urgent or row.urgent
        else:
            await session.delete(row)
    await session.flush()
    chat = await session.get(Chat, person.chat_id) if person is not None and person.chat_id is not None else None
    if lines:
        await _say(session, context, chat, lines, urgent=urgent)


async def _say(
    session: AsyncSession, context: ServiceContext, chat: Chat | None, lines: Mapping[str, str], *, urgent: bool
) -> None:
    base, tell = context.base_url, partial(notifications.tell, session, context, chat, urgent=urgent)
    if len(lines) == 1:
        [(path, line)] = lines.items()
        await tell("staff.call", line=line, link=f"{base}{path}")
    else:
        shown = "\n".join(f"· {line}" for line in list(lines.values())[:LISTED])
        await tell("staff.calls", lines=shown, count=len(lines), link=f"{base}{urls.CONSOLE}")


async def _line(source: CallSource, session: AsyncSession, context: ServiceContext, row: StaffCall) -> str:
    """What is said of a row now; "" for what nobody has to be told any more."""
    staffer = await accounts.staffer_of(session, row.staff_id)
    matter = await source.look(session, context, row.number, row.what)
    if staffer is None or matter is None or not matter.concerns(staffer.id):
        return ""
    found = await source.lookup.find(session, staffer, source.key(row.number), matter.right)
    return matter.line if found is not None else ""
