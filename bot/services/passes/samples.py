"""What the demo shows of compounds: two that are made up, and who looks after their gates."""

import tomllib
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import knowledge.passes
from bot.services.core.lifecycle import Role
from bot.services.core.working_days import china_date
from bot.services.staff import accounts
from bot.services.staff.audit import By
from bot.services.staff.permissions import Grant
from bot.store.models import Agency, Compound, Gate, Staff, now

FILE = Path(knowledge.passes.__file__).parent / "sample.toml"


async def seed_demo(session: AsyncSession) -> None:
    """Enter the sample; where there is any compound already, nothing."""
    if await session.scalar(select(Compound.id).limit(1)) is not None:
        return
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))
    unit = Agency(**raw["unit"], active=True)
    session.add(unit)
    await session.flush()
    for each in raw["compounds"]:
        gates = each.pop("gates")
        row = Compound(**each, agency_id=unit.id, checked=china_date(now()))
        session.add(row)
        await session.flush()
        session.add_all(Gate(compound_id=row.id, **gate) for gate in gates)
    by, told = By(role=Role.SYSTEM), raw["staff"]
    person = await accounts.add(session, None, by, unit=unit, district=accounts.DEMO_DISTRICT, **told)
    await accounts.give(session, None, by, person, Grant(Role.PROPERTY, accounts.DEMO_DISTRICT))


async def colleagues(session: AsyncSession) -> list[Staff]:
    """Who looks after the gates of the sample, if they are there."""
    person = await accounts.find(session, tomllib.loads(FILE.read_text(encoding="utf-8"))["staff"]["username"])
    return [person] if person is not None else []
