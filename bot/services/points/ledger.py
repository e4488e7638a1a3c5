"""Points: an append-only ledger with two sides, and accounts that are its sums.

Every change locks the account first; whoever changes several things takes it before them.
"""

from datetime import datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.services.core import hash_chain
from bot.services.core.working_days import ZONE
from bot.store import upsert
from bot.store.base import locked, vault_of
from bot.store.models import Chat, PointsAccount, PointsEntry, now

A_DAY = 60  # points one person may earn in a day
A_PLACE = 20  # of these, at one place


class EntryKind(StrEnum):
    EARN = "earn"
    RESERVE = "reserve"  # for a voucher
    RELEASE = "release"  # the voucher was not used
    REDEEM = "redeem"  # it was
    REVERSE = "reverse"  # what was earned wrongly


async def grant(
    session: AsyncSession,
    owner: Chat | int,
    amount: int,
    source: str,
    *,
    place: str = "",
    staff_id: int | None = None,
) -> int:
    """Give somebody points for something, once for each source.  Returns how many: fewer at the caps, none again.

    owner: the chat, or its id.  source: what it is for, such as "hazard:261122000001:verified"; its first word says
    in chat where the points come from.  place: what the cap per place counts by, such as a rounded position.
    A debt is paid first.
    """
    account = await _hold(session, owner if isinstance(owner, int) else owner.id)
    if await _known(session, EntryKind.EARN, source):
        return 0
    amount = max(0, min(amount, await _room(session, account, place)))
    paid = min(amount, account.debt)
    values = {"d_available": amount - paid, "d_debt": -paid, "place": place, "staff_id": staff_id}
    await _enter(session, account, EntryKind.EARN, source, **values)
    return amount


async def reverse(session: AsyncSession, owner: Chat | int, source: str, *, staff_id: int | None = None) -> int:
    """Take back what was given for a source, once.  What is spent already becomes a debt.  Returns how many."""
    account = await _hold(session, owner if isinstance(owner, int) else owner.id)
    given = select(PointsEntry).where(PointsEntry.kind == EntryKind.EARN, PointsEntry.source == source)
    earned = await session.scalar(given.where(PointsEntry.account_id == account.id))
    if earned is None or await _known(session, EntryKind.REVERSE, source):
        return 0
    amount = -earned.d_issuer
    taken = min(amount, account.available)
    values = {"d_available": -taken, "d_debt": amount - taken, "staff_id": staff_id}
    await _enter(session, account, EntryKind.REVERSE, source, **values)
    return amount


async def reserve(session: AsyncSession, account: PointsAccount, amount: int, source: str) -> None:
    """Hold points for something.  Raises Rejected when there are not enough."""
    if account.available < amount:
        raise Rejected("points.poor", available=account.available, points=amount)
    await _enter(session, account, EntryKind.RESERVE, source, d_available=-amount, d_held=amount)


async def release(session: AsyncSession, account: PointsAccount, amount: int, source: str) -> None:
    """Give back what was held; a debt is paid first."""
    paid = min(amount, account.debt)
    await _enter(session, account, EntryKind.RELEASE, source, d_available=amount - paid, d_held=-amount, d_debt=-paid)


async def redeem(session: AsyncSession, account: PointsAccount, amount: int, source: str, staff_id: int | None) -> None:
    """What was held has been used."""
    await _enter(session, account, EntryKind.REDEEM, source, d_held=-amount, staff_id=staff_id)


async def account_of(session: AsyncSession, chat_id: int) -> PointsAccount | None:
    """Somebody's account as it is now, unlocked; None before the first point."""
    found: PointsAccount | None = await session.scalar(
        select(PointsAccount).where(PointsAccount.owner == owner_key(session, chat_id))
    )
    return found


async def newest(session: AsyncSession, account: PointsAccount, most: int) -> list[PointsEntry]:
    """The last lines of an account, newest first."""
    lines = select(PointsEntry).where(PointsEntry.account_id == account.id).order_by(PointsEntry.id.desc())
    return list(await session.scalars(lines.limit(most)))


async def lock(session: AsyncSession, account_id: int) -> PointsAccount:
    """An account until the transaction ends."""
    return await session.get_one(PointsAccount, account_id, with_for_update=True, populate_existing=True)


async def lock_of(session: AsyncSession, chat_id: int) -> PointsAccount:
    """Somebody's account, made when they have none, until the transaction ends."""
    return await _hold(session, chat_id)


def owner_key(session: AsyncSession, chat_id: int) -> bytes:
    """The blind index a person finds their own account by; another one than that of their cases."""
    return vault_of(session.get_bind().dialect).blind(str(chat_id), "points_accounts.owner")


async def _hold(session: AsyncSession, chat_id: int) -> PointsAccount:
    key = owner_key(session, chat_id)
    values = {"owner": key, "available": 0, "held": 0, "debt": 0, "entries": 0, "head": hash_chain.START}
    await session.execute(upsert.insert(session, PointsAccount).values(values).on_conflict_do_nothing())
    account: PointsAccount = (
        await session.scalars(locked(select(PointsAccount).where(PointsAccount.owner == key)))
    ).one()
    return account


async def _known(session: AsyncSession, kind: EntryKind, source: str) -> bool:
    line = select(PointsEntry.id).where(PointsEntry.kind == kind, PointsEntry.source == source)
    return await session.scalar(line) is not None


async def _room(session: AsyncSession, account: PointsAccount, place: str) -> int:
    """How many points somebody may still earn today, here."""
    today = datetime.combine(now().astimezone(ZONE).date(), time(), ZONE)
    earned = select(func.coalesce(func.sum(-PointsEntry.d_issuer), 0)).where(
        PointsEntry.account_id == account.id, PointsEntry.kind == EntryKind.EARN, PointsEntry.at >= today
    )
    room = A_DAY - int(await session.scalar(earned) or 0)
    if place:
        room = min(room, A_PLACE - int(await session.scalar(earned.where(PointsEntry.place == place)) or 0))
    return room


async def _enter(session: AsyncSession, account: PointsAccount, kind: EntryKind, source: str, **given: Any) -> None:
    """Write a line and move the account by it.  The account is locked, and the condition says so once more."""
    moved = {name: given.get(name, 0) for name in ("d_available", "d_held", "d_debt")}
    contents = {
        "account_id": account.id,
        "kind": str(kind),
        **moved,
        "d_issuer": moved["d_debt"] - moved["d_available"] - moved["d_held"],
        "source": source,
        "place": given.get("place", ""),
        "staff_id": given.get("staff_id"),
        "at": now(),
    }
    digest = hash_chain.digest(account.head, contents)
    await session.execute(insert(PointsEntry).values(**contents, before=account.head, hash=digest))
    after = {
        "available": PointsAccount.available + moved["d_available"],
        "held": PointsAccount.held + moved["d_held"],
        "debt": PointsAccount.debt + moved["d_debt"],
        "entries": PointsAccount.entries + 1,
        "head": digest,
    }
    same = update(PointsAccount).where(
        PointsAccount.id == account.id,
        PointsAccount.entries == account.entries,
        PointsAccount.available + moved["d_available"] >= 0,
        PointsAccount.held + moved["d_held"] >= 0,
    )
    done = await session.execute(same.values(after).execution_options(synchronize_session=False))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise RuntimeError(f"account {account.id} moved while it was locked, or would be negative")
    await session.refresh(account)
