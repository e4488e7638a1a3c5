"""Browsers that are signed in: begun, found again by their cookie, renewed, ended."""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.staff import audit
from bot.services.staff.accounts import grant_of, made
from bot.services.staff.audit import By
from bot.services.staff.permissions import Staffer
from bot.store.models import Staff, StaffRole, StaffSession, now

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=8)
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


async def begin(session: AsyncSession, person: Staff, browser: Browser, by: By, *, how: str, old: str = "") -> str:
    """Sign somebody in.  Returns the cookie; the session of the `old` cookie ends."""
    if old:
        gone = update(StaffSession).where(StaffSession.key == hashed(old), StaffSession.revoked_at.is_(None))
        await session.execute(gone.values(revoked_at=now()))
    cookie = secrets.token_urlsafe(32)
    row = StaffSession(
        key=hashed(cookie),
        staff_id=person.id,
        browser={"address": browser.address, "kind": browser.kind},
        created_at=now(),
        seen_at=now(),
    )
    session.add(row)
    await session.flush()
    signed = By(person.id, by.role, by.request_id)
    await audit.note(session, signed, "session.begin", f"session:{row.id}", how=how)
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
        found[row.id] = Login(row.id, row, people[0], staffer)
    return found


def _open(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        StaffSession.revoked_at.is_(None),
        StaffSession.seen_at > at - IDLE,
        StaffSession.created_at > at - LONGEST,
    )


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
    query = (
        select(StaffSession)
        .where(StaffSession.staff_id == staff_id, *_open(now()))
        .order_by(StaffSession.seen_at.desc(), StaffSession.id.desc())
    )
    return (await session.scalars(query)).all()


async def end(session: AsyncSession, staff_id: int, by: By, *, only: int | None = None, but: int | None = None) -> int:
    """End somebody's sessions: all, only one, or all but one.  Returns how many ended."""
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
