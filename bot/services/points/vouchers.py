"""Vouchers: a reward is reserved, issued as a code, used once at the counter; or it runs out and the points return."""

import secrets
from collections.abc import Collection
from enum import StrEnum
from typing import Any

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Rejected
from bot.messaging import urls
from bot.queue import outbox
from bot.queue.jobs import CaseTimer
from bot.services.chats import notifications
from bot.services.core import keyset, numbers
from bot.services.core import timers as core_timers
from bot.services.core.context import ServiceContext
from bot.services.core.keyset import Key, Page, Part, Place
from bot.services.core.lifecycle import SYSTEM, WORKER, Actor, Lifecycle, Role, steps
from bot.services.core.working_days import shown
from bot.services.points import ledger, rewards
from bot.store.base import vault_of
from bot.store.models import Chat, PointsAccount, Voucher, now

CODE_LENGTH = 10
PAGE = 50  # rows


class VoucherState(StrEnum):
    RESERVED = "reserved"  # points and the reward are held
    ISSUED = "issued"  # its owner has the code
    FULFILLED = "fulfilled"  # used
    CANCELLED = "cancelled"  # its owner does not want it any more
    EXPIRED = "expired"


_S, _OPEN = VoucherState, f"{VoucherState.RESERVED} {VoucherState.ISSUED}"

VOUCHER = Lifecycle(
    "voucher",
    VoucherState,
    [
        *steps("issue", _S.RESERVED, _S.ISSUED, Role.SYSTEM),
        *steps("fulfil", _S.ISSUED, _S.FULFILLED, Role.ORGANISER, Role.COUNTER),
        *steps("cancel", _OPEN, _S.CANCELLED, Role.WORKER),
        *steps("expire", _OPEN, _S.EXPIRED, Role.SYSTEM),
    ],
)


class UnknownVoucher(LookupError):
    """A code that we never gave out, or a voucher that is gone."""


async def reserve(
    session: AsyncSession, chat: Chat, code: str, *, entries: int | None = None, version: int | None = None
) -> Voucher:
    """Hold a reward and its points; the code follows in a unit of its own, whatever dies in between.

    entries, version: of the account's ledger and of the reward, as their owner was asked; a second tap finds another one.
    Raises Rejected: sold out, not offered any more, changed since, not enough points, or tapped twice.
    """
    account = await ledger.lock_of(session, chat.id)
    if entries is not None and account.entries != entries:
        raise Rejected("points.twice")
    reward = await rewards.on_offer(session, code, chat.region, version)
    if account.available < reward.points:
        raise Rejected("points.poor", available=account.available, points=reward.points)
    await rewards.take_one(session, reward)
    voucher = Voucher(
        account_id=account.id,
        chat_id=chat.id,
        reward=code,
        label=reward.label,
        place=reward.place,
        points=reward.points,
        state=VoucherState.RESERVED,
        expires_at=rewards.expiry(reward),
    )
    session.add(voucher)
    await session.flush()
    await ledger.reserve(session, account, voucher.points, _source(voucher))
    timers = (("issue", now()), ("expire", voucher.expires_at))
    await outbox.put(session, [core_timers.timer(str(voucher.id), do, at, of="voucher") for do, at in timers])
    return voucher


async def ring(session: AsyncSession, context: ServiceContext, payload: CaseTimer) -> None:
    """A timer has rung: the code goes out, or the time is over.  Ringing twice, or too late, changes nothing."""
    voucher, account = await _take(session, int(payload["number"]))
    if payload["do"] == "issue" and voucher.state == VoucherState.RESERVED:
        await _issue(session, context, voucher)
    elif payload["do"] == "expire" and voucher.state in (VoucherState.RESERVED, VoucherState.ISSUED):
        await _give_back(session, voucher, account, VoucherState.EXPIRED, SYSTEM)
        await _tell(session, context, voucher, "points.told_expired", points=voucher.points)


def may_cancel(state: str) -> bool:
    """Whether its owner may give it back."""
    return VOUCHER.allows("cancel", state, VoucherState.CANCELLED, Role.WORKER)


async def cancel(session: AsyncSession, voucher_id: int, chat_id: int) -> bool:
    """Its owner does not want it any more: the points return.  False for a used one, and for somebody else's."""
    voucher, account = await _take(session, voucher_id)
    if account.owner != ledger.owner_key(session, chat_id) or not may_cancel(voucher.state):
        return False
    await _give_back(session, voucher, account, VoucherState.CANCELLED, WORKER)
    return True


