"""Browsers that are signed in: begun, found again by their cookie, renewed, ended."""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core.lifecycle import Role
from bot.services.staff import audit
from bot.services.staff.accounts import grant_of, grants_of, made, void_codes
from bot.services.staff.audit import By
from bot.services.staff.permissions import Staffer
from bot.store.models import Staff, StaffRole, StaffSession, now

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=8)
SHIFT = timedelta(hours=12)  # of a counter at a computer that their own chat let in: hours may pass between two codes
ELEVATED = timedelta(minutes=5)  # how long a code counts as fresh
NOTED = timedelta(minutes=1)  # `seen_at` is not written more often


@dataclass(frozen=True, slots=True)
class Browser:
    """Where somebody sits, as they will recognise it and no closer."""

    address: str  # "203.0.113.*"
    kind: str  # "Chrome · Windows"


@dataclass(frozen=True, slots=True)
class Login:
    """A live session and whose it is, with the rights of this moment."""

    id: int
    row: StaffSession
    person: Staff
    staffer: Staffer

    @property
    def full(self) -> bool:
        """Whether nothing is missing: a second factor is needed by some roles, and by who has set one up."""
        needed = self.staffer.needs_second or self.person.totp is not None
        return self.row.second_at is not None or not needed

    @property
    def elevated(self) -> bool:
        """Whether a code was entered within the last five minutes."""
        return self.row.elevated_until is not None and self.row.elevated_until > now()


async def begin(
    session: AsyncSession, person: Staff, browser: Browser, by: By, *, how: str, old: str = "", shift: bool = False
) -> str:
    """Sign somebody in.  Returns the cookie; the session of the `old` cookie ends.

    shift: for a whole shift, as long as they are a counter and nothing else, now and then.
    """
    shift = shift and {each.role for each in await grants_of(session, person.id)} == {Role.COUNTER}
    if old:
        gone = update(StaffSession).where(StaffSession.key == hashed(old), StaffSession.revoked_at.is_(None))
        await session.execute(gone.values(revoked_at=now()))
    cookie = secrets.token_urlsafe(32)
    row = StaffSession(
        shift=shift,
        key=hashed(cookie),
        staff_id=person.id,
        browser={"address": browser.address, "kind": browser.kind},
        created_at=now(),
        seen_at=now(),
    )
    session.add(row)
    await session.flush()
    signed = By(person.id, by.role, by.request_id)
    subject, kind = f"session:{row.id}", browser.kind
    await audit.note(session, signed, "session.begin", subject, how=how, browser=kind, address=browser.address)
    return cookie


async def find(session: AsyncSession, cookie: str) -> Login | None:
    """The session of a cookie; None once it is too old, idle for too long, ended, or its owner has left."""
    found = await _live(session, StaffSession.key == hashed(cookie))
    return next(iter(found.values()), None)


async def still(session: AsyncSession, session_ids: Collection[int]) -> Mapping[int, Login]:
    """The same for connections that stay open, while their cookies may have been renewed: those that still live."""
    return await _live(session, StaffSession.id.in_(session_ids))


async def _live(session: AsyncSession, which: ColumnElement[bool]) -> Mapping[int, Login]:
    query = (
        select(StaffSession, Staff, StaffRole)
        .join(Staff, Staff.id == StaffSession.staff_id)
        .outerjoin(StaffRole, StaffRole.staff_id == Staff.id)
        .where(which, *_open(now()), Staff.active)
        .order_by(StaffSession.id, StaffRole.id)
        .execution_options(populate_existing=True)
    )
    found: dict[int, Login] = {}
    for row, rows in groupby(await session.execute(query), key=itemgetter(0)):
        people, roles = zip(*((person, role) for _, person, role in rows), strict=True)
        staffer = made(people[0], (grant_of(role) for role in roles if role is not None))
        if _is_fresh(row) or (row.shift and set(staffer.roles) == {Role.COUNTER}):
            found[row.id] = Login(row.id, row, people[0], staffer)
    return found


def _open(at: datetime) -> tuple[ColumnElement[bool], ...]:
    used = and_(StaffSession.seen_at > at - IDLE, StaffSession.created_at > at - LONGEST)
    kept = and_(StaffSession.shift, StaffSession.created_at > at - SHIFT)
    return StaffSession.revoked_at.is_(None), or_(used, kept)


def _is_fresh(row: StaffSession) -> bool:
    """Whether a session lasts without the shift: that holds only while its owner is nothing but a counter."""
    return row.seen_at > now() - IDLE and row.created_at > now() - LONGEST


def is_due(row: StaffSession) -> bool:
    """Whether it has to be noted again that the session is in use."""
    return now() - row.seen_at > NOTED


async def touch(session: AsyncSession, session_id: int) -> None:
    await session.execute(update(StaffSession).where(StaffSession.id == session_id).values(seen_at=now()))


async def elevate(session: AsyncSession, session_id: int) -> str:
    """The second factor was given just now.  Returns the new cookie; the old one is worth nothing any more."""
    cookie, at = secrets.token_urlsafe(32), now()
    values = {"key": hashed(cookie), "second_at": at, "elevated_until": at + ELEVATED, "seen_at": at}
    await session.execute(update(StaffSession).where(StaffSession.id == session_id).values(values))
    return cookie


async def offer(session: AsyncSession, session_id: int, secret: str | None) -> None:
    """Keep a TOTP secret with the session that asked for it, until a code of it proves that it was taken over."""
    await session.execute(update(StaffSession).where(StaffSession.id == session_id).values(offered=secret))


async def live(session: AsyncSession, staff_id: int) -> Sequence[StaffSession]:
    """Somebody's open sessions, the one used last first."""
    found = await _live(session, StaffSession.staff_id == staff_id)
    return sorted((login.row for login in found.values()), key=lambda row: (row.seen_at, row.id), reverse=True)


async def end(session: AsyncSession, staff_id: int, by: By, *, only: int | None = None, but: int | None = None) -> int:
    """End somebody's sessions: all, only one, or all but one.  Returns how many ended.

    With all of them, or all but one, what was about to become one ends, too.
    """
    if only is None:
        await void_codes(session, staff_id)
    gone = update(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.revoked_at.is_(None))
    if only is not None:
        gone = gone.where(StaffSession.id == only)
    if but is not None:
        gone = gone.where(StaffSession.id != but)
    ended = (await session.scalars(gone.values(revoked_at=now()).returning(StaffSession.id))).all()
    if ended:
        await audit.note(session, by, "session.end", f"staff:{staff_id}", sessions=sorted(ended))
    return len(ended)


def hashed(secret: str) -> bytes:
    """What is kept of 256 random bits: they need no salt and no slowness."""
    return hashlib.blake2b(secret.encode(errors="replace"), digest_size=32).digest()
