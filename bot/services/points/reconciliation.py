"""Whether the points add up: every account is the sum of its ledger, every chain is whole, every stock is counted."""

from collections.abc import AsyncIterator

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.services.core import hash_chain
from bot.services.points.vouchers import VoucherState
from bot.store.models import PointsAccount, PointsEntry, Reward, Voucher

PAGE = 500  # accounts looked at together
CONTENTS = [column.name for column in PointsEntry.__table__.c if column.name not in hash_chain.HELD]


async def findings(session: AsyncSession) -> AsyncIterator[str]:
    """One line for everything that does not add up; none when all is well."""
    last = 0
    page = select(PointsAccount).order_by(PointsAccount.id).limit(PAGE)
    while accounts := (await session.scalars(page.where(PointsAccount.id > last))).all():
        for account in accounts:
            async for finding in _account(session, account):
                yield finding
        last = accounts[-1].id
    async for finding in _stocks(session):
        yield finding


async def _account(session: AsyncSession, account: PointsAccount) -> AsyncIterator[str]:
    """The account against its lines, the lines against each other, what is held against its vouchers."""
    sums, before, count = {"available": 0, "held": 0, "debt": 0}, hash_chain.START, 0
    lines = select(PointsEntry).where(PointsEntry.account_id == account.id).order_by(PointsEntry.id)
    for line in await session.scalars(lines):
        contents = {name: getattr(line, name) for name in CONTENTS}
        if line.before != before or line.hash != hash_chain.digest(before, contents):
            yield f"account {account.id}: entry {line.id} does not follow from the one before"
        before, count = line.hash, count + 1
        for name in sums:
            sums[name] += getattr(line, f"d_{name}")
    if before != account.head or count != account.entries:
        yield f"account {account.id}: {count} entries found, {account.entries} written"
    for name, total in sums.items():
        if total != getattr(account, name):
            yield f"account {account.id}: {name} is {getattr(account, name)}, its entries say {total}"
    held = select(func.coalesce(func.sum(Voucher.points), 0)).where(
        Voucher.account_id == account.id, Voucher.state.in_([VoucherState.RESERVED, VoucherState.ISSUED])
    )
    if (open_points := await session.scalar(held)) != account.held:
        yield f"account {account.id}: holds {account.held}, its open vouchers need {open_points}"


async def _stocks(session: AsyncSession) -> AsyncIterator[str]:
    taken = func.sum(case((Voucher.state.in_([VoucherState.CANCELLED, VoucherState.EXPIRED]), 0), else_=1))
    rows = await session.execute(select(Voucher.reward, taken).group_by(Voucher.reward))
    counted: dict[str, int] = dict(rows.all())
    for stock in await session.scalars(select(Reward).order_by(Reward.code)):
        given = int(counted.get(stock.code, 0))
        if stock.total - stock.remaining != given:
            yield f"reward {stock.code}: {stock.total} - {stock.remaining} are gone, {given} were given"
