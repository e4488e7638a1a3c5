"""What the demo shows of rewards: a few that are made up, written by one colleague and approved by another."""

import tomllib
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import knowledge
from bot.services.core.lifecycle import Actor
from bot.services.points import rewards
from bot.services.points.rewards import RewardEntry
from bot.store.models import Reward

FILE = Path(knowledge.__file__).parent / "rewards.toml"


async def seed_demo(session: AsyncSession, writer: Actor, approver: Actor, region: str) -> None:
    """Enter the sample, for this region; where there is any reward already, nothing."""
    if await session.scalar(select(Reward.code).limit(1)) is not None:
        return
    for told in tomllib.loads(FILE.read_text(encoding="utf-8"))["rewards"]:
        row = await rewards.write(session, None, RewardEntry(**told["entry"], region=region), writer, told["code"])
        rewards.approve(row, approver, row.version)
    await session.flush()