async def fulfil(session: AsyncSession, context: ServiceContext, code: str, actor: Actor) -> tuple[Voucher, bool]:
    """Use a code at the counter.  Returns the voucher, and whether it was this scan that used it.

    Raises UnknownVoucher.
    """
    voucher, account = await _take(session, (await by_code(session, code)).id)
    if voucher.state != VoucherState.ISSUED:
        return voucher, False
    _move(voucher, VoucherState.FULFILLED, actor)
    voucher.used_at, voucher.used_by = now(), actor.id
    await ledger.redeem(session, account, voucher.points, _source(voucher), actor.id)
    await _tell(session, context, voucher, "points.told_used", points=voucher.points)
    await session.flush()
    return voucher, True


async def history(session: AsyncSession, codes: Collection[str], place: Place, *, size: int = PAGE) -> Page:
    """Vouchers for these rewards, the newest first: what each is, nothing of whose."""
    query = select(Voucher).where(Voucher.reward.in_(codes))
    return await keyset.page(session, query, Voucher.id, [Part(true(), [Key(Voucher.id, falling=True)])], place, size)


async def by_code(session: AsyncSession, code: str) -> Voucher:
    """Raises UnknownVoucher."""
    key = _blind(session, numbers.typed(code))
    voucher = await session.scalar(select(Voucher).where(Voucher.key == key))
    if voucher is None:
        raise UnknownVoucher
    return voucher


async def own(session: AsyncSession, chat_id: int, most: int = 8) -> list[Voucher]:
    """A person's vouchers, newest first."""
    account = await ledger.account_of(session, chat_id)
    if account is None:
        return []
    query = select(Voucher).where(Voucher.account_id == account.id).order_by(Voucher.id.desc())
    return list(await session.scalars(query.limit(most)))


async def forget(session: AsyncSession, chat_id: int) -> None:
    """Nobody can find out any more whose account this was; what was not used goes back into stock."""
    account = await ledger.account_of(session, chat_id)
    if account is None:
        return
    for each in await own(session, chat_id, most=1000):
        await cancel(session, each.id, chat_id)
        each.chat_id = None
    account = await ledger.lock_of(session, chat_id)
    account.owner = secrets.token_bytes(16)
    await session.flush()


async def _take(session: AsyncSession, voucher_id: int) -> tuple[Voucher, PointsAccount]:
    """A voucher with its account, both locked: account, voucher, in this order.  Raises UnknownVoucher."""
    voucher = await session.get(Voucher, voucher_id)
    if voucher is None:
        raise UnknownVoucher(voucher_id)
    account = await ledger.lock(session, voucher.account_id)
    await session.refresh(voucher, with_for_update=True)
    return voucher, account


async def _issue(session: AsyncSession, context: ServiceContext, voucher: Voucher) -> None:
    code = numbers.new_code(CODE_LENGTH)
    _move(voucher, VoucherState.ISSUED, SYSTEM)
    voucher.code, voucher.key = code, _blind(session, code)
    await session.flush()
    told = {"code": code, "place": voucher.place, "until": f"{shown(voucher.expires_at):%Y-%m-%d}"}
    link = f"{context.base_url}{urls.REDEEM}/{code}"
    await _tell(session, context, voucher, "points.told_issued", qr=link, urgent=True, **told)


async def _give_back(
    session: AsyncSession, voucher: Voucher, account: PointsAccount, state: VoucherState, actor: Actor
) -> None:
    _move(voucher, state, actor)
    await ledger.release(session, account, voucher.points, _source(voucher))
    await rewards.put_back(session, voucher.reward)
    await session.flush()


async def _tell(session: AsyncSession, context: ServiceContext, voucher: Voucher, key: str, **values: Any) -> None:
    """Tell the owner; only a code somebody is waiting for is urgent."""
    chat = await session.get(Chat, voucher.chat_id) if voucher.chat_id is not None else None
    await notifications.tell(session, context, chat, key, reward=voucher.label, **values)


def _move(voucher: Voucher, target: VoucherState, actor: Actor) -> None:
    """Raises IllegalStep."""
    VOUCHER.step(voucher.state, target, actor.role)
    voucher.state = target


def _source(voucher: Voucher) -> str:
    return f"voucher:{voucher.id}"


def _blind(session: AsyncSession, code: str) -> bytes:
    return vault_of(session.get_bind().dialect).blind(code, "vouchers.code")
