"""Passes as rows: applying for one, finding one's own, and who of staff sees which."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, exists, false, func, insert, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.queue import outbox
from bot.services.contacts.contacts import looks_after
from bot.services.core import counting, keyset
from bot.services.core.districts import inside
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.core.lifecycle import WORKER, Actor, Role
from bot.services.core.numbers import new_number
from bot.services.core.working_days import ZONE
from bot.services.identity import identities
from bot.services.passes.states import OPEN, PassState
from bot.services.staff import calls
from bot.services.staff.lookup import Lookup
from bot.services.staff.permissions import AGENCY, Right, Staffer
from bot.store.base import vault_of
from bot.store.models import Chat, Contact, Naming, Outlet, Pass, PassStep, RosterEntry, now
from knowledge.regions import around

NOUN = "pass"
CONSENT = "2026-11-30"  # the day of the text `pass.consent`
MAY_UNMASK = {Naming.NAMED: {Role.ORGANISER, Role.ADMIN}, Naming.HIDDEN: set[Role](), Naming.ANONYMOUS: set[Role]()}
AGAIN = timedelta(days=7)  # after a refusal
PAGE = 50  # rows


@dataclass(frozen=True, slots=True)
class PassApplication:
    """What somebody said of themselves.  own: the number was shared by their phone as theirs."""

    name: str
    phone: str
    own: bool
    platform: str
    region: str  # GB/T 2260, six digits, or four where a city has no districts
    outlet_id: int | None = None


def owner_key(session: AsyncSession, chat_id: int) -> bytes:
    """The blind index a person finds their own pass by."""
    return vault_of(session.get_bind().dialect).blind(str(chat_id), "passes.owner")


def phone_key(session: AsyncSession, phone: str) -> bytes:
    """A number as rosters have it."""
    return vault_of(session.get_bind().dialect).blind(phone, "rosters.phone")


# Who sees which.


def visible(staffer: Staffer, right: Right = Right.PASSES_READ) -> ColumnElement[bool]:
    """Those of somebody's districts; who handles for a unit checks those of outlets that it looks after."""
    parts = [
        and_(inside(Pass.region, grant.district), _looked_after(staffer) if grant.role in AGENCY else true())
        for grant in staffer.grants
        if grant.allows(right)
    ]
    return or_(false(), *parts)


def _looked_after(staffer: Staffer) -> ColumnElement[bool]:
    unit = staffer.agency_id or 0
    post = or_(Outlet.community_id == unit, Outlet.police_id == unit)
    theirs = exists().where(looks_after(), Contact.agency_id == unit)
    return exists().where(Outlet.id == Pass.outlet_id, or_(post, theirs))


PASSES = Lookup(NOUN, Pass, Pass.number, visible)
VIEWS: Mapping[str, tuple[PassState, ...]] = {
    "applied": (PassState.APPLIED,),
    "active": (PassState.ACTIVE,),
    "suspended": (PassState.SUSPENDED,),
    "over": (PassState.REJECTED, PassState.EXPIRED, PassState.REVOKED, PassState.WITHDRAWN),
}


@dataclass(frozen=True, slots=True)
class PassFilter:
    """Which passes somebody wants to see."""

    view: str = "applied"  # one of VIEWS
    text: str = ""  # the beginning of a number

    def condition(self) -> ColumnElement[bool]:
        numbered = [Pass.number.istartswith(self.text, autoescape=True)] if self.text else []
        return and_(Pass.state.in_(VIEWS[self.view]), *numbered)


async def listed(session: AsyncSession, staffer: Staffer, wanted: PassFilter, place: Place) -> Page:
    """A page, the newest first."""
    query = select(Pass).where(visible(staffer), wanted.condition())
    return await keyset.page(session, query, Pass.id, [Part(true(), (Key(Pass.id, falling=True),))], place, PAGE)


async def counts(session: AsyncSession, staffer: Staffer) -> Mapping[str, int]:
    """How many passes each view has, in one look."""
    return await counting.of_views(
        session, {name: Pass.state.in_(states) for name, states in VIEWS.items()}, visible(staffer)
    )


# One's own.


