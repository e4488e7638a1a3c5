"""What was counted while a file had the rest of it goes on as it was, with its vouchers."""

import asyncio
from datetime import timedelta

from alembic import command
from sqlalchemy import text

from bot.commands import migrate
from bot.services.core.lifecycle import Actor, Role
from bot.services.points import rewards
from bot.services.points.rewards import RewardEntry, RewardState
from bot.store.models import Reward, Voucher, now
from bot.store.opening import database_of

BEFORE = "0043"  # the revision before rewards had pages
WRITER = Actor(Role.ORGANISER, 1)


async def test_rewards_of_the_file_and_their_vouchers_are_there_after_the_migration(settings):
    await asyncio.to_thread(command.downgrade, migrate.config(settings), BEFORE)
    db = database_of(settings)
    async with db.begin() as session:
        counted = "INSERT INTO reward_stocks (reward, total, remaining) VALUES (:code, 9, 8)"
        await session.execute(text(counted), [{"code": "water"}, {"code": "tea"}])
        account = "INSERT INTO points_accounts (id, owner, available, held, debt, entries, head) "
        account += "VALUES (1, :owner, 0, 20, 0, 0, :head)"
        await session.execute(text(account), {"owner": b"o" * 16, "head": bytes(32)})
        given = "INSERT INTO vouchers (account_id, reward, points, state, created_at, expires_at) "
        given += "VALUES (1, 'water', 20, 'reserved', :at, :at)"
        await session.execute(text(given).bindparams(at=now() + timedelta(days=1)))
    await asyncio.to_thread(migrate.upgrade, settings)
    async with db.begin() as session:
        known = await rewards.every(session)
        assert (await session.get_one(Voucher, 1)).label == "矿泉水一箱"
        assert [each.code for each in await rewards.offered(session, "")] == ["water"]
        row = known["tea"]
        assert (row.state, row.label, row.total, row.remaining) == (RewardState.DRAFT, "tea", 9, 8)
        entry = RewardEntry("热茶", "一大杯", 5, 7, "", "暖新驿站", stock=100)
        await rewards.write(session, row, entry, WRITER)
        assert (row.total, row.remaining) == (9, 8)  # What was given out stays counted.
    async with db.begin() as session:
        assert (await session.get_one(Reward, "tea")).label == "热茶"
    await db.close()
