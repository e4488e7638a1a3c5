"""The audit: what staff did, or was not let do.  Written with the change it tells of, never changed afterwards.

Every transaction that writes here waits for the others until it ends, so write last, and after any row of `views`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core import hash_chain, periods
from bot.store.base import Base
from bot.store.models import Audit, View, now

PAGE = 50  # rows
CHAINS: tuple[type[Base], ...] = (Audit, View)


@dataclass(frozen=True, slots=True)
class By:
    """Who did it, as the audit names them."""

    staff_id: int | None = None  # None: nobody signed in, or the command line
    role: str = ""
    request_id: str = ""


async def note(
    session: AsyncSession, by: By, action: str, subject: str = "", *, denied: bool = False, **detail: Any
) -> None:
    """Write down that something was done or, `denied`, tried.  Details are plain JSON and name no worker."""
    values = {
        "at": now(),
        "staff_id": by.staff_id,
        "role": by.role,
        "action": action,
        "subject": subject,
        "detail": detail,
        "denied": denied,
        "request_id": by.request_id,
    }
    await hash_chain.append(session, Audit, values)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which rows somebody wants to see."""

    staff_id: int | None = None
    action: str = ""  # an action, or with a point at its end all that begin so
    denied: bool = False  # refused attempts only
    before: int | None = None  # rows older than this one
    since: date | None = None  # the first and the last day, by China's clock
    until: date | None = None


async def rows(session: AsyncSession, wanted: AuditFilter, size: int = PAGE) -> Sequence[Audit]:
    """Newest first, one more than a page when there are older ones."""
    query = select(Audit).order_by(Audit.id.desc()).limit(size + 1)
    query = query.where(*periods.within(Audit.at, wanted.since, wanted.until))
    if wanted.staff_id is not None:
        query = query.where(Audit.staff_id == wanted.staff_id)
    if wanted.action.endswith("."):
        query = query.where(Audit.action.startswith(wanted.action, autoescape=True))
    elif wanted.action:
        query = query.where(Audit.action == wanted.action)
    if wanted.denied:
        query = query.where(Audit.denied)
    if wanted.before is not None:
        query = query.where(Audit.id < wanted.before)
    return (await session.scalars(query)).all()


async def looks(session: AsyncSession, wanted: AuditFilter) -> Sequence[View]:
    """Who looked at what tells who somebody is; newest first, one more than a page when there are older ones."""
    query = select(View).order_by(View.id.desc()).limit(PAGE + 1)
    if wanted.staff_id is not None:
        query = query.where(View.staff_id == wanted.staff_id)
    if wanted.denied:
        query = query.where(View.denied)
    if wanted.before is not None:
        query = query.where(View.id < wanted.before)
    return (await session.scalars(query)).all()


async def newest(session: AsyncSession, *actions: str) -> int:
    """The number of the newest row of these actions; 0 without one.  Grows when something happened."""
    return await session.scalar(select(func.max(Audit.id)).where(Audit.action.in_(actions))) or 0


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: kept elsewhere, it shows later that nothing before it was cut off."""

    table: str
    id: int
    hash: str  # hex

    def __str__(self) -> str:
        return f"{self.table}:{self.id}:{self.hash}"

    @classmethod
    def read(cls, text: str) -> "Head":
        """Raises ValueError."""
        table, number, digest = text.strip().split(":")
        return cls(table, int(number), digest)


async def head(session: AsyncSession, model: type[Base]) -> Head | None:
    table = model.__table__
    last = (await session.execute(select(table.c.id, table.c.hash).order_by(table.c.id.desc()).limit(1))).first()
    return Head(model.__tablename__, last.id, last.hash.hex()) if last is not None else None


async def holds(session: AsyncSession, model: type[Base], known: Head) -> bool:
    """Whether the chain still has the row that was its end once."""
    table = model.__table__
    kept = await session.scalar(select(table.c.hash).where(table.c.id == known.id))
    return kept is not None and kept.hex() == known.hash


async def refused_today(session: AsyncSession) -> int:
    """Attempts that were not let through within 24 hours."""
    query = select(func.count()).select_from(Audit).where(Audit.denied, Audit.at > now() - timedelta(days=1))
    return await session.scalar(query) or 0