async def own(session: AsyncSession, chat_id: int) -> Pass | None:
    """Somebody's newest pass, whatever became of it."""
    mine = select(Pass).where(Pass.owner == owner_key(session, chat_id))
    found: Pass | None = await session.scalar(mine.order_by(Pass.id.desc()).limit(1))
    return found


async def every(session: AsyncSession, chat_id: int) -> Sequence[Pass]:
    """All that somebody ever applied for, oldest first."""
    mine = select(Pass).where(Pass.owner == owner_key(session, chat_id))
    return (await session.scalars(mine.order_by(Pass.id))).all()


async def place_of(session: AsyncSession, chat: Chat) -> str:
    """Where somebody runs, by their outlet or as they said it; GB/T 2260."""
    outlet = await session.get(Outlet, chat.outlet_id) if chat.outlet_id is not None else None
    return outlet.region if outlet is not None else chat.region


async def check_may_apply(session: AsyncSession, chat: Chat) -> None:
    """Raises Rejected: there is an open one, or a refusal of this week."""
    last = await own(session, chat.id)
    if last is not None and last.state in OPEN:
        raise Rejected("pass.open", number=last.number)
    if last is not None and last.state == PassState.REJECTED and last.closed_at and last.closed_at + AGAIN > now():
        raise Rejected("pass.was_rejected", days=AGAIN.days)


async def apply(session: AsyncSession, chat: Chat, wanted: PassApplication) -> Pass:
    """Hand in an application: identity, pass, first line of the timeline, all or nothing.  Raises Rejected.

    Whoever may check it is called; a roster is asked by the caller, who knows how to move a pass.
    """
    await check_may_apply(session, chat)
    chat.region = chat.region or wanted.region
    alias = await identities.keep(session, chat, Naming.NAMED, name=wanted.name, phone=wanted.phone, consent=CONSENT)
    row = Pass(
        number=await _free_number(session),
        alias=alias,
        key=secrets.token_bytes(16),
        owner=owner_key(session, chat.id),
        state=PassState.APPLIED,
        consent=CONSENT,
        platform=wanted.platform,
        outlet_id=wanted.outlet_id,
        region=wanted.region,
        phone=phone_key(session, wanted.phone) if wanted.own else None,
    )
    session.add(row)
    await session.flush()
    await note(session, row, "apply", "", WORKER)
    return row


async def call(session: AsyncSession, row: Pass) -> None:
    """Somebody has to look at who applied."""
    await outbox.put(session, [calls.call(NOUN, row.number, "check", row.version)])


async def roster_until(session: AsyncSession, row: Pass) -> datetime | None:
    """Until when the platform's list has the number that somebody shared as their own; None when it has not."""
    if row.phone is None:
        return None
    listed = RosterEntry.platform == row.platform, RosterEntry.phone == row.phone
    here = RosterEntry.region.in_(around(row.region))
    day = await session.scalar(select(func.max(RosterEntry.valid_until)).where(*listed, here))
    return end_of(day) if day is not None and end_of(day) > now() else None


def end_of(day: date) -> datetime:
    """The end of a day in China."""
    return datetime.combine(day + timedelta(days=1), time(0), ZONE)


# The timeline.


async def note(session: AsyncSession, row: Pass, name: str, source: str, actor: Actor, text: str = "") -> None:
    values = {"pass_id": row.id, "name": name, "source": source, "target": row.state, "at": now(), "text": text}
    await session.execute(insert(PassStep).values(**values, role=actor.role, staff_id=actor.id))


async def timeline(session: AsyncSession, pass_id: int) -> list[PassStep]:
    return list(await session.scalars(select(PassStep).where(PassStep.pass_id == pass_id).order_by(PassStep.id)))


async def last_step(session: AsyncSession, row: Pass, name: str) -> PassStep | None:
    """The newest line of this verb."""
    lines = select(PassStep).where(PassStep.pass_id == row.id, PassStep.name == name)
    found: PassStep | None = await session.scalar(lines.order_by(PassStep.id.desc()).limit(1))
    return found


async def newest_step(session: AsyncSession) -> int:
    """Grows with every step of any pass."""
    return await session.scalar(select(func.max(PassStep.id))) or 0


async def _free_number(session: AsyncSession) -> str:
    while True:
        number = f"P{new_number()}"
        if await session.scalar(select(Pass.id).where(Pass.number == number)) is None:
            return number
